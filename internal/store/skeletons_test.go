package store

import (
	"database/sql"
	"errors"
	"strings"
	"testing"

	"latchkey/internal/username"
)

func TestSignupComparesNamesThroughAnIndex(t *testing.T) {
	fileOnly(t)
	t.Parallel()
	s := newStore(t)
	for _, ascii := range []bool{true, false} {
		var plan []string
		err := eachRow(t.Context(), s.reads, func(row *sql.Rows) error {
			var id, parent, unused int
			var step string
			err := row.Scan(&id, &parent, &unused, &step)
			plan = append(plan, step)
			return err
		}, "EXPLAIN QUERY PLAN "+s.takenQuery(), "bob", "bob", ascii)
		if err != nil || !strings.Contains(strings.Join(plan, "\n"), "COVERING INDEX users_skeleton (skeleton=? AND <expr>>?)") {
			t.Errorf("%q, %v", plan, err)
		}
	}
}

func TestSignupComparesWithAccountsThatAnotherProgramAdded(t *testing.T) {
	t.Parallel()
	path := newAddress(t)
	s := open(t, path)
	if _, err := s.DB().ExecContext(t.Context(), "INSERT INTO users (username, pass_hash, created_at) VALUES ('apple', '', 0)"); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	if _, err := s.CreateUser(t.Context(), User{Username: "аррӏе", PassHash: "hash"}, unknown, at(noon)); !errors.Is(err, ErrUsernameTaken) {
		t.Errorf("%v, want ErrUsernameTaken", err)
	}
	if taken, err := s.UsernameTaken(t.Context(), "аррӏе"); !taken || err != nil {
		t.Errorf("taken: %t, %v", taken, err)
	}
	if got := value(t, s, "SELECT skeleton FROM users"); got != username.Skeleton("apple") {
		t.Errorf("skeleton %q", got)
	}
}
