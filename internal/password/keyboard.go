package password

import "strings"

// keyboard is where keys lie. In rows that are slanted the key above is half a key to the left, so that keys have six
// neighbours, and not eight.
type keyboard struct {
	plain, shifted []string
	slanted        bool
	keys           float64 // from which a walk can start, shifted ones too
	neighbours     float64 // on average, less than in the middle
}

var (
	qwerty = keyboard{
		plain:      []string{"`1234567890-=", " qwertyuiop[]\\", " asdfghjkl;'", " zxcvbnm,./"},
		shifted:    []string{"~!@#$%^&*()_+", " QWERTYUIOP{}|", " ASDFGHJKL:\"", " ZXCVBNM<>?"},
		slanted:    true,
		keys:       94,
		neighbours: 4.6,
	}
	keypad = keyboard{
		plain:      []string{" /*-", "789+", "456", "123", "0 ."},
		keys:       15,
		neighbours: 5.1,
	}
)

// key is a place on a keyboard. The space bar lies nowhere, and so does what the keyboard does not have.
type key struct {
	row, column    int
	known, shifted bool
}

func (k keyboard) key(r rune) key {
	for i, rows := range [...][]string{k.plain, k.shifted} {
		for row, keys := range rows {
			if column := strings.IndexRune(keys, r); column >= 0 && r != ' ' {
				return key{row, column, true, i == 1}
			}
		}
	}
	return key{}
}

// move is the way from a key to a neighbour.
type move struct{ rows, columns int }

func (k keyboard) move(from, to key) (m move, isStep bool) {
	if !from.known || !to.known {
		return m, false
	}
	m = move{to.row - from.row, to.column - from.column}
	near := -1 <= m.rows && m.rows <= 1 && -1 <= m.columns && m.columns <= 1 && m != move{}
	return m, near && !(k.slanted && m.rows == m.columns)
}

// mostTurns is when a walk costs more than a hundred million guesses. It bounds the time for the rest.
const mostTurns = 8

// addKeys finds what lies side by side on the keyboard.
func (p *parts) addKeys(k keyboard) {
	keys := make([]key, len(p.typed))
	for i, r := range p.typed {
		keys[i] = k.key(r)
	}
	p.addWalks(k, keys)
	p.addStrokes(k, keys)
}

// addWalks finds walks from key to neighbouring key, like qwerty or zaq12wsx.
func (p *parts) addWalks(k keyboard, keys []key) {
	for begin := range keys {
		turns, shifted := 0, 0
		if keys[begin].shifted {
			shifted++
		}
		var last move
		for end := begin + 1; end < len(keys); end++ {
			m, isStep := k.move(keys[end-1], keys[end])
			if !isStep {
				break
			}
			if m != last {
				turns++
			}
			if last = m; turns > mostTurns {
				break
			}
			if keys[end].shifted {
				shifted++
			}
			if length := end + 1 - begin; length >= 3 {
				atEdge := shifted == 1 && (keys[begin].shifted || keys[end].shifted)
				p.add(begin, end+1, k.walks(length, turns)*capitals(shifted, length-shifted, atEdge))
			}
		}
	}
}

// addStrokes finds the same stroke again beside the first one, like 1qaz2wsx3edc or 147258369.
func (p *parts) addStrokes(k keyboard, keys []key) {
	for begin := range keys {
		for stroke := 2; begin+2*stroke <= len(keys); stroke++ {
			aside, isStep := k.move(keys[begin], keys[begin+stroke])
			if !isStep {
				continue
			}
			end := begin + stroke + 1
			for end < len(keys) {
				if m, _ := k.move(keys[end-stroke], keys[end]); m != aside {
					break
				}
				end++
			}
			for strokes := 2; begin+strokes*stroke <= end; strokes++ {
				p.add(begin, begin+strokes*stroke, p.cost[begin][begin+stroke]*k.neighbours*float64(strokes))
			}
		}
	}
}

// walks is how many walks there are up to that length with up to so many turns (Wheeler 2016, section 4.4).
func (k keyboard) walks(length, turns int) (walks float64) {
	for l := 2; l <= length; l++ {
		choose, directions := 1.0, k.neighbours
		for turn := 1; turn <= min(turns, l-1); turn++ {
			walks += choose * k.keys * directions
			choose *= float64(l-turn) / float64(turn)
			directions *= k.neighbours
		}
	}
	return walks
}
