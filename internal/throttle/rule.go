// Package throttle says how many tries are allowed, and when. It only computes; package store keeps the counts.
package throttle

import "time"

// State is the stored state of one counter; the zero value has counted nothing.
type State struct {
	// Failures in a row. A try counts as one until it is known to have gone well.
	Failures int
	// FreeAt is, for a Budget, when none of it will be in use any more, and for a Backoff, when the next try may come.
	FreeAt time.Time
}

// Rule decides about tries against one counter.
type Rule interface {
	// Try counts a try, or says how long to wait until one is allowed. The state is unchanged when it is not.
	Try(state State, now time.Time) (next State, wait time.Duration)
	// Undo takes back one try that Try has counted: it went well, or was never made.
	Undo(state State) State
	// ForgetAt is when the state is worth no more than the zero value; a zero time means never.
	ForgetAt(state State, now time.Time) time.Time
}

// Budget allows Number tries per Period, and after that one whenever its share of the period has passed: the generic
// cell rate algorithm (ITU-T I.371).
type Budget struct {
	Number int
	Period time.Duration
	// CloseAt is the number of failures in a row at which it closes; 0 means never.
	CloseAt int
}

func (b Budget) share() time.Duration {
	return b.Period / time.Duration(b.Number)
}

// Try implements Rule.
func (b Budget) Try(state State, now time.Time) (State, time.Duration) {
	if b.closed(state) {
		return state, Closed
	}
	free := state.FreeAt
	if free.Before(now) {
		free = now
	}
	if latest := now.Add(b.Period); free.After(latest) {
		free = latest // the clock was set back
	}
	free = free.Add(b.share())
	if over := free.Sub(now) - b.Period; over > 0 {
		return state, over
	}
	return State{Failures: state.Failures + 1, FreeAt: free}, 0
}

// Undo implements Rule.
func (b Budget) Undo(state State) State {
	return State{Failures: max(state.Failures-1, 0), FreeAt: state.FreeAt.Add(-b.share())}
}

func (b Budget) closed(state State) bool {
	return b.CloseAt > 0 && state.Failures >= b.CloseAt
}

// ForgetAt implements Rule.
func (b Budget) ForgetAt(state State, now time.Time) time.Time {
	switch {
	case b.CloseAt == 0:
		return state.FreeAt
	case b.closed(state):
		return now.Add(forgetClosedAfter)
	}
	return now.Add(forgetAfter)
}

// forgetClosedAfter is more than the year after which a browser that is not used is no longer known.
const forgetClosedAfter = 400 * 24 * time.Hour

// Closed is the wait of a counter that has closed: time alone does not open it again.
const Closed = time.Duration(1<<63 - 1)

// forgetAfter is how long a counter that can close and has not remembers failures. NIST SP 800-63B-4 section 3.2.2
// wants consecutive failures counted, however slowly they come.
const forgetAfter = 30 * 24 * time.Hour

// Backoff allows Free failures in a row, then makes each further try wait, FirstWait and then twice as long each time
// up to MaxWait, and closes at CloseAt failures.
type Backoff struct {
	Free      int
	FirstWait time.Duration
	MaxWait   time.Duration
	CloseAt   int
}

// Try implements Rule.
func (b Backoff) Try(state State, now time.Time) (next State, wait time.Duration) {
	if state.Failures >= b.CloseAt {
		return state, Closed
	}
	if wait := state.FreeAt.Sub(now); wait > 0 {
		return state, min(wait, b.MaxWait) // min: the clock was set back
	}
	next = State{Failures: state.Failures + 1}
	if wait := b.waitAfter(next.Failures); wait > 0 { // else one that arrived earlier, and is counted later, would wait
		next.FreeAt = now.Add(wait)
	}
	return next, 0
}

func (b Backoff) waitAfter(failures int) time.Duration {
	if failures < b.Free {
		return 0
	}
	wait := b.FirstWait
	for range failures - b.Free {
		if wait >= b.MaxWait {
			break
		}
		wait *= 2
	}
	return min(wait, b.MaxWait)
}

// Undo implements Rule.
func (b Backoff) Undo(state State) State {
	state.Failures = max(state.Failures-1, 0)
	if state.Failures < b.Free {
		state.FreeAt = time.Time{}
	}
	return state
}

// ForgetAt implements Rule.
func (b Backoff) ForgetAt(state State, now time.Time) time.Time {
	if state.Failures >= b.CloseAt {
		return time.Time{}
	}
	return now.Add(forgetAfter)
}
