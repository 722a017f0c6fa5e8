package store

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/alexedwards/scs/sqlite3store"
)

// fill adds many rows in one statement that selects from n, the numbers from 1.
func fill(t *testing.T, s *Store, number int, insert string, args ...any) {
	t.Helper()
	_, err := s.DB().ExecContext(t.Context(),
		"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) "+insert, append([]any{number}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
}

func TestCleanUpRemovesExactlyWhatHasExpired(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	uid := createUser(t, s, "bob")
	now := time.Now()
	plain, remembered := now.Add(-2*time.Hour), now.Add(-336*time.Hour)

	// Some more than two batches of each kind, and some that must stay.
	const expired, living = 2*cleanUpBatch + 7, cleanUpBatch + 3
	sessions := "INSERT INTO sessions (token, data, expiry) SELECT $2 || i, x'00', julianday('now', $3) FROM n"
	fill(t, s, expired, sessions, "expired ", "-1 second")
	fill(t, s, living, sessions, "living ", "+1 minute")
	signIns := "INSERT INTO sign_ins (id, uid, created_at, last_seen_at, remembered, address, user_agent) SELECT $2 || i, $3, 0, $4, $5, '', '' FROM n"
	fill(t, s, expired, signIns, "expired plain ", uid, plain.Unix()-1, 0)
	fill(t, s, living, signIns, "living plain ", uid, plain.Unix(), 0)
	fill(t, s, expired, signIns, "expired remembered ", uid, remembered.Unix()-1, 1)
	fill(t, s, living, signIns, "living remembered ", uid, remembered.Unix(), 1)

	if err := s.CleanUp(t.Context(), Cutoffs{PlainUnusedSince: plain, RememberedUnusedSince: remembered, Future: now}); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]int{
		"SELECT count(*) FROM sessions":                                     living,
		"SELECT count(*) FROM sessions WHERE token LIKE 'living %'":         living,
		"SELECT count(*) FROM sign_ins":                                     2 * living,
		"SELECT count(*) FROM sign_ins WHERE id LIKE 'living plain %'":      living,
		"SELECT count(*) FROM sign_ins WHERE id LIKE 'living remembered %'": living,
	} {
		if got := value(t, s, query); got != strconv.Itoa(want) {
			t.Errorf("%s: %s, want %d", query, got, want)
		}
	}
}

func TestCleanUpUnderstandsTheExpiryThatTheSessionStoreWrites(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	sessions := sqlite3store.NewWithCleanupInterval(s.DB(), 0)
	for token, expiry := range map[string]time.Time{
		"expired": time.Now().Add(-time.Second), "living": time.Now().Add(time.Minute),
	} {
		if err := sessions.Commit(token, []byte("data"), expiry.In(time.FixedZone("far east", 14*3600))); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.CleanUp(t.Context(), Cutoffs{}); err != nil {
		t.Fatal(err)
	}
	if got := value(t, s, "SELECT group_concat(token) FROM sessions"); got != "living" {
		t.Errorf("the sessions left are %q, want only the living one", got)
	}
}

func TestCleanUpStopsWithTheProgram(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.CleanUp(ctx, Cutoffs{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
}
