// Package username says which names an account may have, and when two ways to type one mean the same account.
package username

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/secure/bidirule"
	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
)

// MaxLength is in characters (code points), counted on the canonical form.
const MaxLength = 100

// maxTyped, in bytes, is more than any name of MaxLength characters can take; longer input is not even looked at.
const maxTyped = 4000

// Canonical returns the form under which the account is stored and found: surrounding space stripped, then PRECIS
// UsernameCaseMapped (RFC 8265, section 3.3): "Bob", " bob " and "BOB" are one account. Lookup uses it, too: a
// rule that is added here also keeps the accounts out that break it; one for new names alone belongs to signup and `user
// add`. When the name is not allowed, problem says why, as a sentence for the person who typed it, and the name is empty.
func Canonical(typed string) (name, problem string) {
	if len(typed) > maxTyped {
		return "", tooLong
	}
	if !utf8.ValidString(typed) {
		return "", "Username contains bytes that are not text."
	}
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return "", "Username cannot be empty."
	}
	if problem := disallowedCharacter(typed); problem != "" {
		return "", problem
	}
	name, err := caseMapped(typed)
	if err != nil {
		return "", unusable(typed)
	}
	if problem := disallowedCharacter(name); problem != "" {
		return "", problem // a full-width slash, say, which PRECIS maps to the plain one
	}
	if again, err := caseMapped(name); err != nil || again != name {
		// A name that maps to yet another one would not be found again (RFC 8264, section 7).
		return "", "Username contains a character that has no settled form. Please leave it out."
	}
	switch {
	case utf8.RuneCountInString(name) > MaxLength:
		return "", tooLong
	case name == "." || name == "..":
		return "", "Username cannot be only dots, because it becomes part of an address."
	case !oneScript(name):
		return "", "Use letters from one alphabet only."
	}
	return name, ""
}

// AsTyped returns the form in which pages show a name that Canonical allows: as it was typed, without surrounding space.
func AsTyped(typed string) string {
	return norm.NFC.String(strings.TrimSpace(typed))
}

const (
	tooLong      = "Username cannot be longer than 100 characters."
	hasSymbol    = "Username cannot contain emoji or special symbols."
	hasInvisible = "Username contains an invisible or control character."
)

var leftToRight = precis.NewIdentifier(precis.FoldWidth, precis.LowerCase(), precis.Norm(norm.NFC))

// caseMapped is the profile UsernameCaseMapped. The library's own holds the Bidi Rule against names without any
// right-to-left character, too, and refuses those that end with a sign or a joiner ("zoë_"); RFC 8265, section 3.3.2,
// has it for the others alone.
func caseMapped(name string) (string, error) {
	name, err := leftToRight.String(name)
	if err == nil && bidirule.DirectionString(name) == bidi.RightToLeft && !bidirule.ValidString(name) {
		err = bidirule.ErrInvalid
	}
	return name, err
}

// disallowedCharacter names the commonest reasons in plain words; PRECIS itself only says yes or no.
func disallowedCharacter(typed string) string {
	for _, r := range typed {
		switch {
		case r == '/' || r == '\\':
			return "Username cannot contain a slash, because it becomes part of an address."
		case unicode.Is(unicode.So, r) && r > unicode.MaxASCII:
			return hasSymbol
		case unicode.IsSpace(r):
			return "Username cannot contain spaces."
		case invisible(r) && !joiner(r):
			return hasInvisible
		}
	}
	return ""
}

// unusable says why PRECIS refused a name that disallowedCharacter let through.
func unusable(typed string) string {
	for _, r := range typed {
		if unicode.Is(unicode.Sk, r) && r > unicode.MaxASCII {
			return hasSymbol
		}
	}
	if strings.ContainsFunc(typed, invisible) {
		return hasInvisible
	}
	for _, r := range typed {
		if unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko) {
			return "Username mixes left-to-right and right-to-left writing, or begins or ends with a sign between the two."
		}
	}
	return "Username contains a character that is not allowed. Letters, digits and the signs on a keyboard are."
}
