package password

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// lineUp has somebody wait in the queue, and adds the address to served when the turn comes.
func lineUp(q *queue, address string, served *[]string, refused *[]string) {
	go func() {
		if q.enter(context.Background(), address) != nil {
			*refused = append(*refused, address)
			return
		}
		*served = append(*served, address)
		time.Sleep(time.Second)
		q.leave()
	}()
	synctest.Wait()
}

func TestHasherQueueLetsThoseWhoFloodWaitAndNotTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1, 100)
		var served, refused []string
		for range 10 {
			lineUp(q, "flood", &served, &refused)
		}
		lineUp(q, "alice", &served, &refused)
		lineUp(q, "bob", &served, &refused)
		lineUp(q, "alice", &served, &refused)
		time.Sleep(time.Minute)
		synctest.Wait()
		want := []string{"flood", "flood", "alice", "bob", "flood", "alice", "flood", "flood", "flood", "flood", "flood", "flood", "flood"}
		if !slices.Equal(served, want) || len(refused) > 0 {
			t.Errorf("served %v, refused %v", served, refused)
		}
	})
}

func TestHasherQueueThatIsFullMakesRoomForThoseWhoDoNotFlood(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1, 4)
		var served, refused []string
		for range 7 { // one runs, four wait, two find no room
			lineUp(q, "flood", &served, &refused)
		}
		for _, address := range []string{"alice", "bob", "carol"} {
			lineUp(q, address, &served, &refused)
		}
		if want := []string{"flood", "flood", "flood", "flood", "flood"}; !slices.Equal(refused, want) {
			t.Errorf("refused %v, want %v", refused, want)
		}
		lineUp(q, "alice", &served, &refused) // all lines are of one: nobody is to be pushed out
		if last := refused[len(refused)-1]; last != "alice" {
			t.Errorf("refused %v", refused)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if want := []string{"flood", "flood", "alice", "bob", "carol"}; !slices.Equal(served, want) {
			t.Errorf("served %v, want %v", served, want)
		}
	})
}

func TestHasherQueueLosesNoTurnToThoseWhoLeave(t *testing.T) {
	t.Parallel()
	const limit = 3
	q := newQueue(limit, 1000)
	var running, most atomic.Int64
	crowd := sync.WaitGroup{}
	for i := range 2000 {
		crowd.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(2000))*time.Microsecond)
			defer cancel()
			err := q.enter(ctx, strconv.Itoa(i%7))
			if err != nil {
				if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, ErrBusy) {
					t.Error(err)
				}
				return
			}
			most.Store(max(most.Load(), running.Add(1)))
			time.Sleep(time.Duration(rand.IntN(50)) * time.Microsecond)
			running.Add(-1)
			q.leave()
		})
	}
	crowd.Wait()
	if running, waiting := q.counts(); running != 0 || waiting != 0 || len(q.lines) != 0 || len(q.turns) != 0 {
		t.Errorf("in the end %d run and %d wait; lines %v, turns %v", running, waiting, q.lines, q.turns)
	}
	if most.Load() > limit {
		t.Errorf("%d at once, want at most %d", most.Load(), limit)
	}
	for range limit {
		if err := q.enter(t.Context(), "later"); err != nil {
			t.Error(err)
		}
	}
}
