package password

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxLength is in code points. NIST SP 800-63B-4 section 3.1.1.2 asks for at least 64; the bound keeps a password
// from being used to make the server work.
const MaxLength = 256

// Policy judges new passwords. It has no rules about kinds of characters and lets no password expire
// (ASVS 5.0 6.2.5, 6.2.10; NIST SP 800-63B-4 section 3.1.1.2).
type Policy struct {
	// MinLength is in code points: 8 is the least that ASVS 5.0 6.2.1 allows, 15 what NIST asks for.
	MinLength int
	// SiteNames are words that an attacker of this site tries first, in lower case (ASVS 5.0 6.1.2).
	SiteNames []string
}

const (
	// judged is how many code points the strength estimate looks at: its time grows with the cube of the length.
	judged = 100
	// weakestAllowed is the least number of guesses taken, zxcvbn's score 2: below it an attacker finds the password
	// within a million guesses (ASVS 5.0 6.2.4 asks for at least the 3,000 commonest to be refused).
	weakestAllowed = 1e6
)

// Judge returns why the password may not be chosen, as a sentence that says what to do instead, or "" when it may.
// The username is in canonical form.
func (p Policy) Judge(password, username string) (problem string) {
	if password == "" {
		return "Password cannot be empty."
	}
	if !utf8.ValidString(password) {
		return "Password contains bytes that are not text."
	}
	password = norm.NFC.String(password)
	length := utf8.RuneCountInString(password)
	switch {
	case length < p.MinLength:
		return fmt.Sprintf("Password must be at least %d characters long. Several words in a row are easy to remember.", p.MinLength)
	case length > MaxLength:
		return fmt.Sprintf("Password cannot be longer than %d characters.", MaxLength)
	}
	if disguises(password, username) {
		return "Password is too much like the username. Choose one that nobody can guess from your name."
	}
	for _, name := range p.SiteNames {
		if disguises(password, name) {
			return "Password is too much like this site's name. Choose one that nobody can guess from it."
		}
	}
	hints := append([]string{username, reversed(username)}, p.SiteNames...)
	if guesses(firstRunes(password, judged), hints) < weakestAllowed {
		return "Password is one that attackers try early: it is common, or made of a common word or pattern. Try several unrelated words instead."
	}
	return ""
}

// disguises reports whether the password is just the name, forwards or backwards, once or several times, with
// other case and with digits or signs around it.
func disguises(password, name string) bool {
	core := lettersOf(password)
	name = lettersOf(name)
	if core == "" || name == "" {
		return false
	}
	for _, disguise := range []string{name, reversed(name)} {
		if strings.ReplaceAll(core, disguise, "") == "" {
			return true
		}
	}
	return false
}

func lettersOf(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsMark(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

func reversed(s string) string {
	runes := []rune(s)
	slices.Reverse(runes)
	return string(runes)
}

func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
