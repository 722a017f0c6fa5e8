//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// checkPace is how many checks a second are timed: a busy site's, and far from what can be done.
	checkPace = 500
	// loginPace is how many people a second log in beside the checks, in the rows that say so.
	loginPace = 20
)

// checks are what the rows about forward authentication measure.
type checks struct {
	*bench
	server *process
	// checked is the address of --forward-auth-addr.
	checked string
	bare    *process
	// few are of as many browsers as there are connections at most, and many of 100,000.
	few, many [][]byte
	logins    atomic.Int64
}

// measureChecks measures how a proxy's questions about requests to an app are answered, against the bare handler that
// also asks the database, each under the same conditions.
func (b *bench) measureChecks(ctx context.Context) error {
	c := &checks{bench: b}
	var err error
	if c.many, err = b.addAppSignIns(ctx); err != nil {
		return err
	}
	c.few = c.many[:homeUsers]
	if c.checked, err = freeAddress(); err != nil {
		return err
	}
	if c.server, err = b.startServer(ctx, b.database, "--forward-auth-addr="+c.checked); err != nil {
		return err
	}
	defer c.server.kill()
	if c.bare, err = b.startBare(ctx, c.checked, c.few[0]); err != nil {
		return err
	}
	defer c.bare.kill()
	if err := errors.Join(c.measureRates(ctx), c.measureTimes(ctx)); err != nil {
		return err
	}
	return errors.Join(c.bare.stop(), c.server.stop())
}

// half is how long one measurement takes: there are many.
func (c *checks) half() (warmUp, window time.Duration) {
	return c.options.warmUp() / 2, c.options.window() / 2
}

// same measures something without anything beside it.
func (c *checks) same(_ context.Context, measure func() (float64, error)) (float64, error) {
	return measure()
}

// besideLogins measures something while people log in, whose hashes take a third of two processors.
func (c *checks) besideLogins(ctx context.Context, measure func() (float64, error)) (float64, error) {
	warmUp, window := c.half()
	lasts := warmUp + window + time.Second/2
	requests := make([][]byte, int(lasts.Seconds()*loginPace)+1)
	for i := range requests {
		name := username(homeUsers + int(c.logins.Add(1))%(c.options.Users/2-homeUsers))
		requests[i] = login(name, sharedPassword, newAddress())
	}
	var loginErr error
	var done sync.WaitGroup
	done.Go(func() {
		_, loginErr = pace(ctx, c.server.address, loginPace, lasts, http.StatusSeeOther, requests)
	})
	measured, err := measure()
	done.Wait()
	return measured, errors.Join(err, loginErr)
}

func (c *checks) besideGuesses(from *attack) func(context.Context, func() (float64, error)) (float64, error) {
	act := from.guess(c.options.Users/2, c.options.Users)
	return func(ctx context.Context, measure func() (float64, error)) (float64, error) {
		return c.during(ctx, c.server, act, measure)
	}
}

func (c *checks) measureRates(ctx context.Context) error {
	const against = "a bare handler that sends the same bytes after one SELECT by primary key"
	for _, kind := range []struct {
		name, beside string
		requests     [][]byte
		condition    func(context.Context, func() (float64, error)) (float64, error)
	}{
		{"check", "", c.few, c.same},
		{"check-logins", fmt.Sprintf(", beside the same %d logins a second", loginPace), c.few, c.besideLogins},
		{"check-cookies", fmt.Sprintf(", for the same %d cookies", len(c.many)), c.many, c.same},
	} {
		for _, connections := range []int{16, homeUsers} {
			r := c.report.begin(fmt.Sprintf("%s-%d", kind.name, connections), "req/s", against+kind.beside, target{RatioAtLeast: 0.85})
			measure := func(address string) func() (float64, error) {
				return func() (float64, error) {
					return kind.condition(ctx, func() (float64, error) {
						warmUp, window := c.half()
						return rate(ctx, warmUp, window, address, connections, sendingAll(kind.requests, connections))
					})
				}
			}
			if err := c.alternate(r, measure(c.checked), measure(c.bare.address)); err != nil {
				return err
			}
		}
	}
	return nil
}

// sendingAll has the clients share the requests out: each sends its own ones in turn.
func sendingAll(requests [][]byte, clients int) func(client int, c *connection) error {
	next := make([]struct {
		n int
		_ [7]int // a cache line for each client
	}, clients)
	return func(client int, c *connection) error {
		request := requests[(client+next[client].n*clients)%len(requests)]
		next[client].n++
		_, err := c.send(request, http.StatusOK, false)
		return err
	}
}

func (c *checks) measureTimes(ctx context.Context) error {
	from := &attack{answers: map[int]int{}}
	var sent int
	for _, kind := range []struct {
		name      string
		many      bool
		condition func(context.Context, func() (float64, error)) (float64, error)
		target    target
	}{
		{"check-p99", false, c.same, target{AtMost: 1}},
		{"check-cookies-p99", true, c.same, target{AtMost: 1}},
		{"check-logins-p99", false, c.besideLogins, target{AtMost: 5}},
		{"check-guessing-p99", false, c.besideGuesses(from), target{AtMost: 5}},
	} {
		r := c.report.begin(kind.name, "ms", fmt.Sprintf("the bare handler with the same %d requests a second, under the same conditions", checkPace), kind.target)
		_, window := c.half()
		var rounds []paced
		measure := func(address string) func() (float64, error) {
			return func() (float64, error) {
				requests := c.few
				if kind.many { // no cookie comes twice in a row of rounds
					number := min(int(window.Seconds()*checkPace)+1, len(c.many))
					if sent+number > len(c.many) {
						sent = 0
					}
					requests, sent = c.many[sent:sent+number], sent+number
				}
				return kind.condition(ctx, func() (float64, error) {
					all, err := pace(ctx, address, checkPace, window, http.StatusOK, requests)
					rounds = append(rounds, all)
					return all.percentile(99), err
				})
			}
		}
		if err := c.alternate(r, measure(c.checked), measure(c.bare.address)); err != nil {
			return err
		}
		r.note("%s", clientNote(rounds...))
		if kind.name == "check-guessing-p99" {
			r.note("%s", from)
		}
	}
	return nil
}

// addApp adds the app through the administrator's command; its members come with addAppSignIns.
func (b *bench) addApp(ctx context.Context) error {
	for _, arguments := range [][]string{
		{"group", "add", appGroup}, {"app", "add", appHost, "--for", appGroup, "--name", "Photos"},
	} {
		address, err := freeAddress()
		if err != nil {
			return err
		}
		p, err := startProcess(ctx, address, filepath.Join(b.folder, "commands.log"), append([]string{b.binary, "--db=" + b.database}, arguments...)...)
		if err != nil {
			return err
		}
		<-p.exited
		if code := p.command.ProcessState.ExitCode(); code != 0 {
			return fmt.Errorf("%q ended with %d%s", arguments, code, p.lastWords())
		}
	}
	return nil
}
