package password

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ccojocar/zxcvbn-go/data"
)

var anySite = Policy{MinLength: 8, SiteNames: []string{"latchkey", "login.example"}}

func isAccepted(password string) bool { return anySite.Judge(password, "bob") == "" }

func TestPasswordsThatAttackersTryEarlyAreRefused(t *testing.T) {
	for _, weak := range []string{
		"password123", "Passw0rd!", "P@ssw0rd1", "PASSWORD", "p4ssw0rd", "drowssap", "Drowssap1", "password123!", "Password2024!", "!password1",
		"qwerty123", "Qwerty123!", "asdfghjkl", "qazwsxedc", "1q2w3e4r", "1qaz2wsx", "1qaz2wsx3edc", "zaq12wsx", "!QAZ@WSX", "147258369", "poiuytrewq", "!@#$%^&*",
		"iloveyou1", "iloveyou!", "letmein2024", "trustno1", "monkey123", "dragon12", "football1", "sunshine!", "michael1990", "Michael1990!", "princess_99",
		"aaaaaaaa", "11111111", "abcabcabc", "123123123", "passwordpassword", "абвабвабв",
		"12345678", "abcd1234", "abcdefgh", "13579bdf", "zyxwvuts", "абвгдежз",
		"19871987", "01.02.1990", "1990-02-01", "2/1/1990", "01021990", "19900201", "bob19900201",
	} {
		if isAccepted(weak) {
			t.Errorf("%q is accepted at %.3g guesses", weak, guesses(weak, nil))
		}
	}
}

func TestPasswordsThatNobodyGuessesAreAccepted(t *testing.T) {
	for _, strong := range []string{
		"k3xq9vbz", "correct horse battery staple", "correcthorsebatterystaple", "Tr0ub4dour&3", "D0g..................k3x",
		"мой дядя самых честных правил", "正しい馬の電池ホッチキス", "πέντε πράσινα άλογα", "🦊🐙🦉🐢🦔🐝🦋🐌",
		"rWibMFACxAUGZmxhVncy", "qwER43@!vbnm7", "x7#kP2$m",
	} {
		if !isAccepted(strong) {
			t.Errorf("%q is refused at %.3g guesses", strong, guesses(strong, nil))
		}
	}
}

// Random characters can spell a word by chance: "5till178" is a common one, substituted, and three digits.
func TestEightRandomCharactersAreAccepted(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, alphabet := range []string{"abcdefghijklmnopqrstuvwxyz0123456789", printable(), "абвгдежзийклмнопрстуфхцчшщъыьэюя"} {
		var refused []string
		for range 5000 {
			if chosen := randomly(random, alphabet, 8); !isAccepted(chosen) {
				refused = append(refused, chosen)
			}
		}
		t.Logf("%d of 5000 from %.10s…: %q", len(refused), alphabet, refused)
		if len(refused) > 5 {
			t.Errorf("%d of 5000 from %s are refused, more than one in a thousand: %q", len(refused), alphabet, refused)
		}
	}
}

func TestNoCommonPasswordGetsInInAnyDisguise(t *testing.T) {
	disguises := map[string]func(string) string{
		"as it stands": func(s string) string { return s },
		"Capitalised":  func(s string) string { return strings.ToUpper(s[:1]) + s[1:] },
		"IN CAPITALS":  strings.ToUpper,
		"reversed":     reversed,
		"and a digit":  func(s string) string { return s + "7" },
		"and a sign":   func(s string) string { return s + "!" },
	}
	common := list(t, "Passwords")
	for name, disguise := range disguises {
		judged, accepted := 0, []string{}
		for _, password := range common {
			if password = disguise(password); utf8.RuneCountInString(password) < 8 {
				continue
			}
			if judged++; isAccepted(password) {
				accepted = append(accepted, password)
			}
		}
		t.Logf("%s: %d of %d accepted", name, len(accepted), judged)
		if judged < 1000 || len(accepted) > 0 {
			t.Errorf("%s: %d of %d accepted: %q", name, len(accepted), judged, accepted)
		}
	}
}

func TestAHintIsGuessedFirst(t *testing.T) {
	for _, password := range []string{"zbigniewska", "Zb1gniewsk@", "akswe1ngibz", "zbigniewska1987", "żółwżółw77"} {
		if got := guesses(password, []string{"zbigniewska", "żółwżółw"}); got >= weakestAllowed {
			t.Errorf("%q takes %.3g guesses for one who knows the name", password, got)
		}
		if got := guesses(password, nil); got < weakestAllowed {
			t.Errorf("%q takes %.3g guesses for one who does not", password, got)
		}
	}
}

func list(t *testing.T, name string) []string {
	t.Helper()
	var file struct{ List []string }
	if err := json.Unmarshal(data.MustAsset("data/"+name+".json"), &file); err != nil {
		t.Fatal(err)
	}
	return file.List
}

func printable() string {
	var all strings.Builder
	for r := '!'; r <= '~'; r++ {
		all.WriteRune(r)
	}
	return all.String()
}

func randomly(random *rand.Rand, alphabet string, length int) string {
	letters := []rune(alphabet)
	chosen := make([]rune, length)
	for i := range chosen {
		chosen[i] = letters[random.IntN(len(letters))]
	}
	return string(chosen)
}
