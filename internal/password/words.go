package password

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/ccojocar/zxcvbn-go/data"
)

// words are ranked words in the order of their bytes, so that all with the same beginning lie side by side and a
// search that tries several spellings gives up where no word begins like that.
//
// It is three blocks of plain bytes and numbers instead of a map of strings: garbage collections mark what holds
// pointers each time, for as long as the program runs, and skip this.
type words struct {
	text  string   // all words, one after another
	ends  []uint32 // where each ends in text
	ranks []uint32 // how many words an attacker tries until this one, 1 for the first
}

// commonWords are the lists of zxcvbn: common passwords, English words, and the names of people. They are read when
// the first password is judged: 35 ms then instead of at every start, and 1.3 MB only in programs that
// need them.
var commonWords = sync.OnceValue(readWords)

func readWords() words {
	return newWords(
		quoted(data.MustAsset("data/Passwords.json")),
		quoted(data.MustAsset("data/English.json")),
		quoted(data.MustAsset("data/MaleNames.json")),
		quoted(data.MustAsset("data/FemaleNames.json")),
		quoted(data.MustAsset("data/Surnames.json")),
	)
}

// quoted returns the words of a file {"List":["word", …]} whose words hold no escapes.
func quoted(file []byte) []string {
	pieces := strings.Split(string(file), `"`)
	list := make([]string, 0, len(pieces)/2)
	for i := 3; i < len(pieces); i += 2 {
		list = append(list, pieces[i])
	}
	return list
}

// newWords takes lists of lower-case words, each list in the order in which an attacker tries it.
func newWords(lists ...[]string) words {
	type ranked struct {
		head uint64 // the first bytes, which decide nearly every comparison without looking at the word
		word string
		rank uint32
	}
	total, letters := 0, 0
	for _, list := range lists {
		total += len(list)
	}
	all := make([]ranked, 0, total)
	for _, list := range lists {
		for i, word := range list {
			all = append(all, ranked{head(word), word, uint32(i + 1)})
			letters += len(word)
		}
	}
	slices.SortFunc(all, func(a, b ranked) int {
		if a.head != b.head {
			return cmp.Compare(a.head, b.head)
		}
		return cmp.Or(strings.Compare(a.word, b.word), cmp.Compare(a.rank, b.rank))
	})
	all = slices.CompactFunc(all, func(a, b ranked) bool { return a.word == b.word })
	var text strings.Builder
	text.Grow(letters)
	w := words{ends: make([]uint32, len(all)), ranks: make([]uint32, len(all))}
	for i, r := range all {
		text.WriteString(r.word)
		w.ends[i], w.ranks[i] = uint32(text.Len()), r.rank
	}
	w.text = text.String()
	return w
}

func head(word string) (head uint64) {
	for i := range 8 {
		head <<= 8
		if i < len(word) {
			head |= uint64(word[i])
		}
	}
	return head
}

func (w words) word(i int) string {
	if i == 0 {
		return w.text[:w.ends[0]]
	}
	return w.text[w.ends[i-1]:w.ends[i]]
}

// alike are the words from first to before last, which share their first length bytes.
type alike struct{ first, last, length int }

func (w words) all() alike { return alike{0, len(w.ends), 0} }

// next narrows words down to those that go on with the letter.
func (w words) next(a alike, letter rune) (narrower alike, found bool) {
	for _, b := range []byte(string(letter)) {
		below := func(i int) bool { word := w.word(a.first + i); return len(word) == a.length || word[a.length] < b }
		first := a.first + sort.Search(a.last-a.first, func(i int) bool { return !below(i) })
		last := first
		if a.last > first {
			last += sort.Search(a.last-first, func(i int) bool { return w.word(first + i)[a.length] > b })
		}
		a = alike{first, last, a.length + 1}
	}
	return a, a.first < a.last
}

// whole returns the word that is complete with the letters that are alike, and its rank, if there is one.
func (w words) whole(a alike) (word string, rank uint32) {
	if word := w.word(a.first); len(word) == a.length {
		return word, w.ranks[a.first]
	}
	return "", 0
}
