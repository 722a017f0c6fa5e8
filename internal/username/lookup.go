package username

import (
	"strings"
	"unicode"
)

// Lookup returns the canonical form of a name that an account has already. Unlike Canonical, which says what a new
// name may be, it leaves out what cannot be seen and came along when the name was pasted.
func Lookup(typed string) (name, problem string) {
	if name, problem = Canonical(typed); problem == "" || len(typed) > maxTyped {
		return name, problem
	}
	visible := drop(typed, func(r rune) bool { return invisible(r) && !joiner(r) })
	// A joiner may belong to the name, and be pasted behind it as well.
	for _, cleaned := range []string{visible, strings.TrimFunc(visible, joinerOrSpace), drop(visible, joiner)} {
		if name, problem = Canonical(cleaned); problem == "" {
			return name, ""
		}
	}
	return "", problem
}

func drop(text string, unwanted func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if unwanted(r) {
			return -1
		}
		return r
	}, text)
}

// invisible holds for what has no shape of its own (Unicode: control and format characters and those that may be
// ignored when they are not supported), except for space.
func invisible(r rune) bool {
	return !unicode.IsSpace(r) &&
		unicode.In(r, unicode.C, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// joiner holds for the two characters of no width that some scripts are not spelled right without: Persian has the
// non-joiner inside words, Indic scripts both behind a virama. Where they may stand, PRECIS says (RFC 5892, appendix
// A.1 and A.2).
func joiner(r rune) bool {
	return r == '\u200c' || r == '\u200d'
}

func joinerOrSpace(r rune) bool {
	return joiner(r) || unicode.IsSpace(r)
}
