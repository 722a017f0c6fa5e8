package password

import (
	"encoding/json"
	"hash/fnv"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"latchkey/public"
)

// commonPasswords are hashes of the common passwords, folded and sorted. The list (49,233 passwords that attackers try
// first; ASVS 5.0 6.2.4 asks for 3,000) is read when the first password is judged.
var commonPasswords = sync.OnceValue(func() []uint64 {
	var list []string
	if err := json.Unmarshal(public.CommonPasswords, &list); err != nil {
		panic(err) // it is part of the program
	}
	hashes := make([]uint64, 0, len(list))
	for _, password := range list {
		folded := fold(password)
		hashes = append(hashes, hashOf(folded))
		if len(folded) < len(password) { // found as it stands, too
			hashes = append(hashes, hashOf(strings.ToLower(password)))
		}
	}
	slices.Sort(hashes)
	return slices.Compact(hashes)
})

func hashOf(folded string) uint64 {
	hash := fnv.New64a()
	hash.Write([]byte(folded))
	return hash.Sum64()
}

// isListed reports whether a folded text is a common password, forwards or backwards.
func isListed(folded string) bool {
	if folded == "" {
		return false
	}
	for _, text := range []string{folded, reversed(folded)} {
		if _, found := slices.BinarySearch(commonPasswords(), hashOf(text)); found {
			return true
		}
	}
	return false
}

// fold gives all disguises of a word one form: case, spaces and signs make no difference, and the usual look-alike
// digits and signs are the letters that they stand for.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '@', '4':
			return 'a'
		case '3':
			return 'e'
		case '1', '!', '|', 'l', 'L':
			return 'i'
		case '0':
			return 'o'
		case '5', '$':
			return 's'
		case '7', '+':
			return 't'
		case '8':
			return 'b'
		}
		if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

const (
	// maxAround is how many digits and signs around a common password are too few to make it a good one.
	maxAround = 8
	// minCore is how long it must be to be looked for among them: short ones turn up in random passwords.
	minCore = 4
	// minParted is how long one must be that has signs between its letters.
	minParted = 8
)

// cores are what may be a word with digits and signs around it, folded: a sign at either end may stand around the word,
// or for its first or last letter.
func cores(password string) (folded []string) {
	isNotLetter := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }
	withoutEnd := strings.TrimRightFunc(password, isNotLetter)
	withoutBeginning := strings.TrimLeftFunc(password, isNotLetter)
	for _, core := range []string{password, withoutEnd, withoutBeginning, strings.TrimLeftFunc(withoutEnd, isNotLetter)} {
		letters := fold(core)
		inCore, inLetters := utf8.RuneCountInString(core), utf8.RuneCountInString(letters)
		switch {
		case utf8.RuneCountInString(password)-inCore > maxAround, inLetters < minCore, inLetters < inCore && inLetters < minParted:
			continue
		}
		folded = append(folded, letters)
	}
	return folded
}

// isCommon reports whether a password is a common one, or one in a usual disguise.
func isCommon(password string) bool {
	return isListed(strings.ToLower(password)) || slices.ContainsFunc(cores(password), isListed)
}

// resembles reports whether a password is just the name, forwards or backwards, once or several times, in the same
// disguises (ASVS 5.0 6.2.11).
func resembles(password, name string) bool {
	name = fold(name)
	if name == "" {
		return false
	}
	isName := func(core string) bool {
		return core != "" && (strings.ReplaceAll(core, name, "") == "" || strings.ReplaceAll(core, reversed(name), "") == "")
	}
	// However much stands around a name: whoever knows it tries that too.
	isNotLetter := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }
	return isName(fold(strings.TrimFunc(password, isNotLetter))) || slices.ContainsFunc(cores(password), isName)
}

func reversed(s string) string {
	runes := []rune(s)
	slices.Reverse(runes)
	return string(runes)
}
