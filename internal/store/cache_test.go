package store

import (
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/internal/throttle"
)

// TestSignInThatWasRevokedIsNeverServedAgain has many readers ask for a sign-in all the time, while it is made and ended
// again and again, by this program and by another one. Once ending it has returned, nobody may find it.
func TestSignInThatWasRevokedIsNeverServedAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "auth.db")
	server, command := open(t, path), open(t, path)
	bob := createUser(t, server, "bob")

	var current, ended atomic.Pointer[string] // the sign-in that there is, and the last one that is known to be gone
	var stop atomic.Bool
	var found atomic.Int64
	readers := sync.WaitGroup{}
	for range 8 {
		readers.Go(func() {
			for !stop.Load() {
				gone, here := ended.Load(), current.Load()
				ctx := server.WithVersion(t.Context())
				if gone != nil {
					if signIns, err := server.SignInsByID(ctx, []string{*gone}); err != nil || len(signIns) != 0 {
						t.Errorf("found %v, %v, although it was ended before", signIns, err)
					}
				}
				if here != nil {
					if signIns, err := server.SignInsByID(ctx, []string{*here}); err == nil && len(signIns) == 1 {
						found.Add(1)
					}
				}
			}
		})
	}
	for i := range 60 {
		by := []*Store{server, command}[i%2]
		id := signIn(t, by, bob, noon).ID
		current.Store(&id)
		// A reader has it in memory before it ends.
		for before := found.Load(); found.Load() < before+3; time.Sleep(50 * time.Microsecond) {
			if t.Failed() {
				break
			}
		}
		current.Store(nil)
		if _, err := by.EndAllSignIns(t.Context(), bob, at(noon)); err != nil {
			t.Fatal(err)
		}
		ended.Store(&id)
	}
	stop.Store(true)
	readers.Wait()
}

func TestSessionThatWasDeletedOrHasExpiredIsNeverServedAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "auth.db")
	server, command := open(t, path), open(t, path)
	for i := range 20 {
		for name, end := range map[string]string{
			"deleted": "DELETE FROM sessions WHERE token = $1", "expired": "UPDATE sessions SET expiry = julianday('now') WHERE token = $1",
		} {
			token := fmt.Sprint(name, i)
			if _, err := server.DB().Exec("INSERT INTO sessions (token, data, expiry) VALUES ($1, x'64617461', julianday('now') + 1)", token); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if data, found, err := server.FindSession(t.Context(), token); !found || err != nil || string(data) != "data" {
					t.Fatalf("%q, %t, %v", data, found, err)
				}
			}
			if _, err := []*Store{server, command}[i%2].DB().Exec(end, token); err != nil {
				t.Fatal(err)
			}
			if _, found, err := server.FindSession(t.Context(), token); found || err != nil {
				t.Fatalf("%s: found %t, %v", token, found, err)
			}
		}
	}
}

func TestSessionInMemoryExpiresToo(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	if _, err := s.DB().Exec("INSERT INTO sessions (token, data, expiry) VALUES ('token', x'64617461', julianday('now', '+0.3 seconds'))"); err != nil {
		t.Fatal(err)
	}
	ctx := s.WithVersion(t.Context())
	if _, found, err := s.FindSession(ctx, "token"); !found || err != nil {
		t.Fatalf("found %t, %v before it expires", found, err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if _, found, _ := s.FindSession(ctx, "token"); !found {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("it never expires")
		}
	}
}

func TestSignInsAreTheCallersOwnCopy(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	id := signIn(t, s, createUser(t, s, "bob"), noon).ID
	ctx := s.WithVersion(t.Context())
	for range 2 {
		found, err := s.SignInsByID(ctx, []string{id})
		if err != nil || len(found) != 1 || found[0].Username != "bob" {
			t.Fatal(found, err)
		}
		found[0].Username = "eve"
	}
}

func TestDatabaseThatWasPutBackIsReadAgain(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	bob := createUser(t, s, "bob")
	id := signIn(t, s, bob, noon).ID
	if found, err := s.SignInsByID(t.Context(), []string{id}); err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	before := s.versions.version()
	s.Reopen()
	if after := s.versions.version(); after == before || after == (version{}) {
		t.Errorf("version %v after %v", after, before)
	}
	if _, err := s.EndAllSignIns(t.Context(), bob, at(noon)); err != nil {
		t.Fatal(err)
	}
	if found, err := s.SignInsByID(t.Context(), []string{id}); err != nil || len(found) != 0 {
		t.Errorf("found %v, %v after it was ended", found, err)
	}
}

func BenchmarkVersion(b *testing.B) {
	s := newStore(b)
	b.ReportAllocs()
	for b.Loop() {
		s.versions.version()
	}
}

func BenchmarkFindSession(b *testing.B) {
	s := newStore(b)
	if _, err := s.DB().Exec("INSERT INTO sessions (token, data, expiry) VALUES ('token', x'64617461', julianday('now') + 1)"); err != nil {
		b.Fatal(err)
	}
	find := func(b *testing.B) {
		if _, found, err := s.FindSession(b.Context(), "token"); !found || err != nil {
			b.Fatal(found, err)
		}
	}
	b.Run("InMemory", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			find(b)
		}
	})
	b.Run("AfterACommit", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s.versions.reconnect() // like a commit, it makes what is cached stale
			find(b)
		}
	})
}

func BenchmarkThrottleCheck(b *testing.B) {
	s := newStore(b)
	counters := []Counter{
		{Key: []byte("account"), Rule: throttle.Budget{Number: 1 << 30, Period: time.Hour}},
		{Key: []byte("address"), Rule: throttle.Budget{Number: 1 << 30, Period: time.Hour}},
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, wait, err := s.Take(b.Context(), counters, time.Now()); wait > 0 || err != nil {
			b.Fatal(wait, err)
		}
	}
}
