package throttle_test

import (
	"testing"
	"time"

	"latchkey/internal/throttle"
)

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestBudgetAllowsItsNumberAndThenOneEachShare(t *testing.T) {
	rule := throttle.Budget{Number: 3, Period: 30 * time.Second}
	var state throttle.State
	for i, step := range []struct{ pause, wait time.Duration }{
		{0, 0}, {0, 0}, {0, 0}, {0, 10 * time.Second}, {4 * time.Second, 6 * time.Second}, {6 * time.Second, 0}, {0, 10 * time.Second},
		{time.Hour, 0}, {0, 0}, {0, 0}, {0, 10 * time.Second},
	} {
		start = start.Add(step.pause)
		next, wait := rule.Try(state, start)
		if wait != step.wait || wait > 0 && next != state {
			t.Fatalf("step %d: wait %v, want %v", i, wait, step.wait)
		}
		state = next
	}
	if _, wait := rule.Try(rule.Undo(state), start); wait != 0 {
		t.Errorf("after taking one back: wait %v", wait)
	}
}

func TestBackoffWaitsTwiceAsLongEachTimeAndCloses(t *testing.T) {
	rule := throttle.Backoff{Free: 5, FirstWait: 30 * time.Second, MaxWait: time.Hour, CloseAt: 14}
	var state throttle.State
	now := start
	var waits []time.Duration
	for {
		next, wait := rule.Try(state, now)
		if wait == throttle.Closed {
			break
		}
		waits = append(waits, wait)
		if wait > 0 {
			if next, again := rule.Try(state, now.Add(wait-time.Second)); again != time.Second || next != state {
				t.Fatalf("a second too early: wait %v", again)
			}
			now = now.Add(wait)
			next, wait = rule.Try(state, now)
			if wait != 0 {
				t.Fatalf("after waiting: wait %v", wait)
			}
		}
		state = next
	}
	s := time.Second
	want := []time.Duration{0, 0, 0, 0, 0, 30 * s, 60 * s, 120 * s, 240 * s, 480 * s, 960 * s, 1920 * s, 3600 * s, 3600 * s}
	if len(waits) != len(want) {
		t.Fatalf("waits %v, want %v", waits, want)
	}
	for i := range want {
		if waits[i] != want[i] {
			t.Fatalf("waits %v, want %v", waits, want)
		}
	}
	if at := rule.ForgetAt(state, now); !at.IsZero() {
		t.Errorf("a closed lane is forgotten at %v", at)
	}
}

func TestRuleNeverWaitsLongerThanItsLongestWaitAfterTheClockIsSetBack(t *testing.T) {
	for _, rule := range []throttle.Rule{
		throttle.Budget{Number: 3, Period: time.Hour},
		throttle.Backoff{Free: 1, FirstWait: time.Hour, MaxWait: time.Hour, CloseAt: 100},
	} {
		state := throttle.State{Failures: 1, FreeAt: start.Add(365 * 24 * time.Hour)}
		if _, wait := rule.Try(state, start); wait > time.Hour {
			t.Errorf("%T: wait %v", rule, wait)
		}
	}
}

func TestRuleForgetsAnAttemptThatIsTakenBack(t *testing.T) {
	rule := throttle.Backoff{Free: 2, FirstWait: time.Minute, MaxWait: time.Hour, CloseAt: 3}
	state, _ := rule.Try(throttle.State{}, start)
	if state = rule.Undo(state); state != (throttle.State{}) {
		t.Errorf("left %+v", state)
	}
	if state = rule.Undo(state); state.Failures != 0 {
		t.Errorf("below nothing: %+v", state)
	}
}
