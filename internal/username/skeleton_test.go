package username_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"go.mau.fi/util/confusable"

	"latchkey/internal/username"
)

func TestUsernamesThatLookTheSameHaveOneSkeleton(t *testing.T) {
	for _, pair := range [][2]string{
		{"bill", "bi\u0307ll"},             // a second dot on the i
		{"ibrahim", "İbrahim"},             // whose small letters are i with a second dot
		{"jan", "j\u0307an"},               // and on the j
		{"ılgaz", "ı\u0307lgaz"},           // a dotless i with a dot is an i
		{"ilgaz", "ı\u0307lgaz"},           //
		{"ilgaz", "ılgaz"},                 // UTS #39 takes the dotless one for i as well
		{"apple", "аррӏе"},                 // all Cyrillic
		{"scope", "ѕсоре"},                 // all Cyrillic
		{"google", "ɡooɡle"},               // Latin letters for phonetics
		{"anna", "ɑnnɑ"},                   //
		{"jose\u0301", "jose\u0301\u0301"}, // the same mark twice
		{"ロミ", "口ミ"},                       // Katakana and Han
		{"می\u200cخواهم", "میخواهم"},       // a joiner

		{"bi\u0323ll", "bi\u0323\u0307ll"}, // a mark between the letter and its second dot
		{"іван", "і\u0307ван"},             // Cyrillic letters have dots, too
		{"x\u0301\u0301\u0301", "x\u0301"}, //

	} {
		one, other := canonical(t, pair[0]), canonical(t, pair[1])
		if a, b := username.Skeleton(one), username.Skeleton(other); a != b {
			t.Errorf("%+q and %+q have the skeletons %+q and %+q", one, other, a, b)
		}
	}
}

func TestUsernamesThatDifferHaveTheirOwnSkeletons(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{
		"bill", "bell", "josé", "jose", "josè", "zoë", "zoe", "müller", "muller", "bjørn", "bjorn", "ĺina", "lina", "ġino",
		"gino", "анна", "инна", "ελένη", "田中taro", "田中jiro", "東京", "京都", "김철수", "이영희", "राम", "श्याम", "محمد", "أحمد",
		"שרה", "דוד", "มานี", "ปิติ", "l·l", "ll",
	} {
		skeleton := username.Skeleton(canonical(t, name))
		if other := seen[skeleton]; other != "" {
			t.Errorf("%q and %q look the same: %+q", name, other, skeleton)
		}
		seen[skeleton] = name
	}
}

// The stored skeletons are only computed again when SkeletonVersion changes, so that it must change with the data.
func TestSkeletonVersionChangesWithTheLibrarysData(t *testing.T) {
	table := sha256.New()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if replacement := confusable.GetReplacement(r); replacement != "" {
			fmt.Fprintf(table, "%X %s\n", r, replacement)
		}
	}
	if got := fmt.Sprintf("%x", table.Sum(nil)[:8]); !strings.Contains(username.SkeletonVersion, " "+got+" ") {
		t.Errorf("the library has other data than before: make the constant confusables %q", got)
	}
}

// canonical is the canonical form of a name that is allowed.
func canonical(t *testing.T, typed string) string {
	t.Helper()
	name, problem := username.Canonical(typed)
	if problem != "" {
		t.Fatalf("%+q: %s", typed, problem)
	}
	return name
}

func FuzzSkeleton(f *testing.F) {
	for _, seed := range []string{"bill", "bi\u0307ll", "İbrahim", "аррӏе", "می\u200cخواهم", "क\u094d\u200dष", "e\u0301\u0301"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		name, problem := username.Canonical(typed)
		if problem != "" {
			return
		}
		skeleton := username.Skeleton(name)
		if skeleton == "" {
			t.Fatalf("the name %+q looks like nothing", name)
		}
		if doubled := strings.ReplaceAll(name, "i", "i\u0307"); username.Skeleton(doubled) != skeleton {
			t.Fatalf("%+q has the skeleton %+q, and with a second dot on each i %+q", name, skeleton, username.Skeleton(doubled))
		}
	})
}
