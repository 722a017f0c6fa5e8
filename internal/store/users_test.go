package store

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func TestUserIsFoundByTheExactUsernameOnly(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	uid, err := s.CreateUser(t.Context(), User{Username: "zoë", PassHash: "hash"}, unknown, at(noon))
	if err != nil {
		t.Fatal(err)
	}
	user, err := s.UserByUsername(t.Context(), "zoë")
	if want := (User{UID: uid, Username: "zoë", Name: "zoë", PassHash: "hash"}); err != nil || user != want {
		t.Errorf("found %+v, %v; want %+v", user, err, want)
	}
	for _, other := range []string{"", "Zoë", "ZOË", "zoe", "zoe\u0308", "zoë ", "zo%", "zo_", "' OR 1=1 --"} {
		if user, err := s.UserByUsername(t.Context(), other); !errors.Is(err, ErrNoUser) || user != (User{}) {
			t.Errorf("%q finds %+v, %v; want ErrNoUser", other, user, err)
		}
	}
}

func TestUsernameAskedForByManyAtOnceIsGivenOnce(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	var won, lost atomic.Int64
	var asking sync.WaitGroup
	start := make(chan struct{})
	for i := range 20 {
		asking.Go(func() {
			<-start
			_, err := s.CreateUser(t.Context(), User{Username: "bob", PassHash: fmt.Sprint("hash ", i)}, unknown, at(noon))
			switch {
			case err == nil:
				won.Add(1)
			case errors.Is(err, ErrUsernameTaken):
				lost.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	close(start)
	asking.Wait()
	if won.Load() != 1 || lost.Load() != 19 {
		t.Errorf("%d won and %d lost, want 1 and 19", won.Load(), lost.Load())
	}
	if got := value(t, s, "SELECT count(*) FROM users"); got != "1" {
		t.Errorf("%s accounts, want 1", got)
	}
}

func TestUsernameHasOneToAHundredCharacters(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	for name, fits := range map[string]bool{
		"": false, "x": true, strings.Repeat("ü", 100): true, strings.Repeat("x", 101): false,
	} {
		if _, err := s.CreateUser(t.Context(), User{Username: name, PassHash: "hash"}, unknown, at(noon)); (err == nil) != fits {
			t.Errorf("%d bytes: %v", len(name), err)
		}
	}
}

func TestUserIDOfADeletedAccountIsNeverGivenOutAgain(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	createUser(t, s, "alice")
	bob := createUser(t, s, "bob")
	if _, err := s.DB().ExecContext(t.Context(), "DELETE FROM users WHERE uid = $1", bob); err != nil {
		t.Fatal(err)
	}
	if again := createUser(t, s, "bob"); again <= bob {
		t.Errorf("the new bob has uid %d, the old one had %d", again, bob)
	}
}

func TestPasswordChangedByAnotherIsNotReplaced(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	bob, eve := createUser(t, s, "bob"), createUser(t, s, "eve")
	for _, step := range []struct {
		about          string
		uid            int64
		oldHash, hash  string
		wantBob, wantE string
	}{
		{"the stored hash", bob, "hash of bob", "renewed", "renewed", "hash of eve"},
		{"a hash from before", bob, "hash of bob", "late", "renewed", "hash of eve"},
		{"the hash of another", eve, "renewed", "late", "renewed", "hash of eve"},
		{"nobody", 999, "renewed", "late", "renewed", "hash of eve"},
	} {
		err := s.ReplacePassHash(t.Context(), step.uid, step.oldHash, step.hash)
		if replaced := step.hash == "renewed"; replaced && err != nil || !replaced && !errors.Is(err, ErrPasswordChanged) {
			t.Errorf("%s: %v", step.about, err)
		}
		for name, want := range map[string]string{"bob": step.wantBob, "eve": step.wantE} {
			if user, err := s.UserByUsername(t.Context(), name); err != nil || user.PassHash != want {
				t.Errorf("%s: the hash of %s is %q, %v; want %q", step.about, name, user.PassHash, err, want)
			}
		}
	}
}

// With deferred transactions nine out of ten of these fail: another one wrote between their reading and writing.
func TestTransactionsThatReadAndThenWriteAllSucceed(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	if _, err := s.DB().ExecContext(t.Context(), "CREATE TABLE counter (value INTEGER); INSERT INTO counter VALUES (0)"); err != nil {
		t.Fatal(err)
	}
	increment := func() error {
		tx, err := s.DB().BeginTx(t.Context(), nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		var value int
		if err := tx.QueryRowContext(t.Context(), "SELECT value FROM counter").Scan(&value); err != nil {
			return err
		}
		if _, err := tx.ExecContext(t.Context(), "UPDATE counter SET value = $1", value+1); err != nil {
			return err
		}
		return tx.Commit()
	}
	var counting sync.WaitGroup
	for range 16 {
		counting.Go(func() {
			for range 50 {
				if err := increment(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	counting.Wait()
	if got := value(t, s, "SELECT value FROM counter"); got != "800" {
		t.Errorf("counted to %s, want 800", got)
	}
}

func BenchmarkUserByUsername(b *testing.B) {
	s := newStore(b)
	for i := range 1000 {
		createUser(b, s, fmt.Sprint("user", i))
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.UserByUsername(b.Context(), "user500"); err != nil {
			b.Fatal(err)
		}
	}
}
