package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// writes are all the ways to change the database.
func writes(s *Store) map[string]func(ctx context.Context) error {
	return map[string]func(context.Context) error{
		"CreateUser": func(ctx context.Context) error {
			_, err := s.CreateUser(ctx, User{Username: "eve", PassHash: "hash"}, unknown, at(noon))
			return err
		},
		"ReplacePassHash": func(ctx context.Context) error { return s.ReplacePassHash(ctx, 1, "old", "new") },
		"CreateSignIn":    func(ctx context.Context) error { return s.CreateSignIn(ctx, login(1, "bob"), at(noon)) },
		"LogOut": func(ctx context.Context) error {
			return s.LogOut(ctx, []string{"id"}, at(noon))
		},
		"WriteCollected": func(ctx context.Context) error {
			s.TouchSignIn("id", time.Now())
			return s.WriteCollected(ctx)
		},
		"CleanUp": func(ctx context.Context) error { return s.CleanUp(ctx, Cutoffs{}) },
	}
}

func wantUnavailable(t *testing.T, attempts map[string]func(context.Context) error) {
	t.Helper()
	for name, attempt := range attempts {
		if err := attempt(t.Context()); !errors.Is(err, ErrUnavailable) || !Unavailable(err) {
			t.Errorf("%s: %v, want ErrUnavailable", name, err)
		}
	}
}

func TestUnavailableIsWritingButNotReadingUnderALongLock(t *testing.T) {
	fileOnly(t)
	path := filepath.Join(t.TempDir(), "auth.db")
	s := openWaiting(t, path, 20*time.Millisecond)
	createUser(t, s, "bob")
	unlock := lock(t, path, "IMMEDIATE")
	wantUnavailable(t, writes(s))
	if _, err := s.UserByUsername(t.Context(), "bob"); err != nil {
		t.Errorf("reading: %v", err)
	}
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("ready: %v", err)
	}
	unlock()
	createUser(t, s, "eve")
}

func TestUnavailableIsWritingInAReadOnlyDatabase(t *testing.T) {
	fileOnly(t)
	s := newStore(t)
	createUser(t, s, "bob")
	if _, err := s.DB().ExecContext(t.Context(), "PRAGMA query_only = 1"); err != nil {
		t.Fatal(err)
	}
	wantUnavailable(t, writes(s))
	if _, err := s.UserByUsername(t.Context(), "bob"); err != nil {
		t.Errorf("reading: %v", err)
	}
}

func TestUnavailableIsWritingOnAFullDisk(t *testing.T) {
	fileOnly(t)
	s := newStore(t)
	// SQLite treats a file that may not grow like a disk that is full.
	if got := value(t, s, "PRAGMA max_page_count = 1"); got == "1" {
		t.Fatal("the database fits into one page")
	}
	for i := range 1000 {
		_, err := s.CreateUser(t.Context(), User{Username: fmt.Sprint("user", i), PassHash: "hash"}, unknown, at(noon))
		if errors.Is(err, ErrUnavailable) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Error("there was always room")
}

func TestUnavailableIsAFileThatIsNoLongerADatabase(t *testing.T) {
	fileOnly(t)
	path := filepath.Join(t.TempDir(), "auth.db")
	s := open(t, path)
	uid := createUser(t, s, "bob")
	signIn := signIn(t, s, uid, noon)
	s.Reopen() // closed by its last connection, the file holds all of itself
	if err := os.WriteFile(path, []byte("These are my notes, and not a database.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantUnavailable(t, writes(s))
	wantUnavailable(t, map[string]func(context.Context) error{
		"Ready": s.Ready,
		"UserByUsername": func(ctx context.Context) error {
			_, err := s.UserByUsername(ctx, "bob")
			return err
		},
		"SignInsByID": func(ctx context.Context) error {
			_, err := s.SignInsByID(ctx, []string{signIn.ID})
			return err
		},
	})
}

func TestUnavailableIsNotSaidToACallerWhoStopsWaiting(t *testing.T) {
	fileOnly(t)
	path := filepath.Join(t.TempDir(), "auth.db")
	s := openWaiting(t, path, time.Minute)
	defer lock(t, path, "IMMEDIATE")()
	for name, write := range writes(s) {
		ctx, cancel := context.WithCancelCause(t.Context())
		timer := time.AfterFunc(10*time.Millisecond, func() { cancel(context.Canceled) })
		if err := write(ctx); !errors.Is(err, context.Canceled) || Unavailable(err) {
			t.Errorf("%s: %v, want context.Canceled", name, err)
		}
		timer.Stop()
		cancel(nil)
	}
}

func TestUnavailableIsOnlyTroubleOfTheDatabase(t *testing.T) {
	s := newStore(t)
	createUser(t, s, "bob")
	_, taken := s.CreateUser(t.Context(), User{Username: "bob", PassHash: "hash"}, unknown, at(noon))
	_, wrongQuery := s.DB().ExecContext(t.Context(), "SELECT misspelt FROM users")
	for _, err := range []error{nil, taken, wrongQuery, ErrNoUser, context.Canceled, errors.New("else")} {
		if Unavailable(err) {
			t.Errorf("%v counts as an outage", err)
		}
	}
}
