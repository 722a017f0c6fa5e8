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

// undisguised is a password, folded in each way in which a word may stand in it. Folding is most of the work of judging,
// so do it once for all comparisons.
type undisguised struct {
	// lower is the whole, not folded.
	lower string
	// word is what is left without the digits and signs around it, however many they are.
	word string
	// cores are without those of one end, of both or of none: a sign at an end may stand around the word, or for its
	// first or last letter.
	cores []string
}

func undisguise(password string) undisguised {
	isNotLetter := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }
	withoutEnd := strings.TrimRightFunc(password, isNotLetter)
	withoutBeginning := strings.TrimLeftFunc(password, isNotLetter)
	word := strings.TrimLeftFunc(withoutEnd, isNotLetter)
	u := undisguised{lower: strings.ToLower(password)}
	length := utf8.RuneCountInString(password)
	parts := []string{word, withoutEnd, withoutBeginning, password}
	for i, part := range parts {
		if slices.Contains(parts[:i], part) {
			continue
		}
		letters := fold(part)
		if i == 0 {
			u.word = letters
		}
		inPart, inLetters := utf8.RuneCountInString(part), utf8.RuneCountInString(letters)
		switch {
		case length-inPart > maxAround, inLetters < minCore, inLetters < inPart && inLetters < minParted, slices.Contains(u.cores, letters):
			continue
		}
		u.cores = append(u.cores, letters)
	}
	return u
}

// isCommon reports whether a password is a common one, or one in a usual disguise.
func (u undisguised) isCommon() bool {
	return isListed(u.lower) || slices.ContainsFunc(u.cores, isListed)
}

// resembles reports whether a password is just the name, forwards or backwards, once or several times, in the same
// disguises (ASVS 5.0 6.2.11). However much stands around a name: an attacker who knows it tries that too.
func (u undisguised) resembles(name string) bool {
	name = fold(name)
	if name == "" {
		return false
	}
	backwards := reversed(name)
	isName := func(core string) bool { return repeats(core, name) || repeats(core, backwards) }
	return isName(u.word) || slices.ContainsFunc(u.cores, isName)
}

// repeats reports whether a text is a word, once or several times.
func repeats(text, word string) bool {
	return text != "" && len(text)%len(word) == 0 && strings.Count(text, word) == len(text)/len(word)
}

func reversed(s string) string {
	runes := []rune(s)
	slices.Reverse(runes)
	return string(runes)
}
