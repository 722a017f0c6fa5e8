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

func TestJudgeRefusesPasswordsThatAttackersTryFirst(t *testing.T) {
	for _, weak := range []string{
		"password123", "Passw0rd!", "P@ssw0rd1", "PASSWORD", "p4ssw0rd", "drowssap", "Drowssap1", "password123!", "Password2024!", "!password1",
		"$unshine!", "pass-word", "p.a.s.s.w.o.r.d",
		"qwerty123", "Qwerty123!", "asdfghjkl", "qazwsxedc", "1q2w3e4r", "1qaz2wsx", "1qaz2wsx3edc", "zaq12wsx", "!QAZ@WSX", "147258369", "poiuytrewq", "!@#$%^&*",
		"iloveyou1", "iloveyou!", "letmein2024", "trustno1", "monkey123", "dragon12", "football1", "sunshine!", "michael1990", "Michael1990!", "princess_99",
		"aaaaaaaa", "11111111", "abcabcabc", "123123123", "passwordpassword", "абвабвабв", strings.Repeat("7", 256),
		"12345678", "abcd1234", "abcdefgh", "zyxwvuts", "абвгдежз", "qwertyasdf", "1234qwer", "aaaabbbb", "98765432",
		"19871987", "bob19900201",
	} {
		if isAccepted(weak) {
			t.Errorf("%q is accepted", weak)
		}
	}
}

func TestJudgeAcceptsPasswordsThatAreNoCommonOnes(t *testing.T) {
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

func TestJudgeAcceptsEightRandomCharacters(t *testing.T) {
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

func TestJudgeRefusesEachCommonPasswordInEachDisguise(t *testing.T) {
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

func TestJudgeRefusesTheSameDisguisesOfNames(t *testing.T) {
	for _, chosen := range []string{"L4tchkey!", "yekhctal2024", "l@tchk3y", "latchkeylatchkey", "L0gin.Example", "latchkey" + strings.Repeat("1", 30)} {
		if problem := anySite.Judge(chosen, "bob"); !strings.Contains(problem, "this site's name") {
			t.Errorf("%q: %q", chosen, problem)
		}
	}
	for _, chosen := range []string{"Zb1gniewsk@", "zbigniewska1987", "akswe1ngibz", "zbigniewskazbigniewska"} {
		if problem := anySite.Judge(chosen, "zbigniewska"); !strings.Contains(problem, "the username") {
			t.Errorf("%q: %q", chosen, problem)
		}
		if !isAccepted(chosen) {
			t.Errorf("%q is refused to somebody else", chosen)
		}
	}
}

// A signup is judged before any limit counts it. The work is counted: it must grow with the length, not with its square.
func TestJudgeTakesLittleWorkWhateverIsTyped(t *testing.T) {
	isListed("read the list")
	for _, piece := range []string{"7", "a", "ab", "10$7!3@5|4", "abaab", "qwertyuioplkjhgfdsa", "жыщлрф", "é", "🦊🐙🦉🐢🦔🐝🦋🐌", "1a!"} {
		allocations := func(length int) float64 {
			typed := string([]rune(strings.Repeat(piece, length))[:length])
			return testing.AllocsPerRun(10, func() { anySite.Judge(typed, "bob") })
		}
		if short, long := allocations(32), allocations(256); long > 2*short+10 || long > 30 {
			t.Errorf("%q: %v allocations for 32 characters, %v for 256", piece, short, long)
		}
	}
}
