package password

import (
	"math"
	"strings"
	"time"
)

// addYearsAndDates finds years of the last and this century, and days with or without a separator between their
// parts, the year in front or behind, in two digits or four.
func (p *parts) addYearsAndDates() {
	for begin := range p.typed {
		if year, ok := p.number(begin, 4); ok && 1900 <= year && year < 2100 {
			p.add(begin, begin+4, distance(year))
		}
		for _, lengths := range [][3]int{
			{1, 1, 2}, {1, 2, 2}, {2, 1, 2}, {2, 2, 2}, {1, 1, 4}, {1, 2, 4}, {2, 1, 4}, {2, 2, 4},
			{2, 1, 1}, {4, 1, 1}, {4, 1, 2}, {4, 2, 1}, {4, 2, 2},
		} {
			p.addDate(begin, lengths, 0, 1)
			p.addDate(begin, lengths, 1, 4) // by the separators in use, as in zxcvbn
		}
	}
}

func (p *parts) addDate(begin int, lengths [3]int, separator int, separators float64) {
	var numbers [3]int
	at := begin
	for i, length := range lengths {
		if i > 0 && separator > 0 {
			if at >= len(p.typed) || !strings.ContainsRune(`/\-._ ,`, p.typed[at]) || i == 2 && p.typed[at] != p.typed[begin+lengths[0]] {
				return
			}
			at++
		}
		number, ok := p.number(at, length)
		if !ok {
			return
		}
		numbers[i] = number
		at += length
	}
	a, b, c := numbers[0], numbers[1], numbers[2]
	if lengths[2] != 1 && isDay(a, b) {
		p.add(begin, at, 365*distance(year(c))*separators)
	}
	if lengths[0] != 1 && isDay(b, c) {
		p.add(begin, at, 365*distance(year(a))*separators)
	}
}

// number reads the digits of that length at a place.
func (p *parts) number(at, length int) (number int, ok bool) {
	if at+length > len(p.typed) {
		return 0, false
	}
	for _, r := range p.typed[at : at+length] {
		if !isDigit(r) {
			return 0, false
		}
		number = number*10 + int(r-'0')
	}
	return number, true
}

func isDay(a, b int) bool {
	return 1 <= a && 1 <= b && (a <= 31 && b <= 12 || a <= 12 && b <= 31)
}

func year(number int) int {
	switch {
	case number < 50:
		return number + 2000
	case number < 100:
		return number + 1900
	}
	return number
}

// distance is the guesses for a year: those around now come first, and the twenty nearest all count for twenty.
func distance(year int) float64 {
	return max(20, math.Abs(float64(year-time.Now().Year())))
}
