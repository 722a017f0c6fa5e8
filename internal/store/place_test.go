package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// swap moves a database away, and puts another one in its place.
func swap(t *testing.T, path, next string) (moved string) {
	t.Helper()
	moved = filepath.Join(t.TempDir(), "moved.db")
	for from, to := range map[string]string{path: moved} {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	if next != "" {
		if err := os.Rename(next, path); err != nil {
			t.Fatal(err)
		}
	}
	return moved
}

func TestDatabaseMovedWithinATransactionDoesNotGetIt(t *testing.T) {
	fileOnly(t)
	t.Parallel()
	path := filepath.Join(t.TempDir(), "auth.db")
	s := open(t, path)
	createUser(t, s, "bob")
	tx, err := s.DB().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("INSERT INTO users (username, pass_hash, created_at) VALUES ('carol', '', 0)"); err != nil {
		t.Fatal(err)
	}
	moved := swap(t, path, "")
	if err := tx.Commit(); !errors.Is(err, ErrUnavailable) {
		t.Errorf("commit: %v, want ErrUnavailable", err)
	}
	wantUnavailable(t, writes(s))
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if got := value(t, open(t, moved), "SELECT group_concat(username) FROM users"); got != "bob" {
		t.Errorf("the moved file holds %s, want bob", got)
	}
}

// What was read in one file, such as a uid, may mean somebody else in the next.
func TestDatabaseReplacedEndsWhatBeganWithTheOldOne(t *testing.T) {
	fileOnly(t)
	t.Parallel()
	folder := t.TempDir()
	path, next := filepath.Join(folder, "auth.db"), filepath.Join(folder, "next.db")
	other := open(t, next)
	createUser(t, other, "eve")
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	uid := createUser(t, s, "bob")
	before := s.Pin(t.Context())
	swap(t, path, next)
	for _, step := range []string{"not noticed yet", "noticed", "open"} {
		for what, attempt := range writes(s) {
			if err := attempt(before); !errors.Is(err, ErrUnavailable) {
				t.Errorf("%s: %s: %v, want ErrUnavailable", step, what, err)
			}
		}
		if _, err := s.UserByUsername(before, "eve"); !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: reading: %v, want ErrUnavailable", step, err)
		}
		_ = s.Follow(t.Context())
	}
	if err := s.CreateSignIn(before, login(uid, "bob"), at(noon)); !errors.Is(err, ErrUnavailable) {
		t.Errorf("signed in as somebody of the other file: %v", err)
	}
	if _, err := s.UserByUsername(s.Pin(t.Context()), "eve"); err != nil {
		t.Error(err)
	}
}

func TestDatabaseReplacedWithAReadUnderWayWaitsForItsEnd(t *testing.T) {
	fileOnly(t)
	t.Parallel()
	folder := t.TempDir()
	path, next := filepath.Join(folder, "auth.db"), filepath.Join(folder, "next.db")
	if err := open(t, next).Close(); err != nil {
		t.Fatal(err)
	}
	s := openWaiting(t, path, 0)
	createUser(t, s, "bob")
	rows, err := s.reads.QueryContext(t.Context(), "SELECT username FROM users")
	if err != nil {
		t.Fatal(err)
	}
	swap(t, path, next)
	for range 3 {
		if err := s.Follow(t.Context()); !errors.Is(err, ErrUnavailable) {
			t.Errorf("follow: %v, want ErrUnavailable", err)
		}
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		err = s.Follow(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.UserByUsername(context.Background(), "bob"); !errors.Is(err, ErrNoUser) {
		t.Errorf("%v, want ErrNoUser", err)
	}
	if _, err := s.CreateUser(t.Context(), User{Username: "eve", PassHash: "hash"}, unknown, at(noon)); err != nil {
		t.Error(err)
	}
}

// One connection ends while it reads, one while it writes, one that is idle: none may keep the last from emptying the log.
func TestDatabaseReplacedUnderConnectionsThatEndAtOnceLeavesNoLogBehind(t *testing.T) {
	fileOnly(t)
	t.Parallel()
	folder := t.TempDir()
	path, next := filepath.Join(folder, "auth.db"), filepath.Join(folder, "next.db")
	if err := open(t, next).Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(next)
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	for round := range 100 {
		if err := os.WriteFile(next, content, 0o600); err != nil {
			t.Fatal(err)
		}
		createUser(t, s, "bob")
		tx, err := s.DB().BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := s.reads.QueryContext(t.Context(), "SELECT username FROM users")
		if err != nil {
			t.Fatal(err)
		}
		swap(t, path, next)
		var ends sync.WaitGroup
		for _, end := range []func() error{rows.Close, tx.Rollback} {
			ends.Go(func() { _ = end() })
		}
		_ = s.Follow(t.Context()) // ends the idle ones, and waits for the others
		ends.Wait()
		if err := s.Follow(t.Context()); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
}

func TestDatabaseWhoseOldLogCannotBeEmptiedIsNotOpenedWithIt(t *testing.T) {
	fileOnly(t)
	t.Parallel()
	folder := t.TempDir()
	path, next := filepath.Join(folder, "auth.db"), filepath.Join(folder, "next.db")
	if err := open(t, next).Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(next)
	if err != nil {
		t.Fatal(err)
	}
	s := openWaiting(t, path, 0)
	createUser(t, s, "bob")
	unlock := lock(t, path, "DEFERRED; SELECT * FROM users") // another program reads, and goes on reading
	createUser(t, s, "carol")
	moved := swap(t, path, next)
	for range 3 {
		err = s.Follow(t.Context())
	}
	wantOneLine(t, err, path+"-wal belongs to the file that was there before")
	if now, err := os.ReadFile(path); err != nil || string(now) != string(content) {
		t.Errorf("the new file was changed (%v)", err)
	}
	if err := os.Rename(path+"-wal", moved+"-wal"); err != nil {
		t.Fatal(err)
	}
	if err := s.Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	unlock()
	createUser(t, s, "eve")
	if got := value(t, open(t, moved), "SELECT count(*) FROM users"); got != "2" {
		t.Errorf("the moved file holds %s users, want 2", got)
	}
}
