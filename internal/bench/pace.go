//go:build linux

package main

import (
	"context"
	"sync"
	"syscall"
	"time"
)

// pacers are the connections that share the planned requests: enough that one late answer holds up no other request.
const pacers = 16

// paced is what became of requests sent at planned times: an open loop.
type paced struct {
	// latencies count from the planned time, so that a request that could not be sent because the answer before it was
	// late counts its wait too (no coordinated omission).
	latencies []time.Duration
	// late is how long after the planned time each was sent: the part that the client is to blame for.
	late []time.Duration
}

// pace sends perSecond requests a second for a time. The request with number i comes from request(i).
func pace(ctx context.Context, address string, perSecond int, lasts time.Duration, want int, request func(i int) []byte) (paced, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	number := int(lasts.Seconds() * float64(perSecond))
	all := paced{latencies: make([]time.Duration, number), late: make([]time.Duration, number)}
	connections := make([]*connection, pacers)
	for i := range connections {
		c, err := dial(ctx, address)
		if err != nil {
			return paced{}, err
		}
		defer c.close()
		if err := c.SetDeadline(time.Now().Add(lasts + patience)); err != nil {
			return paced{}, err
		}
		connections[i] = c
	}
	start := time.Now().Add(10 * time.Millisecond)
	failed := make(chan error, 1)
	var wait sync.WaitGroup
	for i, c := range connections {
		wait.Go(func() {
			for n := i; n < number && ctx.Err() == nil; n += pacers {
				planned := start.Add(time.Duration(n) * time.Second / time.Duration(perSecond))
				bytes := request(n)
				sleepUntil(planned)
				all.late[n] = time.Since(planned)
				if _, err := c.send(bytes, want, false); err != nil {
					select {
					case failed <- err:
					default:
					}
					cancel()
					return
				}
				all.latencies[n] = time.Since(planned)
			}
		})
	}
	wait.Wait()
	select {
	case err := <-failed:
		return paced{}, err
	default:
		return all, ctx.Err()
	}
}

// sleepUntil is exact to some tens of microseconds; time.Sleep, which waits with the network poller, is so only to a
// millisecond.
func sleepUntil(t time.Time) {
	for d := time.Until(t); d > 0; d = time.Until(t) {
		span := syscall.NsecToTimespec(d.Nanoseconds())
		_ = syscall.Nanosleep(&span, nil) // interrupted by a signal: the loop sleeps on
	}
}
