// Package recovery makes and reads recovery codes: what lets a person back in who has forgotten the password, with
// no mail server in between.
package recovery

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// alphabet is Crockford's base 32: no I, L, O or U, which are misread.
var alphabet = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

const (
	// codeLength is in characters, without hyphens. They have 125 random bits: too many to guess, and so a fast hash
	// protects them at rest (ASVS 5.0 6.5.2, 6.5.3; NIST SP 800-63B-4 section 3.1.2.2 asks for 112).
	codeLength = 25
	groupSize  = 5
	// oldLength is that of codes made before, which are hashed by their 16 bytes.
	oldLength = 26
)

// NewCode returns a new code as it is shown, once: groups of five characters with hyphens between them.
func NewCode() string {
	random := make([]byte, 16)
	rand.Read(random)
	var groups []string
	for group := range slices.Chunk([]byte(alphabet.EncodeToString(random)[:codeLength]), groupSize) {
		groups = append(groups, string(group))
	}
	return strings.Join(groups, "-")
}

// maxTyped, in bytes, leaves room for a code in full-width characters with signs and spaces between all of them; longer
// input is not even looked at.
const maxTyped = 1000

// Hash returns what is stored of a code, and what a typed one is compared by. It forgives how people type and paste:
// case and all that is neither letter nor digit make no difference, full-width and other forms of a character count as
// the plain one, O is taken for 0, and I and L for 1. For what cannot be a code, ok is false and the hash is that of
// no code: comparing it takes as long.
func Hash(typed string) (hash [sha256.Size]byte, ok bool) {
	if len(typed) > maxTyped {
		return sha256.Sum256(nil), false
	}
	code := strings.Map(func(r rune) rune {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			return -1
		case r == 'O':
			return '0'
		case r == 'I' || r == 'L':
			return '1'
		}
		return r
	}, strings.ToUpper(norm.NFKC.String(typed)))
	bytes, err := alphabet.DecodeString(code + strings.Repeat("0", max(0, oldLength-len(code))))
	switch {
	case err == nil && len(code) == codeLength:
		return sha256.Sum256([]byte(code)), true
	case err == nil && len(code) == oldLength:
		return sha256.Sum256(bytes), true
	}
	return sha256.Sum256(nil), false
}
