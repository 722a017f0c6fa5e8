package password

import (
	"fmt"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxLength is in code points. NIST SP 800-63B-4 section 3.1.1.2 asks for at least 64; the bound keeps a password
// from being used to make the server work.
const MaxLength = 256

// maxTyped is how many code points may be typed for a password of MaxLength: NFC makes one of four at most (Unicode
// Standard Annex 15, table of expansion factors).
const maxTyped = 4 * MaxLength

// Policy judges new passwords. It has no rules about kinds of characters and lets no password expire
// (ASVS 5.0 6.2.5, 6.2.10; NIST SP 800-63B-4 section 3.1.1.2).
type Policy struct {
	// MinLength is in code points: 8 is the least that ASVS 5.0 6.2.1 allows, 15 what NIST asks for.
	MinLength int
	// SiteNames are words that an attacker of this site tries first, in lower case (ASVS 5.0 6.1.2).
	SiteNames []string
	// Leaked is nil when there is no list of leaked passwords.
	Leaked *Leaked
}

// Judge returns why the password may not be chosen, as a sentence that says what to do instead, or "" when it may.
// The username is in canonical form.
func (p Policy) Judge(password, username string) (problem string) {
	if password == "" {
		return "Password cannot be empty."
	}
	if !utf8.ValidString(password) {
		return "Password contains bytes that are not text."
	}
	password = normalize(password)
	length := utf8.RuneCountInString(password)
	switch {
	case length < p.MinLength:
		return fmt.Sprintf("Password must be at least %d characters long.", p.MinLength)
	case length > MaxLength:
		return fmt.Sprintf("Password cannot be longer than %d characters.", MaxLength)
	}
	password = norm.NFKC.String(password) // other forms of a letter, such as wide ones, are compared as that letter
	typed := undisguise(password)
	if typed.resembles(username) {
		return "Too similar to your username."
	}
	for _, name := range p.SiteNames {
		if typed.resembles(name) {
			return "Too similar to this site's name."
		}
	}
	switch {
	case typed.isCommon():
		return "Too easy to guess: attackers try it first. Try a few unrelated words."
	case isSequence(password, p.MinLength):
		return "Too easy to guess: a sequence, or a piece that repeats. Try a few unrelated words."
	}
	return ""
}

// JudgeLeaked returns why the password may not be chosen if it is in the file of leaked ones (ASVS 5.0 6.2.12), or ""
// if it is not, or there is no such file. It reads from the disk, so call it when a rate limit has allowed it. An error
// is one of the file.
func (p Policy) JudgeLeaked(password string) (problem string, err error) {
	if p.Leaked == nil {
		return "", nil
	}
	leaked, err := p.Leaked.Contains(password)
	if err != nil {
		return "", fmt.Errorf("look for a leaked password: %w", err)
	}
	if leaked {
		return "This password has leaked elsewhere. Choose one that you use nowhere else.", nil
	}
	return "", nil
}
