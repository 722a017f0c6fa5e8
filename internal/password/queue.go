package password

import (
	"context"
	"slices"
	"sync"
)

// queue admits a bounded number of computations at once, and a bounded number to wait. Those from one address are
// admitted in the order they came, and the addresses by turns: whoever floods waits for themselves, and when there is
// no room left, gives it up for others.
type queue struct {
	mu      sync.Mutex
	limit   int
	running int
	room    int
	waiting int
	lines   map[string][]chan error // by address; what is sent is nil for a turn, or ErrBusy
	turns   []string                // the addresses that wait, the next first
}

func newQueue(limit, room int) *queue {
	return &queue{limit: limit, room: room, lines: map[string][]chan error{}}
}

// enter waits for a turn, which leave gives back. Errors are ErrBusy, and ctx's when it ends while waiting.
func (q *queue) enter(ctx context.Context, address string) error {
	q.mu.Lock()
	if q.running < q.limit {
		q.running++
		q.mu.Unlock()
		return nil
	}
	if q.waiting >= q.room && !q.makeRoom(address) {
		q.mu.Unlock()
		return ErrBusy
	}
	turn := make(chan error, 1)
	if len(q.lines[address]) == 0 {
		q.turns = append(q.turns, address)
	}
	q.lines[address] = append(q.lines[address], turn)
	q.waiting++
	q.mu.Unlock()

	select {
	case err := <-turn:
		return err
	case <-ctx.Done():
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if at := slices.Index(q.lines[address], turn); at >= 0 {
		q.remove(address, at)
	} else if <-turn == nil { // it came at the same moment
		q.pass()
	}
	return ctx.Err()
}

func (q *queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pass()
}

// pass gives a turn that has ended to the next who waits.
func (q *queue) pass() {
	if len(q.turns) == 0 {
		q.running--
		return
	}
	address := q.turns[0]
	q.remove(address, 0) <- nil
	if len(q.lines[address]) > 0 { // the others first
		q.turns = append(q.turns[1:], address)
	}
}

// makeRoom refuses the last of the longest line, if that is longer than the line of this address will be.
func (q *queue) makeRoom(address string) bool {
	longest := address
	for other, line := range q.lines {
		if len(line) > len(q.lines[longest]) {
			longest = other
		}
	}
	last := len(q.lines[longest]) - 1
	if last <= len(q.lines[address]) {
		return false
	}
	q.remove(longest, last) <- ErrBusy
	return true
}

func (q *queue) remove(address string, at int) (turn chan error) {
	turn = q.lines[address][at]
	q.lines[address] = slices.Delete(q.lines[address], at, at+1)
	q.waiting--
	if len(q.lines[address]) == 0 {
		delete(q.lines, address)
		q.turns = slices.DeleteFunc(q.turns, func(other string) bool { return other == address })
	}
	return turn
}

func (q *queue) counts() (running, waiting int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.running, q.waiting
}
