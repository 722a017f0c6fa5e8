package password

import (
	"strings"
	"unicode"
)

// keyRows are the rows of the usual keyboard, with and without Shift.
var keyRows = []string{"`1234567890-=", "qwertyuiop[]\\", "asdfghjkl;'", "zxcvbnm,./", "~!@#$%^&*()_+", "azertyuiop", "qwertzuiop"}

// minRun is how long the runs of a password are on average that is nothing else.
const minRun = 4

// isSequence reports whether a password is made of runs of one character, of the alphabet, of digits or of keyboard rows,
// in either direction, or repeats a piece that would not do by itself.
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
	var last step
	for i := range runes {
		if i == 0 {
			runs, last = 1, step{}
			continue
		}
		next := stepBetween(runes[i-1], runes[i])
		if next == (step{}) || last != (step{}) && next != last {
			runs++
			next = step{} // the first of a new run
		}
		last = next
	}
	return runs
}

// step is how a character follows another: by its place in the alphabet or among the digits, or by its key.
type step struct {
	row int // 0: the alphabet
	by  int // 1 or -1, and 2 for the same again; 0 for none of these
}

func stepBetween(a, b rune) step {
	switch {
	case a == b:
		return step{by: 2}
	case (b == a+1 || b == a-1) && (unicode.IsLetter(a) && unicode.IsLetter(b) || unicode.IsDigit(a) && unicode.IsDigit(b)):
		return step{by: int(b - a)}
	}
	if a > unicode.MaxASCII || b > unicode.MaxASCII {
		return step{} // on none of the rows
	}
	for i, row := range keyRows {
		at, next := strings.IndexRune(row, a), strings.IndexRune(row, b)
		if at >= 0 && next >= 0 && (next == at+1 || next == at-1) {
			return step{row: i + 1, by: next - at}
		}
	}
	return step{}
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
