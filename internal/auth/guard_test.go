package auth_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/internal/auth"
	"latchkey/internal/password"
	"latchkey/internal/store"
	"latchkey/internal/throttle"
)

var limits = auth.Limits{
	KnownBrowserFailures: 10, KnownBrowserWindow: 10 * time.Minute,
	UnknownBrowserFailures: 5, UnknownBrowserWait: 30 * time.Second, UnknownBrowserMaxWait: time.Hour, CloseAt: 100,
	FailuresPerHour: 20, SignupsPerHour: 3, RecoveriesPerHour: 3, NameChecksPerMinute: 3,
}

// A door is a guard over a real database, with an account bob and a clock of the test's own.
type door struct {
	*auth.Guard
	t      *testing.T
	store  *store.Store
	bob    int64
	now    atomic.Int64
	events []store.EventKind
}

const right = "the right password"

func newDoor(t *testing.T) *door {
	t.Helper()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "auth.db"), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	d := &door{t: t, store: db}
	d.now.Store(time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC).Unix())
	var mu sync.Mutex
	db.Notify(func(event store.Event) {
		mu.Lock()
		defer mu.Unlock()
		d.events = append(d.events, event.Kind)
	})
	hasher := password.NewHasher(password.Params{MemoryKiB: 64, Iterations: 1, Threads: 1}, 2, 100, nil)
	d.Guard = auth.NewGuard(db, hasher, limits, filepath.Join(t.TempDir(), "key"), slog.New(slog.NewTextHandler(io.Discard, nil)), d.clock)
	hash, err := hasher.Hash(t.Context(), "", right)
	if err != nil {
		t.Fatal(err)
	}
	d.bob, err = db.CreateUser(t.Context(), store.User{Username: "bob", PassHash: hash}, store.DeviceRotation{NewHash: auth.HashDevice("bob's")}, client(1).Origin(d.clock()))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *door) clock() time.Time { return time.Unix(d.now.Load(), 0) }

func (d *door) advance(by time.Duration) { d.now.Add(int64(by / time.Second)) }

// client is an unknown browser at one of several addresses.
func client(number int) auth.Client {
	return auth.Client{Address: fmt.Sprintf("192.0.2.%d", number), UserAgent: "test", Device: auth.HashDevice("")}
}

// login is what comes of a login: "in", "wrong", or how long to wait.
func (d *door) login(client auth.Client, username, secret string) string {
	d.t.Helper()
	err := d.Login(d.t.Context(), client, username, secret, func(user store.User, settled store.Settlement) error {
		_, browser := client.NewDevice()
		browser.NewHash = client.Device // the test's browsers keep their cookies
		return d.store.CreateSignIn(d.t.Context(), store.NewSignIn{
			ID: fmt.Sprint("sign-in ", d.now.Load()), User: user, Replaced: []string{fmt.Sprint("sign-in ", d.now.Load())},
			Browser: browser, Settled: settled,
		}, client.Origin(d.clock()))
	})
	var throttled *auth.ThrottledError
	switch {
	case err == nil:
		return "in"
	case errors.Is(err, auth.ErrWrongCredentials):
		return "wrong"
	case errors.As(err, &throttled) && throttled.Wait == throttle.Closed:
		return "closed"
	case errors.As(err, &throttled):
		return fmt.Sprint(throttled.Wait)
	}
	d.t.Fatal(err)
	return ""
}

func (d *door) want(what string, client auth.Client, username, secret string, want string) {
	d.t.Helper()
	if got := d.login(client, username, secret); got != want {
		d.t.Errorf("%s: %s, want %s", what, got, want)
	}
}

func TestLoginOfUnknownBrowsersSharesOneLimitWhateverTheirAddresses(t *testing.T) {
	d := newDoor(t)
	for i := range 5 {
		d.want("free", client(i), "bob", "wrong", "wrong")
	}
	d.want("too early, and right", client(9), "BOB", right, "30s")
	d.advance(30 * time.Second)
	d.want("in time, and wrong", client(9), "bob", "wrong", "wrong")
	d.want("twice as long", client(9), "bob", right, "1m0s")
	d.advance(time.Minute)
	d.want("right", client(10), "bob", right, "in")
	d.want("anew", client(11), "bob", "wrong", "wrong")
}

func TestLoginOfAKnownBrowserIsHeldByItsOwnLimitAlone(t *testing.T) {
	d := newDoor(t)
	known := client(1)
	known.Device = auth.HashDevice("bob's")
	for i := range 25 {
		d.login(client(1), fmt.Sprint("name", i), "wrong")
		d.login(client(2), "bob", "wrong")
	}
	d.want("another at the same address", client(1), "anyone", "wrong", "3m0s")
	for range 10 {
		d.want("known", known, "bob", "wrong", "wrong")
	}
	d.want("known, over its limit", known, "bob", right, "1m0s")
	d.advance(time.Minute)
	d.want("known, in time", known, "bob", right, "in")
}

func TestLoginClosesAfterAHundredFailuresInARow(t *testing.T) {
	d := newDoor(t)
	known := client(1)
	known.Device = auth.HashDevice("bob's")
	for name, from := range map[string]auth.Client{"unknown browsers": client(2), "a known browser": known} {
		for range 100 {
			d.want(name, from, "bob", "wrong", "wrong")
			d.advance(time.Hour)
		}
		d.want(name, from, "bob", right, "closed")
		if err := d.store.Unlock(t.Context(), d.bob, client(1).Origin(d.clock())); err != nil {
			t.Fatal(err)
		}
		d.want(name+" after unlocking", from, "bob", right, "in")
	}
}

func TestLoginCountsAttemptsAtOnceBeforeTheyAreLookedAt(t *testing.T) {
	d := newDoor(t)
	var group sync.WaitGroup
	var wrong atomic.Int32
	for i := range 64 {
		group.Go(func() {
			if d.login(client(i), "bob", "wrong") == "wrong" {
				wrong.Add(1)
			}
		})
	}
	group.Wait()
	if wrong.Load() != 5 {
		t.Errorf("%d of 64 were looked at, want 5", wrong.Load())
	}
}

func TestLoginChecksAgainWhenThePasswordChangedDuringTheCheck(t *testing.T) {
	d := newDoor(t)
	tries := 0
	err := d.Login(t.Context(), client(1), "bob", right, func(_ store.User, settled store.Settlement) error {
		if tries++; tries == 1 {
			return store.ErrPasswordChanged
		}
		return d.store.Settle(t.Context(), settled, d.clock())
	})
	if err != nil || tries != 2 {
		t.Errorf("%v after %d tries", err, tries)
	}
	err = d.Login(t.Context(), client(1), "bob", right, func(store.User, store.Settlement) error { return store.ErrPasswordChanged })
	if !errors.Is(err, auth.ErrWrongCredentials) {
		t.Errorf("a password that changes again and again: %v", err)
	}
	for range 5 { // none of these attempts was a failure
		d.want("afterwards", client(1), "bob", "wrong", "wrong")
	}
}

func TestLoginOfADisabledAccountOrAForbiddenNameIsLikeAWrongPassword(t *testing.T) {
	d := newDoor(t)
	if err := d.store.SetDisabled(t.Context(), d.bob, true, client(1).Origin(d.clock())); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"bob", "nobody", "a/b"} {
		for i := range 5 {
			d.want(name, client(i), name, right, "wrong")
		}
		d.want(name, client(9), name, right, "30s")
	}
}

func TestConfirmIsCountedForItsSignInAlone(t *testing.T) {
	d := newDoor(t)
	signIn := store.SignIn{ID: "id", UID: d.bob, Username: "bob"}
	confirm := func(secret string) error {
		return d.Confirm(t.Context(), client(1), signIn, secret, func(store.User, store.Settlement) error { return nil })
	}
	for range 10 {
		if err := confirm("wrong"); !errors.Is(err, auth.ErrWrongCredentials) {
			t.Fatal(err)
		}
	}
	if err := confirm(right); !errors.As(err, new(*auth.ThrottledError)) {
		t.Errorf("the eleventh: %v", err)
	}
	d.want("a login", client(2), "bob", right, "in")
	signIn.UID++ // another account has the name now
	d.advance(time.Hour)
	if err := confirm(right); !errors.Is(err, store.ErrNotSignedIn) {
		t.Errorf("another account: %v", err)
	}
}

func TestAllowCountsByNetwork(t *testing.T) {
	d := newDoor(t)
	for _, limit := range []auth.Limit{auth.Signup, auth.NameCheck, auth.Recovery} {
		at := func(address string) error { return d.Allow(t.Context(), auth.Client{Address: address}, limit) }
		for _, address := range []string{"2001:db8::1", "2001:db8::2", "2001:db8::ffff:1"} {
			if err := at(address); err != nil {
				t.Errorf("%d: %v", limit, err)
			}
		}
		var throttled *auth.ThrottledError
		if err := at("2001:db8::3"); !errors.As(err, &throttled) || throttled.ByAccount {
			t.Errorf("%d: one too many: %v", limit, err)
		}
		if err := at("2001:db8:0:1::3"); err != nil {
			t.Errorf("%d: another network: %v", limit, err)
		}
		if _, err := d.store.ForgetAttempts(t.Context(), auth.NetworkKeys("2001:db8::7")...); err != nil {
			t.Fatal(err)
		}
		if err := at("2001:db8::3"); err != nil {
			t.Errorf("%d: after unlocking: %v", limit, err)
		}
	}
}
