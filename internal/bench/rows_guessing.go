//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
)

const (
	attackers = 64
	// homePace is how many requests a second honest people send meanwhile.
	homePace = 50
)

// attack counts what those who guess passwords were answered.
type attack struct {
	guesses atomic.Int64
	mutex   sync.Mutex
	answers map[int]int // by status
}

// guess sends a wrong password for one name after another, every other one of which has an account, each time from a new
// address: so each is checked. Nobody logs in to the ones guessed at, which are those from first up to end.
func (a *attack) guess(first, end int) func(client int, c *connection) error {
	return func(_ int, c *connection) error {
		n := int(a.guesses.Add(1))
		name := username(first + n%(end-first))
		if n%2 == 0 {
			name = fmt.Sprintf("nobody%07d", n)
		}
		answer, err := c.exchange(login(name, "not the password", newAddress()), false)
		if err != nil {
			return err
		}
		switch answer.status {
		case http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusServiceUnavailable:
		default:
			return fmt.Errorf("answer %d to a wrong password", answer.status)
		}
		a.mutex.Lock()
		defer a.mutex.Unlock()
		a.answers[answer.status]++
		return nil
	}
}

func (a *attack) String() string {
	others := 0
	for status, number := range a.answers {
		if status != http.StatusUnauthorized {
			others += number
		}
	}
	return fmt.Sprintf("%d guesses were checked (401), %d were refused (429: %d, 503: %d)", a.answers[http.StatusUnauthorized], others,
		a.answers[http.StatusTooManyRequests], a.answers[http.StatusServiceUnavailable])
}

// during measures something while all attackers are at work.
func (b *bench) during(ctx context.Context, server *process, act func(int, *connection) error, measure func() (float64, error)) (float64, error) {
	crowd, err := startCrowd(ctx, server.address, attackers, act)
	if err != nil {
		return 0, err
	}
	err = crowd.goOn(ctx, b.options.warmUp())
	var measured float64
	if err == nil {
		measured, err = measure()
	}
	return measured, errors.Join(err, crowd.stop())
}

// measureGuessing measures what honest people notice of an attack, against a quiet server.
func (b *bench) measureGuessing(ctx context.Context) error {
	server, err := b.startServer(ctx, b.database)
	if err != nil {
		return err
	}
	defer server.kill()
	requests, err := homeRequests(ctx, server, pacers)
	if err != nil {
		return err
	}
	if err := b.measureFlood(ctx, server, requests); err != nil {
		return err
	}
	return server.stop()
}

// measureFlood has guesses come from everywhere, so that each is checked, and loads home pages meanwhile.
func (b *bench) measureFlood(ctx context.Context, server *process, requests [][]byte) error {
	r := b.report.begin("guessing-home-p99", "ms", fmt.Sprintf("the same %d home pages a second without the %d who guess, each time from a new address", homePace, attackers),
		target{RatioAtMost: 2, AtMost: 5})
	var rounds []paced
	page := func() (float64, error) {
		all, err := pace(ctx, server.address, homePace, 2*b.options.window(), http.StatusOK, requests)
		rounds = append(rounds, all)
		return all.percentile(99), err
	}
	from := &attack{answers: map[int]int{}}
	act := from.guess(b.options.Users/2, b.options.Users)
	if err := b.alternate(r, func() (float64, error) { return b.during(ctx, server, act, page) }, page); err != nil {
		return err
	}
	r.note("%s", from)
	r.note("%s", clientNote(rounds...))
	return nil
}
