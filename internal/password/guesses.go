package password

import (
	"math"
	"slices"
	"unicode"
)

// The least guesses that a part of a password counts for: an attacker who knew the part exactly would still have to
// find out that it is one, and where (zxcvbn v4).
const (
	leastForOne  = 10
	leastForMany = 50
)

const (
	// perCharacter is what one character without any pattern costs. It is low on purpose: people's characters are
	// far from random (Wheeler 2016, section 4.4).
	perCharacter = 10
	// beforeLonger is how many guesses an attacker spends on passwords of some number of parts before trying those
	// with one part more (Wheeler 2016, section 4.5).
	beforeLonger = 1e4
)

// guesses estimates how many guesses it takes to find the password for an attacker who knows how people choose
// passwords, and who tries the hints, lower-case words, before all others. Its time grows with the cube of the length.
//
// The method is that of zxcvbn v4 (Wheeler, "zxcvbn: Low-Budget Password Strength Estimation", USENIX Security 2016):
// of all ways to cut the password into parts that are words, patterns or anything, the one that costs least counts.
func guesses(password string, hints []string) float64 {
	p := newParts([]rune(password))
	p.addWords(commonWords())
	p.addWords(newWords(hints))
	p.addSequences()
	p.addKeys(qwerty)
	p.addKeys(keypad)
	p.addYearsAndDates()
	p.addRepeats()
	p.addSignedNumbers()
	return p.cheapest(0, len(p.typed))
}

// parts says for every part of a password how many guesses find it.
type parts struct {
	typed []rune
	lower []rune
	cost  [][]float64 // by the part's begin and its end, which is exclusive
}

func newParts(typed []rune) *parts {
	p := &parts{typed: typed, lower: lowered(typed), cost: make([][]float64, len(typed))}
	for begin := range typed {
		p.cost[begin] = make([]float64, len(typed)+1)
		cost := 1.0
		for end := begin + 1; end <= len(typed); end++ {
			cost *= perCharacter
			p.cost[begin][end] = cost
		}
	}
	return p
}

// add notes a way to find a part, which counts when it is the cheapest.
func (p *parts) add(begin, end int, guesses float64) {
	least := float64(leastForMany)
	if end-begin == 1 {
		least = leastForOne
	}
	p.cost[begin][end] = min(p.cost[begin][end], max(guesses, least))
}

// cheapest is the number of guesses for what stands from begin to end: the least, over all numbers of parts n and all
// ways to cut, of n! × the product of the parts' guesses + beforeLonger^(n-1) (Wheeler 2016, section 4.5).
func (p *parts) cheapest(begin, end int) float64 {
	length := end - begin
	if length == 0 {
		return 1
	}
	// products[k] is the least product for the first k characters in n parts.
	products := make([]float64, length+1)
	for k := 1; k <= length; k++ {
		products[k] = p.cost[begin][begin+k]
	}
	products[0] = math.Inf(1)
	cheapest := products[length]
	orders, longer := 1.0, 1.0
	longerBy := make([]float64, length+1)
	for n := 2; n <= length; n++ {
		orders *= float64(n)
		longer *= beforeLonger
		if longer >= cheapest {
			break
		}
		for k := range longerBy {
			longerBy[k] = math.Inf(1)
			for cut := n - 1; cut < k; cut++ {
				longerBy[k] = min(longerBy[k], products[cut]*p.cost[begin+cut][begin+k])
			}
		}
		products, longerBy = longerBy, products
		cheapest = min(cheapest, orders*products[length]+longer)
	}
	return cheapest
}

// arrangements is in how many ways as many of the marked+plain characters as there are of the rarer kind, or fewer, can
// be the rarer kind: what capitals and substitutes multiply a word's guesses with (Wheeler 2016, section 4.4).
func arrangements(marked, plain int) float64 {
	if marked == 0 || plain == 0 {
		return 2
	}
	sum, choose := 0.0, 1.0
	for i := 1; i <= min(marked, plain); i++ {
		choose *= float64(marked+plain-i+1) / float64(i)
		sum += choose
	}
	return sum
}

// capitals is what capital letters multiply a part's guesses with. People mostly make all letters capitals, or only
// the first or the last.
func capitals(upper, lower int, oneAtEdge bool) float64 {
	switch {
	case upper == 0:
		return 1
	case lower == 0 || oneAtEdge:
		return 2
	}
	return arrangements(upper, lower)
}

func lowered(typed []rune) []rune {
	lower := slices.Clone(typed)
	for i, r := range lower {
		lower[i] = unicode.ToLower(r)
	}
	return lower
}
