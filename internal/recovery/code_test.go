package recovery_test

import (
	"crypto/sha256"
	"regexp"
	"strings"
	"testing"

	"latchkey/internal/recovery"
)

func TestCodeIsShownInGroupsThatAreEasyToRead(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		code := recovery.NewCode()
		if !regexp.MustCompile(`^([0-9A-HJKMNP-TV-Z]{5}-){4}[0-9A-HJKMNP-TV-Z]{5}$`).MatchString(code) || seen[code] {
			t.Fatalf("code %q", code)
		}
		seen[code] = true
	}
}

func TestCodeIsReadHoweverItIsTyped(t *testing.T) {
	for _, code := range []string{"01234-56789-ABCDE-FGHJK-MNP10", "01234-56789-ABCDE-FGHJK-MNPQ10"} { // today's, and one of before
		readHowever(t, code)
	}
}

func readHowever(t *testing.T, code string) {
	t.Helper()
	want, ok := recovery.Hash(code)
	if !ok {
		t.Fatal("not read at all")
	}
	for _, typed := range []string{
		strings.ToLower(code), strings.ReplaceAll(code, "-", ""), strings.ReplaceAll(code, "-", " "), "  " + code + "\n",
		strings.ReplaceAll(code, "-", "—"), strings.ReplaceAll(code, "-", " – "), strings.ReplaceAll(code, "-", "\u2212"), code + ".",
		"“" + code + "”,", "\u200b" + code + "\ufeff", "• " + strings.ReplaceAll(code, "-", "_") + "!", fullWidth(code), strings.ToLower(fullWidth(code)),
		strings.Join(strings.Split(fullWidth(code), ""), "　"), "𝟎𝟏𝟐𝟑𝟒" + code[5:], "\xff" + code, "ｏｌ" + code[2:],
		strings.NewReplacer("0", "o", "1", "L").Replace(code), strings.NewReplacer("0", "O", "1", "i", "-", "\u2011").Replace(code),
		strings.Join(strings.Split(strings.ReplaceAll(code, "-", ""), ""), "-"),
	} {
		if got, ok := recovery.Hash(typed); !ok || got != want {
			t.Errorf("%q is not taken for %q", typed, code)
		}
	}
}

// fullWidth is the text as a Japanese or Chinese keyboard can write it.
func fullWidth(text string) string {
	return strings.Map(func(r rune) rune { return r + '！' - '!' }, text)
}

func TestCodeThatIsNoneMatchesNone(t *testing.T) {
	code := recovery.NewCode()
	right, _ := recovery.Hash(code)
	for _, typed := range []string{"", "-", code[:len(code)-1], code + "00", strings.Repeat("0", 10_000), strings.Repeat("-", 10_000), "U" + code[1:], "é" + code[1:], "\xff" + code[1:], code + code} {
		if hash, ok := recovery.Hash(typed); ok || hash == right {
			t.Errorf("%.40q is taken for a code", typed)
		}
	}
	other, ok := recovery.Hash(recovery.NewCode())
	if !ok || other == right {
		t.Error("two codes have one hash")
	}
}

func FuzzHash(f *testing.F) {
	for _, seed := range []string{"", "01234-56789-ABCDE-FGHJK-MNPQ10", "oil", "\xff", fullWidth("01234-56789-ABCDE-FGHJK-MNPQ10"), "01234—56789—ABCDE—FGHJK—MNPQ10.", strings.Repeat("0", 27)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		hash, ok := recovery.Hash(typed)
		if !ok && hash != sha256.Sum256(nil) {
			t.Fatalf("%q is no code and has a hash", typed)
		}
		for _, same := range []string{" " + strings.ToLower(typed), "“" + typed + "”.", strings.ReplaceAll(typed, "-", "—")} {
			if again, okAgain := recovery.Hash(same); ok && len(typed) < 300 && (!okAgain || again != hash) {
				t.Fatalf("%q and %q differ", typed, same)
			}
		}
	})
}
