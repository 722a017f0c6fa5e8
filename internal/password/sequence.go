package password

import (
	"strings"
	"unicode"
)

// keyRows are the rows of the usual keyboards, with and without Shift: QWERTY, QWERTZ, AZERTY and the Cyrillic one.
var keyRows = []string{
	"`1234567890-=", "~!@#$%^&*()_+", "qwertyuiop[]\\", "asdfghjkl;'", "zxcvbnm,./",
	"qwertzuiopü", "asdfghjklöä", "yxcvbnm,.-", "azertyuiop", "qsdfghjklm", "wxcvbn,;:",
	"йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю",
}

// walks are the ways to go from one character to the next, a bit for each: the alphabet or the digits, and each row of
// keys. O and P are neighbours in the alphabet and on the keyboard, and a run goes on by either.
type walks uint32

// neighbours are the rows in which two characters stand side by side.
var neighbours = func() map[[2]rune]walks {
	all := map[[2]rune]walks{}
	for i, row := range keyRows {
		keys := []rune(row)
		for at := range len(keys) - 1 {
			all[[2]rune{keys[at], keys[at+1]}] |= 2 << i
			all[[2]rune{keys[at+1], keys[at]}] |= 2 << i
		}
	}
	return all
}()

// minRun is how long the runs of a password are on average that is nothing else.
const minRun = 4

// isSequence reports whether a password is made of runs of one character, of the alphabet, of digits or of keyboard rows,
// or repeats a piece that would not do by itself. A run may stay and turn: qqwwee, asdfgfdsa.
func isSequence(password string, minLength int) bool {
	runes := []rune(strings.ToLower(password))
	if runsIn(runes)*minRun <= len(runes) {
		return true
	}
	period := periodOf(runes)
	return 2*period <= len(runes) && (period < minLength || undisguise(string(runes[:period])).isCommon())
}

// runsIn counts the runs that the characters fall into.
func runsIn(runes []rune) (runs int) {
	var run walks // by which the last run may go on
	for i, r := range runes {
		if i > 0 {
			run &= walksBetween(runes[i-1], r)
		}
		if run == 0 {
			runs++
			run = ^walks(0) // the first of a new run goes by any
		}
	}
	return runs
}

func walksBetween(a, b rune) walks {
	if a == b {
		return ^walks(0)
	}
	all := neighbours[[2]rune{a, b}]
	if (b == a+1 || b == a-1) && (unicode.IsLetter(a) && unicode.IsLetter(b) || unicode.IsDigit(a) && unicode.IsDigit(b)) {
		all |= 1
	}
	return all
}

// periodOf is the length of the shortest piece that the characters repeat, the last time perhaps in part (Knuth, Morris
// and Pratt's prefix function); of no repetition, their number.
func periodOf(runes []rune) int {
	prefix := make([]int, len(runes))
	for i := 1; i < len(runes); i++ {
		k := prefix[i-1]
		for k > 0 && runes[i] != runes[k] {
			k = prefix[k-1]
		}
		if runes[i] == runes[k] {
			k++
		}
		prefix[i] = k
	}
	if len(runes) == 0 {
		return 0
	}
	return len(runes) - prefix[len(runes)-1]
}
