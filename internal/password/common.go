package password

import (
	"encoding/json"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"latchkey/public"
)

// listSeed differs from start to start; the hashes are never stored.
var listSeed = maphash.MakeSeed()

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
		hashes = append(hashes, maphash.String(listSeed, folded))
		if len(folded) < len(password) { // found as it stands, too
			hashes = append(hashes, maphash.String(listSeed, strings.ToLower(password)))
		}
	}
	slices.Sort(hashes)
	return slices.Compact(hashes)
})

// isListed reports whether a folded text is a common password.
func isListed(folded string) bool {
	if folded == "" {
		return false
	}
	_, found := slices.BinarySearch(commonPasswords(), maphash.String(listSeed, folded))
	return found
}

// fold gives all disguises of a word one form: case, spaces and signs make no difference, and the usual look-alike
// digits and signs are the letters that they stand for.
func fold(s string) string { return strings.Map(foldRune, s) }

func foldRune(r rune) rune {
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
	if isLetter(r) || unicode.IsDigit(r) {
		return unicode.ToLower(r)
	}
	return -1
}

func isLetter(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) }

const (
	// maxAround is how many digits and signs around a common password are too few to make it a good one.
	maxAround = 8
	// minCore is how long it must be to be looked for among them: short ones turn up in random passwords.
	minCore = 4
	// minCut is how long it must be where it begins or ends with a digit or sign, and others stand around: there are many
	// ways to cut there.
	minCut = 6
	// minParted is how long one must be that has signs between its letters.
	minParted = 8
)

// undisguised is a password that is ready to be compared: folding is most of the work, so it is done once.
type undisguised struct {
	// lower is the whole, not folded.
	lower string
	// word is what is left without the digits and signs around it, however many they are.
	word string
	// cores are what is left without up to eight of them. A digit or sign may stand around a word or be part of it, so
	// each number is tried at both ends.
	cores []core
}

// core is a folded text, and the same backwards.
type core struct {
	text, backwards string
	// mayBeCommon is false where a match with the list would say little.
	mayBeCommon bool
}

func undisguise(password string) undisguised {
	backwards := reversed(password)
	text, textBackwards := fold(password), fold(backwards)
	atStart, atEnd := around(password), around(backwards)
	length := utf8.RuneCountInString(password)
	u := undisguised{
		lower: strings.ToLower(password),
		word:  fold(strings.TrimFunc(password, func(r rune) bool { return !isLetter(r) })),
		cores: make([]core, 0, (maxAround+1)*(maxAround+2)/2),
	}
	for before, start := range atStart {
		for after, end := range atEnd {
			inCore := length - before - after
			if before+after > maxAround || inCore < minCore {
				break
			}
			c := core{text: text[start.folded : len(text)-end.folded], backwards: textBackwards[end.folded : len(text)-start.folded]}
			letters := utf8.RuneCountInString(c.text)
			isCut := start.isCut || end.isCut
			c.mayBeCommon = letters >= minCore && (letters >= minCut || !isCut) && (letters >= minParted || letters == inCore)
			u.cores = append(u.cores, c)
		}
	}
	return u
}

// edge is a place where a word may begin or end.
type edge struct {
	// folded is how many bytes of the folded text stand around.
	folded int
	// isCut is true when the word has a digit or sign there, with others around.
	isCut bool
}

// around returns the edges after the first 0, 1, 2 and so on characters, as far as these are no letters.
func around(password string) []edge {
	edges := make([]edge, 1, maxAround+1)
	for _, r := range password {
		last := &edges[len(edges)-1]
		last.isCut = len(edges) > 1 && !isLetter(r)
		if isLetter(r) || len(edges) > maxAround {
			break
		}
		edges = append(edges, edge{folded: last.folded + max(0, utf8.RuneLen(foldRune(r)))})
	}
	return edges
}

// isCommon reports whether a password is a common one, or one in a usual disguise, forwards or backwards.
func (u undisguised) isCommon() bool {
	return isListed(u.lower) || isListed(reversed(u.lower)) || slices.ContainsFunc(u.cores, func(c core) bool {
		return c.mayBeCommon && (isListed(c.text) || isListed(c.backwards))
	})
}

// resembles reports whether a password is just the name, forwards or backwards, once or several times, in the same
// disguises (ASVS 5.0 6.2.11). However much stands around a name: an attacker who knows it tries that too.
func (u undisguised) resembles(name string) bool {
	name = fold(name)
	if name == "" {
		return false
	}
	backwards := reversed(name)
	isName := func(text string) bool { return repeats(text, name) || repeats(text, backwards) }
	return isName(u.word) || slices.ContainsFunc(u.cores, func(c core) bool { return isName(c.text) })
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
