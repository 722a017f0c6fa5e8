package auth

import (
	"context"
	"errors"

	"latchkey/internal/store"
	"latchkey/internal/throttle"
)

// ErrWrongCredentials is one answer for a wrong name and a wrong password. It does not tell which accounts exist
// (ASVS 5.0 6.3.8).
var ErrWrongCredentials = errors.New("wrong credentials")

// attempt is one try at an account's password. It counts as failed until it is known to be right (ASVS 5.0 6.1.1,
// 6.3.1; NIST SP 800-63B-4 section 3.2.2).
//
// After OWASP's device cookies, a browser that logged in to the account before has a small limit of its own, and it
// alone: what others do never keeps the owner out of a browser they have used. All other browsers share one limit,
// which gets slower and closes in the end, and are held by the limit of their address too. A name without an account
// has limits like any other.
type attempt struct {
	counters []store.Counter // the account's first
	unknown  store.Counter
}

// begin counts an attempt at the account's password. One that comes too early is a *ThrottledError.
func (g *Guard) begin(ctx context.Context, client Client, of account) (attempt, error) {
	return g.count(ctx, client, of.browser != "",
		g.limits.knownBrowser(throttle.KnownBrowser(of.username, of.browser)), g.limits.unknownBrowsers(throttle.UnknownBrowsers(of.username)))
}

// count counts an attempt against the limit of its browser, if that is known to the account, or against the one of all
// others and that of its address.
func (g *Guard) count(ctx context.Context, client Client, isKnown bool, known, unknown store.Counter) (attempt, error) {
	a := attempt{unknown: unknown, counters: []store.Counter{unknown, g.limits.perNetwork(failures, client.Network())}}
	if isKnown {
		a.counters = []store.Counter{known}
	}
	refusing, wait, err := g.store.Take(ctx, a.counters, g.now())
	if err == nil && wait > 0 {
		err = &ThrottledError{ByAccount: refusing == 0, Wait: wait}
	}
	return a, err
}

// right settles an attempt that was right: it resets the account's limits and refunds the address.
func (a attempt) right() store.Settlement {
	return store.Settlement{Reset: []store.Counter{a.counters[0], a.unknown}, TakeBack: a.counters}
}

// undo takes back an attempt that came to nothing through no fault of the client.
func (g *Guard) undo(ctx context.Context, a attempt) error {
	// A client that leaves early must not leave a count behind.
	return g.store.Settle(context.WithoutCancel(ctx), store.Settlement{TakeBack: a.counters}, g.now())
}

// account is whose password an attempt is at.
type account struct {
	// username names the counter of the attempt, whether there is such an account or not.
	username string
	// browser identifies a known browser of the account, and is "" for any other.
	browser string
	// find returns the account, or the zero value when there is none. It is called only when the
	// attempt is allowed: a refusal tells nothing.
	find func() (store.User, error)
}

// tryPassword lets proceed do what the right password allows. proceed settles the attempt in its own transaction. When
// it fails, the attempt was none.
//
// Errors are ErrWrongCredentials, a *ThrottledError, password.ErrBusy, and those of find and proceed.
func (g *Guard) tryPassword(ctx context.Context, client Client, of account, secret string, proceed func(store.User, store.Settlement) error) error {
	a, err := g.begin(ctx, client, of)
	if errors.As(err, new(*ThrottledError)) {
		g.store.RecordFailure(store.Failure{Kind: store.LoginThrottled, Username: of.username}, client.Origin(g.now()))
	}
	if err != nil {
		return err
	}
	user, err := of.find()
	if err == nil {
		user, err = g.checkPassword(ctx, client, user, secret)
	}
	switch {
	case err == nil:
		err = proceed(user, a.right())
	case errors.Is(err, ErrWrongCredentials):
		g.store.RecordFailure(store.Failure{Kind: store.LoginFailed, UID: user.UID}, client.Origin(g.now()))
		return err // stays counted
	}
	if err != nil {
		err = errors.Join(err, g.undo(ctx, a))
	}
	return err
}
