//go:build linux

package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// crowd is a number of clients, each on its own connection, that each do one thing after another until they are told
// to stop: a closed loop. The first failure of any ends them all.
type crowd struct {
	stopping atomic.Bool
	done     atomic.Int64
	clients  sync.WaitGroup
	failed   chan error // holds the first failure
}

// startCrowd connects all clients before the first one starts.
func startCrowd(ctx context.Context, address string, clients int, act func(client int, c *connection) error) (*crowd, error) {
	connections := make([]*connection, clients)
	for i := range connections {
		c, err := dial(ctx, address)
		if err != nil {
			for _, open := range connections[:i] {
				open.close()
			}
			return nil, err
		}
		connections[i] = c
	}
	all := &crowd{failed: make(chan error, 1)}
	for i, c := range connections {
		all.clients.Go(func() {
			defer c.close()
			for n := 0; !all.stopping.Load(); n++ {
				// A timer per request would cost too much; net/http ends connections that idle, not ones that talk.
				if n%64 == 0 {
					_ = c.SetDeadline(time.Now().Add(64*time.Second + patience))
				}
				if err := act(i, c); err != nil {
					all.stopping.Store(true)
					select {
					case all.failed <- err:
					default:
					}
					return
				}
				all.done.Add(1)
			}
		})
	}
	return all, nil
}

// goOn lets the clients work for a time.
func (a *crowd) goOn(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-a.failed:
		a.failed <- err
		return err
	case <-time.After(d):
		return nil
	}
}

// stop lets each client finish what it does and returns the first failure.
func (a *crowd) stop() error {
	a.stopping.Store(true)
	a.clients.Wait()
	select {
	case err := <-a.failed:
		return err
	default:
		return nil
	}
}

// rate is how many times a second the clients together do their thing, counted in a window after a warm-up, which
// lasts until the rush of all clients at once has turned into a steady queue: half of them were served.
func rate(ctx context.Context, warmUp, window time.Duration, address string, clients int, act func(client int, c *connection) error) (perSecond float64, err error) {
	all, err := startCrowd(ctx, address, clients, act)
	if err != nil {
		return 0, err
	}
	err = all.goOn(ctx, warmUp)
	for err == nil && all.done.Load() < int64(clients/2) {
		err = all.goOn(ctx, time.Millisecond)
	}
	if err == nil {
		before, start := all.done.Load(), time.Now()
		if err = all.goOn(ctx, window); err == nil {
			perSecond = float64(all.done.Load()-before) / time.Since(start).Seconds()
		}
	}
	if stopErr := all.stop(); err == nil {
		err = stopErr
	}
	return perSecond, err
}

// sending sends each client's own request again and again.
func sending(requests [][]byte, want int) func(client int, c *connection) error {
	return func(client int, c *connection) error {
		_, err := c.send(requests[client%len(requests)], want, false)
		return err
	}
}
