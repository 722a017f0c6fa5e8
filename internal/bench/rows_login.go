//go:build linux

package main

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"
)

// loggingIn logs in to one account after another, of those from first up to end, each time from a new address and in
// a new browser. Clients at once must be fewer than the accounts, so that they log in to distinct ones.
func loggingIn(first, end int) func(client int, c *connection) error {
	var begun atomic.Int64
	return func(_ int, c *connection) error {
		name := username(first + int(begun.Add(1))%(end-first))
		answer, err := c.send(login(name, sharedPassword, newAddress()), http.StatusSeeOther, true)
		if err != nil {
			return err
		}
		return wantHome(answer, name)
	}
}

// measureLogins compares logins with the Argon2id that is in them, and watches the server's memory meanwhile.
func (b *bench) measureLogins(ctx context.Context) error {
	server, err := b.startServer(ctx, b.database)
	if err != nil {
		return err
	}
	defer server.kill()
	logIn := loggingIn(homeUsers, b.options.Users/2)
	hashing := func() (float64, error) { return b.hashRate(ctx) }
	const against = "Argon2id alone, on all processors"
	few := b.report.begin("login-64", "req/s", against, target{RatioAtLeast: 0.95})
	err = b.alternate(few, func() (float64, error) {
		return rate(ctx, b.options.warmUp(), b.options.window(), server.address, 64, logIn)
	}, hashing)
	if err != nil {
		return err
	}
	crowded := b.report.begin("login-256", "req/s", against, target{RatioAtLeast: 0.95})
	memory := &row{Name: "login-256-memory", Unit: "MiB", Target: target{AtMost: 150, Worst: true}}
	err = b.alternate(crowded, func() (perSecond float64, err error) {
		peak, err := server.peakMemory(func() (err error) {
			perSecond, err = rate(ctx, b.options.warmUp(), b.options.window(), server.address, 256, logIn)
			return err
		})
		memory.Ours = append(memory.Ours, peak)
		return perSecond, err
	}, hashing)
	if err != nil {
		return err
	}
	memory.note("the server and the process in which it hashes together")
	flat := &row{Name: "login-flat", Unit: "req/s", Against: "the faster of 64 and 256 clients; ours is the slower", Target: target{RatioAtLeast: 0.95}}
	for round := range b.options.Rounds {
		flat.add(min(few.Ours[round], crowded.Ours[round]), max(few.Ours[round], crowded.Ours[round]))
	}
	b.report.Rows = append(b.report.Rows, flat, memory)
	return errors.Join(server.stop())
}

// peakMemory is the most memory that was resident while something was done, in MiB, looked at every 100 ms.
func (p *process) peakMemory(do func() error) (peak float64, err error) {
	done := make(chan error)
	go func() { done <- do() }()
	var pids []int
	for look := 0; ; look++ {
		if look%20 == 5 || pids == nil { // the process that hashes comes with the first login
			if pids, err = p.family(); err != nil {
				return 0, errors.Join(err, <-done)
			}
		}
		now, memoryErr := resident(pids)
		peak = max(peak, now)
		select {
		case err := <-done:
			return peak, errors.Join(err, memoryErr)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
