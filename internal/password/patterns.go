package password

import (
	"math"
	"strings"
	"unicode"
)

// addSequences finds characters at equal distances, like abc, 97531 or where: in any script.
func (p *parts) addSequences() {
	for begin := 0; begin+2 < len(p.typed); begin++ {
		step := p.typed[begin+1] - p.typed[begin]
		if step == 0 {
			continue
		}
		cost := 26.0
		switch first := p.typed[begin]; {
		case strings.ContainsRune("aAzZ019", first):
			cost = 4
		case unicode.IsDigit(first):
			cost = 10
		}
		if step < 0 {
			cost *= 2
		}
		cost *= math.Abs(float64(step))
		for end := begin + 2; end < len(p.typed) && p.typed[end]-p.typed[end-1] == step; end++ {
			if end-begin >= 2 {
				p.add(begin, end+1, cost*float64(end+1-begin))
			}
		}
	}
}

// unrepeated is how much an attacker tries that has no repeats before each base is tried several times over. zxcvbn
// has no such factor, and so takes four random characters, however often, for weak.
const unrepeated = 10

// addRepeats finds what stands twice or more in a row.
func (p *parts) addRepeats() {
	for begin := range p.typed {
		covered := begin // how far a shorter base reaches
		for period := 1; begin+2*period <= len(p.typed); period++ {
			end := begin + period
			for end < len(p.typed) && p.typed[end] == p.typed[end-period] {
				end++
			}
			if end < begin+2*period || end <= covered {
				continue
			}
			covered = end
			base := p.cheapest(begin, begin+period)
			for times := 2; begin+times*period <= end; times++ {
				p.add(begin, begin+times*period, base*unrepeated*float64(times))
			}
		}
	}
}

// signsBeside is how many signs attackers try beside a number, "!" before all others.
const signsBeside = 4

// addSignedNumbers takes a number and the sign before or after it for one part: 2024! and _123 are the first things
// that attackers put behind every word. zxcvbn takes them for two, and so every word with them for strong.
func (p *parts) addSignedNumbers() {
	for begin := range p.typed {
		for end := begin + 1; end <= len(p.typed) && isDigit(p.typed[end-1]); end++ {
			cost := p.cost[begin][end] * signsBeside
			if end < len(p.typed) && isSign(p.typed[end]) {
				p.add(begin, end+1, cost)
			}
			if begin > 0 && isSign(p.typed[begin-1]) {
				p.add(begin-1, end, cost)
			}
		}
	}
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

func isSign(r rune) bool { return r < unicode.MaxASCII && (unicode.IsPunct(r) || unicode.IsSymbol(r)) }
