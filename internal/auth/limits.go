package auth

import (
	"context"
	"time"

	"latchkey/internal/store"
	"latchkey/internal/throttle"
)

// Limits are the numbers of the rate limits (ASVS 5.0 6.1.1, 6.3.1; NIST SP 800-63B-4 section 3.2.2).
type Limits struct {
	// KnownBrowserFailures are allowed in KnownBrowserWindow to a browser that has logged in to the account.
	KnownBrowserFailures int
	KnownBrowserWindow   time.Duration
	// UnknownBrowserFailures are allowed to all other browsers together. Then each attempt waits, UnknownBrowserWait and
	// twice as long each time, up to UnknownBrowserMaxWait.
	UnknownBrowserFailures int
	UnknownBrowserWait     time.Duration
	UnknownBrowserMaxWait  time.Duration
	// CloseAt is the number of failures in a row at which each of these limits closes.
	CloseAt int
	// What one network may do, over all accounts. Challenges for passkeys go by NameChecksPerMinute, as a known browser's do.
	FailuresPerHour, SignupsPerHour, RecoveriesPerHour, NameChecksPerMinute int
}

// A Limit bounds how often one network may do something.
type Limit int

// The limits beside those on passwords.
const (
	Signup Limit = iota
	NameCheck
	Recovery
	AppPassword // wrong ones
	Challenge   // for passkeys
	failures    // of passwords; the last, and each has its word in kind and its event in throttledKind
)

func (l Limit) kind() string {
	return [...]string{"signup", "name check", "recovery", "app password", "challenge", "failures"}[l]
}

func (l Limits) rule(limit Limit) throttle.Rule {
	switch limit {
	case Signup:
		return throttle.Budget{Number: l.SignupsPerHour, Period: time.Hour}
	case NameCheck, Challenge:
		return throttle.Budget{Number: l.NameChecksPerMinute, Period: time.Minute}
	case Recovery:
		return throttle.Budget{Number: l.RecoveriesPerHour, Period: time.Hour}
	}
	return throttle.Budget{Number: l.FailuresPerHour, Period: time.Hour}
}

func (l Limits) knownBrowser(key []byte) store.Counter {
	return store.Counter{Key: key, Rule: throttle.Budget{Number: l.KnownBrowserFailures, Period: l.KnownBrowserWindow, CloseAt: l.CloseAt}}
}

func (l Limits) unknownBrowsers(key []byte) store.Counter {
	return store.Counter{Key: key, Rule: throttle.Backoff{
		Free: l.UnknownBrowserFailures, FirstWait: l.UnknownBrowserWait, MaxWait: l.UnknownBrowserMaxWait, CloseAt: l.CloseAt,
	}}
}

func (l Limits) perNetwork(limit Limit, network string) store.Counter {
	return store.Counter{Key: throttle.PerAddress(limit.kind(), network), Rule: l.rule(limit)}
}

// NetworkKeys are the keys of all counters of the network that an address belongs to.
func NetworkKeys(address string) (keys [][]byte) {
	for limit := range failures + 1 {
		keys = append(keys, throttle.PerAddress(limit.kind(), NetworkOf(address)))
	}
	return keys
}

// ThrottledError means that an attempt came too early.
type ThrottledError struct {
	// ByAccount is set when there were too many attempts at the account, and not from the client's address.
	ByAccount bool
	// Wait is throttle.Closed when time alone does not help.
	Wait time.Duration
}

func (e *ThrottledError) Error() string { return "throttled" }

var throttledKind = map[Limit]store.EventKind{
	Signup: store.SignupThrottled, NameCheck: store.NameCheckThrottled, Recovery: store.RecoveryThrottled, AppPassword: store.AppThrottled,
	Challenge: store.SecondThrottled,
}

// Allow counts something that a client's network may do only so often. One time too many is a *ThrottledError.
func (g *Guard) Allow(ctx context.Context, client Client, limit Limit) error {
	return g.allow(ctx, client, limit, g.limits.perNetwork(limit, client.Network()))
}

// WouldAllow is Allow for what has been counted, without counting it again.
func (g *Guard) WouldAllow(ctx context.Context, client Client, limit Limit) error {
	wait, err := g.store.Wait(ctx, []store.Counter{g.limits.perNetwork(limit, client.Network())}, g.now())
	if err == nil && wait > 0 {
		return &ThrottledError{Wait: wait}
	}
	return err
}

// AllowRecovery counts a recovery code that is tried for the account with this name. A known browser of the account is
// held by its own limit alone: what others do from the same address keeps no owner out.
func (g *Guard) AllowRecovery(ctx context.Context, client Client, username string) error {
	counter := g.limits.perNetwork(Recovery, client.Network())
	browser, err := g.store.KnownBrowser(ctx, username, client.Device)
	if err != nil {
		return err
	}
	if browser != "" {
		counter.Key = throttle.KnownBrowserRecovery(username, browser)
	}
	return g.allow(ctx, client, Recovery, counter)
}

// AllowChallenge counts a challenge for a passkey. shown is the id of the sign-in, or of the login half done, in which it is
// asked for, or "". Such a browser, and one that is known to any account, is held by a limit of its own alone: what others do
// from the same address keeps nobody from using a passkey.
func (g *Guard) AllowChallenge(ctx context.Context, client Client, shown string) error {
	if shown == "" {
		var err error
		if shown, err = g.store.BrowserOfAnybody(ctx, client.Device); err != nil {
			return err
		}
	}
	counter := g.limits.perNetwork(Challenge, client.Network())
	if shown != "" {
		counter.Key = throttle.PerBrowser(Challenge.kind(), shown)
	}
	return g.allow(ctx, client, Challenge, counter)
}

func (g *Guard) allow(ctx context.Context, client Client, limit Limit, counter store.Counter) error {
	_, wait, err := g.store.Take(ctx, []store.Counter{counter}, g.now())
	if err == nil && wait > 0 {
		g.store.RecordFailure(store.Failure{Kind: throttledKind[limit]}, client.Origin(g.now()))
		return &ThrottledError{Wait: wait}
	}
	return err
}
