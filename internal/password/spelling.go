package password

import "unicode"

// addWords finds the words forwards and backwards, with capitals, and with digits and signs for letters.
func (p *parts) addWords(w words) {
	for start := range p.lower {
		p.spell(w, w.all(), start, start, 1)
		p.spell(w, w.all(), start, start, -1)
	}
}

// spell goes on from start over at in the direction of step, as long as some word is spelt like that. Each character
// may stand for itself or for letters, so that the ways multiply, but only as far as there are words: the time for a
// password of nothing but substitutes is bounded by the words that can be read in it.
func (p *parts) spell(w words, soFar alike, start, at, step int) {
	if at < 0 || at == len(p.lower) {
		return
	}
	p.spellWith(w, soFar, start, at, step, p.lower[at])
	for _, letter := range substituted(p.lower[at]) {
		p.spellWith(w, soFar, start, at, step, letter)
	}
}

func (p *parts) spellWith(w words, soFar alike, start, at, step int, letter rune) {
	narrower, found := w.next(soFar, letter)
	if !found {
		return
	}
	if word, rank := w.whole(narrower); rank > 0 {
		begin, end := min(start, at), max(start, at)+1
		cost := float64(rank) * wordCapitals(p.typed[begin:end]) * p.substitutes(word, start, step)
		if step < 0 {
			cost *= 2
		}
		p.add(begin, end, cost)
	}
	p.spell(w, narrower, start, at+step, step)
}

func wordCapitals(word []rune) float64 {
	upper, lower := 0, 0
	for _, r := range word {
		switch {
		case unicode.IsUpper(r):
			upper++
		case unicode.IsLower(r):
			lower++
		}
	}
	return capitals(upper, lower, upper == 1 && (unicode.IsUpper(word[0]) || unicode.IsUpper(word[len(word)-1])))
}

// substitutes is what the digits and signs for letters multiply the word's guesses with.
func (p *parts) substitutes(word string, start, step int) float64 {
	type pair struct{ letter, substitute rune }
	var replaced map[pair]int
	at := start
	for _, letter := range word {
		if p.lower[at] != letter {
			if replaced == nil {
				replaced = make(map[pair]int)
			}
			replaced[pair{letter, p.lower[at]}]++
		}
		at += step
	}
	cost := 1.0
	for r, times := range replaced {
		kept := 0
		at = start
		for _, letter := range word {
			if letter == r.letter && p.lower[at] == letter {
				kept++
			}
			at += step
		}
		cost *= arrangements(times, kept)
	}
	return cost
}

// substituted returns the letters that people write the digit or sign for.
func substituted(r rune) string {
	switch r {
	case '4', '@':
		return "a"
	case '8':
		return "b"
	case '(', '{', '[', '<':
		return "c"
	case '3':
		return "e"
	case '6', '9':
		return "g"
	case '!':
		return "i"
	case '1', '|':
		return "il"
	case '0':
		return "o"
	case '5', '$':
		return "s"
	case '+':
		return "t"
	case '7':
		return "tl"
	case '%':
		return "x"
	case '2':
		return "z"
	}
	return ""
}
