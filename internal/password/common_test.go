package password

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"latchkey/public"
)

var anySite = Policy{MinLength: 8, SiteNames: []string{"latchkey", "login.example"}}

func isAccepted(password string) bool { return anySite.Judge(password, "bob") == "" }

func TestPasswordThatAttackersTryFirstIsRefused(t *testing.T) {
	t.Parallel()
	for _, weak := range []string{
		"password123", "Passw0rd!", "P@ssw0rd1", "PASSWORD", "p4ssw0rd", "drowssap", "Drowssap1", "password123!", "Password2024!", "!password1",
		"$unshine!", "pass-word", "p.a.s.s.w.o.r.d",
		"qwerty123", "Qwerty123!", "asdfghjkl", "qazwsxedc", "1q2w3e4r", "1qaz2wsx", "1qaz2wsx3edc", "zaq12wsx", "!QAZ@WSX", "147258369", "poiuytrewq", "!@#$%^&*",
		"iloveyou1", "iloveyou!", "letmein2024", "trustno1", "monkey123", "dragon12", "football1", "sunshine!", "michael1990", "Michael1990!", "princess_99",
		"aaaaaaaa", "11111111", "abcabcabc", "123123123", "passwordpassword", "абвабвабв", strings.Repeat("7", 256),
		"12345678", "abcd1234", "abcdefgh", "zyxwvuts", "абвгдежз", "qwertyasdf", "1234qwer", "aaaabbbb", "98765432",
		"19871987", "bob19900201",
		"abcd1234!", "!1q2w3e4r5t", "qwer1234!", "11223344!", "trustno1!!", "abc12345!", "a123456!", "1q2w3e4r!", "147258369!", "!!1q2w3e4r7",
		"ｐａｓｓｗｏｒｄ", "Ｐａｓｓｗ０ｒｄ！", "𝐩𝐚𝐬𝐬𝐰𝐨𝐫𝐝", "ⓟⓐⓢⓢⓦⓞⓡⓓ", "①②③④⑤⑥⑦⑧", "ｑｗｅｒｔｚｕｉｏｐ",
		"qwertzuiop", "azertyuiop", "poiuztrewq", "QWERTZUIOPÜ", "asdfghjklö", "yxcvbnm,", "qsdfghjklm", "йцукенгшщз", "фывапролдж",
		"qwertyuiopoiuytrewq", "asdfgfdsa", "zyxwxyzy", "uiopoiuy", "qwertyuiopasdfghjklzxcvbnm", "qqwweerr", "1122334455",
	} {
		if isAccepted(weak) {
			t.Errorf("%q is accepted", weak)
		}
	}
}

func TestPasswordThatIsNoCommonOneIsTaken(t *testing.T) {
	t.Parallel()
	for _, strong := range []string{
		"k3xq9vbz", "correct horse battery staple", "correcthorsebatterystaple", "Tr0ub4dour&3", "D0g..................k3x",
		"мой дядя самых честных правил", "正しい馬の電池ホッチキス", "πέντε πράσινα άλογα", "🦊🐙🦉🐢🦔🐝🦋🐌",
		"rWibMFACxAUGZmxhVncy", "qwER43@!vbnm7", "x7#kP2$m", "k3xq9vbzk3xq9vbz", "monkey 8271 kettle", "sun2847193847261",
	} {
		if !isAccepted(strong) {
			t.Errorf("%q is refused: %s", strong, anySite.Judge(strong, "bob"))
		}
	}
}

// Each is a password that somebody may well have thought of, and no rule may reach for more than it says.
func TestPasswordThatPeopleThinkOfAndNobodyGuessesIsTaken(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		"four green tractors sing", "Mein Vermieter mag keine Tauben", "la lune mange du fromage bleu", "my 2 dogs ate 14 shoes!", "Tuesday?Soup&Rain7",
		"sit-under-the-plum-tree", "tangerine.Ocelot.41", "99 bottles, 1 opener", "Wr1te!Letters!Home", "every good boy deserves fudge", "were we reed weavers",
		"grandma's 1974 Volvo!", "the password is swordfish", "coffee before 9am please", "I love my monkey Bertha", "пять зелёных тракторов", "猫は三時に起きる予定",
		"q7Vt!mZ2", "Gx4-pL9-wR2", "7f3a9c51e8d2", "x9K$2mQ!vT7", "48-Lemur-1093", "hunter-gatherer 7!", "zu9hjk!kap4", "oP3nT!xq", "8302 5517 9946 2071",
	} {
		if problem := anySite.Judge(good, "bob"); problem != "" {
			t.Errorf("%q is refused: %s", good, problem)
		}
	}
}

func TestPasswordOfEightRandomCharactersIsTaken(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var printable strings.Builder
	for r := '!'; r <= '~'; r++ {
		printable.WriteRune(r)
	}
	for _, alphabet := range []string{"abcdefghijklmnopqrstuvwxyz0123456789", printable.String(), "абвгдежзийклмнопрстуфхцчшщъыьэюя"} {
		letters := []rune(alphabet)
		var refused []string
		for range 5000 {
			chosen := make([]rune, 8)
			for i := range chosen {
				chosen[i] = letters[random.IntN(len(letters))]
			}
			if !isAccepted(string(chosen)) {
				refused = append(refused, string(chosen))
			}
		}
		if len(refused) > 5 {
			t.Errorf("%d of 5000 from %s are refused, more than one in a thousand: %q", len(refused), alphabet, refused)
		}
	}
}

func TestPasswordOfTheListIsRefusedInEachDisguise(t *testing.T) {
	t.Parallel()
	var list []string
	if err := json.Unmarshal(public.CommonPasswords, &list); err != nil || len(list) < 40_000 {
		t.Fatal(len(list), err)
	}
	for name, disguise := range map[string]func(string) string{
		"as it stands":    func(s string) string { return s },
		"Capitalised":     func(s string) string { return strings.ToUpper(s[:1]) + s[1:] },
		"IN CAPITALS":     strings.ToUpper,
		"reversed":        reversed,
		"and a sign":      func(s string) string { return s + "!" },
		"and a year":      func(s string) string { return s + "2024!" },
		"look-alikes":     strings.NewReplacer("a", "@", "o", "0", "e", "3", "s", "$").Replace,
		"with a hyphen":   func(s string) string { return s[:len(s)/2] + strings.Repeat("-", max(0, len(s)-7)/4) + s[len(s)/2:] },
		"twice":           func(s string) string { return s + s },
		"and Capitalised": func(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "1!" },
	} {
		judged, accepted := 0, []string{}
		for _, password := range list {
			if strings.ContainsFunc(password, func(r rune) bool { return r < 'a' || r > 'z' }) && name != "as it stands" {
				continue // digits at the ends of a common password are what stands around another one
			}
			if len(password) < minCore {
				continue
			}
			if password = disguise(password); utf8.RuneCountInString(password) < 8 || utf8.RuneCountInString(password) > 40 || len(fold(password)) < minCore {
				continue
			}
			if judged++; isAccepted(password) {
				accepted = append(accepted, password)
			}
		}
		if judged < 1000 || len(accepted) > 0 {
			t.Errorf("%s: %d of %d accepted: %.300q", name, len(accepted), judged, accepted)
		}
	}
}

func TestPasswordOfTheListThatHoldsDigitsIsRefusedWithSignsAndDigitsAround(t *testing.T) {
	t.Parallel()
	var list []string
	if err := json.Unmarshal(public.CommonPasswords, &list); err != nil {
		t.Fatal(err)
	}
	for name, disguise := range map[string]func(string) string{
		"a sign behind":   func(s string) string { return s + "!" },
		"a sign in front": func(s string) string { return "!" + s },
		"both":            func(s string) string { return "*" + s + "#" },
		"a digit behind":  func(s string) string { return s + "7" },
		"a digit before":  func(s string) string { return "9" + s },
		"eight around":    func(s string) string { return "7!4_" + s + "?20!" },
	} {
		judged, accepted := 0, []string{}
		for _, password := range list {
			if len(password) < minCut || len(fold(password)) < len(password) {
				continue // short ones, and those with signs inside, turn up in random passwords
			}
			if password = disguise(password); len(password) < 8 {
				continue
			}
			if judged++; isAccepted(password) {
				accepted = append(accepted, password)
			}
		}
		if judged < 10_000 || len(accepted) > 0 {
			t.Errorf("%s: %d of %d accepted: %.300q", name, len(accepted), judged, accepted)
		}
	}
}

func TestPasswordLikeANameIsRefusedInTheSameDisguises(t *testing.T) {
	t.Parallel()
	for _, chosen := range []string{"L4tchkey!", "yekhctal2024", "l@tchk3y", "latchkeylatchkey", "L0gin.Example", "latchkey" + strings.Repeat("1", 30)} {
		if problem := anySite.Judge(chosen, "bob"); !strings.Contains(problem, "this site's name") {
			t.Errorf("%q: %q", chosen, problem)
		}
	}
	for _, chosen := range []string{"Zb1gniewsk@", "zbigniewska1987", "akswe1ngibz", "zbigniewskazbigniewska"} {
		if problem := anySite.Judge(chosen, "zbigniewska"); !strings.Contains(problem, "your username") {
			t.Errorf("%q: %q", chosen, problem)
		}
		if !isAccepted(chosen) {
			t.Errorf("%q is refused to somebody else", chosen)
		}
	}
	for _, chosen := range []string{"zbig77niew5!", "!zbig77niew5", "2zbig77niew5", "ｚｂｉｇ７７ｎｉｅｗ５", "zbig77niew520241!"} {
		if problem := anySite.Judge(chosen, "zbig77niew5"); !strings.Contains(problem, "your username") {
			t.Errorf("%q: %q", chosen, problem)
		}
	}
}

// A signup is judged before any limit counts it. The work is counted: it must grow with the length, not with its square.
func TestPasswordTakesLittleWorkToJudgeWhateverIsTyped(t *testing.T) {
	isListed("read the list")
	for _, piece := range []string{"7", "a", "ab", "10$7!3@5|4", "abaab", "qwertyuioplkjhgfdsa", "жыщлрф", "é", "1938475610294857", "🦊🐙🦉🐢🦔🐝🦋🐌", "1a!"} {
		allocations := func(length int) float64 {
			typed := string([]rune(strings.Repeat(piece, length))[:length])
			return testing.AllocsPerRun(10, func() { anySite.Judge(typed, "bob") })
		}
		if short, long := allocations(32), allocations(256); long > 2*short+10 || long > 30 {
			t.Errorf("%q: %v allocations for 32 characters, %v for 256", piece, short, long)
		}
	}
}

// Normalising is slow, and what cannot be a password needs none. The work is counted: normalising takes memory.
func TestPasswordThatIsTooLongIsRefusedBeforeItIsNormalised(t *testing.T) {
	typed := strings.Repeat("e\u0323\u0302", 12_000)
	if problem := anySite.Judge(typed, "bob"); !strings.Contains(problem, "longer than 256") {
		t.Error(problem)
	}
	other := typed + "x"
	for what, do := range map[string]func(){
		"judging":   func() { anySite.Judge(typed, "bob") },
		"comparing": func() { Same(typed, other) },
		"checking":  func() { normalize(typed) },
	} {
		if allocations := testing.AllocsPerRun(10, do); allocations > 2 {
			t.Errorf("%s: %v allocations for %d bytes", what, allocations, len(typed))
		}
	}
	// What normalising makes shortest, typed out: four code points each.
	for length, tooLong := range map[int]bool{MaxLength: false, MaxLength + 1: true} {
		problem := anySite.Judge(strings.Repeat("\u03b1\u0313\u0300\u0345", length), "bob")
		if strings.Contains(problem, "longer") != tooLong {
			t.Errorf("%d characters: %q", length, problem)
		}
	}
}
