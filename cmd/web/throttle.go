package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"latchkey/internal/password"
	"latchkey/internal/store"
	"latchkey/internal/throttle"
)

// throttledError means that a try came too early.
type throttledError struct {
	what string
	wait time.Duration // throttle.Closed when time alone does not help
}

func (e *throttledError) Error() string { return "throttled" }

// tryLater is what to say, and with which status, when nothing is wrong with what was typed but it came too early,
// or when too much is going on: the answer says when to send it again. For other errors the status is 0.
func (a *app) tryLater(c echo.Context, err error) (status int, message string) {
	var throttled *throttledError
	switch {
	case errors.As(err, &throttled):
		return http.StatusTooManyRequests, a.throttledMessage(c, throttled)
	case errors.Is(err, password.ErrBusy):
		return http.StatusServiceUnavailable, fmt.Sprintf(
			"Too many people are logging in at this moment. Please try again in %s.", retryAfter(c, busyWait))
	}
	return 0, ""
}

// busyWait is about how long a full queue of password checks takes to empty.
const busyWait = 5 * time.Second

func (a *app) throttledMessage(c echo.Context, e *throttledError) string {
	if e.wait == throttle.Closed {
		retryAfter(c, a.settings.StrangerMaxWait)
		return "Too many failed logins with this username. Now it can only be used in a browser that logged in with it before, or after choosing a new password with the recovery code."
	}
	return fmt.Sprintf("%s Please wait %s and try again.", e.what, retryAfter(c, e.wait))
}

const (
	tooManyFromAddress = "Too many tries from your address."
	tooManyForAccount  = "Too many failed logins with this username."
)

// allow counts something that the visitor's address may do only so often in a period, such as "signup". A handler
// that returns the *throttledError of one time too many is done: handleError makes a page of it.
func (a *app) allow(c echo.Context, kind string, number int, period time.Duration) error {
	_, wait, err := a.store.Take(c.Request().Context(), []store.Counter{perAddress(c, kind, number, period)}, a.now())
	if err == nil && wait > 0 {
		a.logEvent(c, store.EventKind(kind+" throttled"), 0)
		return &throttledError{tooManyFromAddress, wait}
	}
	return err
}

func perAddress(c echo.Context, kind string, number int, period time.Duration) store.Counter {
	return store.Counter{
		Key:  counterKey("address", kind, neighbourhood(address(c))),
		Rule: throttle.Budget{Number: number, Period: period},
	}
}

// A guess is one try at an account's password, and counts as failed until it is known to be right (ASVS 5.0 6.1.1,
// 6.3.1; NIST SP 800-63B-4 section 3.2.2).
//
// It is made in one of two lanes, after OWASP's device cookies: a browser that logged in to the account before has a
// small budget of its own, and all others share one lane, which gets slower and closes in the end. So whoever guesses
// from elsewhere gets few tries, and never keeps the owner out of a browser they have used. A name without an account
// has a lane like any other.
type guess struct {
	lane      store.Counter
	address   store.Counter
	strangers store.Counter
}

// guess begins a try at the password of the account with this name. browser identifies a browser that is known to
// belong to the account, and is "" for any other. A try too early is a *throttledError.
func (a *app) guess(c echo.Context, username, browser string) (guess, error) {
	g := guess{
		strangers: store.Counter{Key: strangersKey(username), Rule: throttle.Backoff{
			Free: a.settings.StrangerFailures, FirstWait: a.settings.StrangerWait,
			MaxWait: a.settings.StrangerMaxWait, CloseAt: a.settings.StrangerClose,
		}},
		address: perAddress(c, "failures", a.settings.FailuresPerHour, time.Hour),
	}
	g.lane = g.strangers
	if browser != "" {
		g.lane = store.Counter{Key: counterKey("known browser", username, browser), Rule: throttle.Budget{
			Number: a.settings.KnownBrowserFailures, Period: a.settings.KnownBrowserWindow,
		}}
	}
	refusing, wait, err := a.store.Take(c.Request().Context(), []store.Counter{g.lane, g.address}, a.now())
	switch {
	case err != nil:
		return g, err
	case wait > 0 && refusing == 0:
		return g, &throttledError{tooManyForAccount, wait}
	case wait > 0:
		return g, &throttledError{tooManyFromAddress, wait}
	}
	return g, nil
}

// settle ends a guess: one that was right sets the account's lanes free and costs the address nothing; one that could
// not be checked was none; one that was wrong stays counted.
func (a *app) settle(c echo.Context, g guess, outcome error) error {
	ctx := context.WithoutCancel(c.Request().Context()) // whoever leaves early must not leave a count behind
	switch {
	case outcome == nil:
		return a.store.SettleTry(ctx, []store.Counter{g.lane, g.strangers}, []store.Counter{g.address}, a.now())
	case errors.Is(outcome, errWrongCredentials):
		return nil
	}
	return a.store.SettleTry(ctx, nil, []store.Counter{g.lane, g.address}, a.now())
}

// strangersKey names the lane that all strangers share at one account.
func strangersKey(username string) []byte {
	return counterKey("strangers", username)
}

// counterKey is a hash, so that the database keeps no name that was tried: people type passwords there.
func counterKey(parts ...string) []byte {
	hash := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(hash, "%d:%s,", len(part), part)
	}
	return hash.Sum(nil)[:16]
}
