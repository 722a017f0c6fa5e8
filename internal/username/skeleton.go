package username

import (
	"strings"
	"unicode"

	"go.mau.fi/util/confusable"
)

// confusables is the SHA-256 of the library's table, as its test computes it; a library with other data fails that test.
const confusables = "279c1db9360b9094"

// SkeletonVersion names the data and the rules that Skeleton goes by. Skeletons of another version cannot be compared.
const SkeletonVersion = "1 " + confusables + " " + unicode.Version

// Skeleton returns what a canonical name looks like: two names with one skeleton look the same (UTS #39, section 4).
// It is for comparing alone and never shown. Marks that cannot be seen are left out besides: a dot over a letter that
// has one already, and the same mark twice (UTS #39, section 5.4).
func Skeleton(name string) string {
	var seen strings.Builder
	var base, before rune
	for _, r := range confusable.Skeleton(name) {
		hidden := unicode.Is(unicode.Mn, r) && (r == before || r == dotAbove && dotted(base))
		if !unicode.Is(unicode.M, r) {
			base = r
		}
		if !hidden {
			seen.WriteRune(r)
		}
		before = r
	}
	return seen.String()
}

const dotAbove = '\u0307'

// dotted holds for i and j of all kinds, also for those without a dot, which look the same with one above.
func dotted(letter rune) bool {
	return unicode.Is(unicode.Soft_Dotted, letter) || letter == 'ı' || letter == 'ȷ'
}

// OfASCII reports whether the name is of ASCII alone. Two such names do not count as looking alike, though UTS #39
// takes 1 for l, 0 for O and rn for m: everybody can type them and tell them apart, and bob1 and bobl, or corner and
// comer, are two people.
func OfASCII(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool { return r > unicode.MaxASCII })
}
