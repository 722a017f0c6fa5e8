package store

import (
	"database/sql"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/pressly/goose/v3"
)

func TestSignInsOfAnAccountAreBoundedTheLongestUnusedGoFirst(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	bob, eve := createUser(t, s, "bob"), createUser(t, s, "eve")
	hers := signIn(t, s, eve, noon.Add(-time.Hour))
	var all []string
	for i := range maxSignIns {
		all = append(all, signIn(t, s, bob, noon.Add(time.Duration(i)*time.Second)).ID)
	}
	if got := ids(t, s, all...); len(got) != maxSignIns {
		t.Fatalf("%d sign-ins, want %d", len(got), maxSignIns)
	}
	// The first is the oldest and has just been used; of the others, the second is unused for longest.
	s.TouchSignIn(all[0], noon.Add(time.Hour))
	if err := s.WriteCollected(t.Context()); err != nil {
		t.Fatal(err)
	}
	fresh := signIn(t, s, bob, noon.Add(2*time.Hour))
	left := append([]string{all[0]}, all[2:]...)
	if got := ids(t, s, append(all, fresh.ID)...); !slices.Equal(got, append(left, fresh.ID)) {
		t.Errorf("%d sign-ins are left, want all but the second: %q", len(got), got)
	}
	// A clock that was set back must not end the sign-in just made.
	early := signIn(t, s, bob, noon.Add(-24*time.Hour))
	if got := ids(t, s, early.ID, all[2]); !slices.Equal(got, []string{early.ID}) {
		t.Errorf("left are %q, want the newest, %s, alone", got, early.ID)
	}
	if got := ids(t, s, hers.ID); len(got) != 1 {
		t.Error("the sign-in of another account is gone")
	}
	if kinds := value(t, s, "SELECT group_concat(DISTINCT kind) FROM events WHERE uid = $1", bob); kinds != "account created,login succeeded" {
		t.Errorf("events: %s", kinds)
	}
}

func TestSignInsOfManyLoginsAtOnceStayBoundedAndEachLoginCounts(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	bob := createUser(t, s, "bob")
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 30 {
				created := login(bob, "bob")
				if err := s.CreateSignIn(t.Context(), created, at(noon)); err != nil {
					t.Error(err)
					return
				}
				// At most seven others came between, far fewer than are kept.
				if found, err := s.SignInsByID(t.Context(), []string{created.ID}); err != nil || len(found) != 1 {
					t.Errorf("the sign-in just made: %v, %v", found, err)
				}
			}
		})
	}
	group.Wait()
	if rows := value(t, s, "SELECT count(*) FROM sign_ins"); rows != strconv.Itoa(maxSignIns) {
		t.Errorf("%s sign-ins, want %d", rows, maxSignIns)
	}
}

func TestSignInsMadeBeforeTheBoundAreBroughtUnderIt(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "auth.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), 5); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"INSERT INTO users (username, pass_hash, created_at) VALUES ('bob', 'hash of bob', 1), ('eve', 'hash of eve', 1), ('new', 'hash of new', 1)",
		`INSERT INTO events (uid, at, kind, actor, address, user_agent) VALUES
			(1, 100, 'login succeeded', 'owner', '192.0.2.1', ''), (1, 200, 'login succeeded', 'owner', '192.0.2.2', ''),
			(1, 300, 'login failed', 'keeper', '192.0.2.3', ''), (2, 400, 'login succeeded', 'owner', '192.0.2.4', '')`,
		`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
			INSERT INTO sign_ins (id, uid, created_at, last_seen_at, remembered, address, user_agent)
			SELECT 'bob' || i, 1, i, 20000 - i, i % 2, '', '' FROM n`,
		`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
			INSERT INTO sign_ins (id, uid, created_at, last_seen_at, remembered, address, user_agent)
			SELECT 'eve' || i, 2, i, i, 0, '', '' FROM n`,
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	got := value(t, s, `SELECT (SELECT count(*) || ' ' || min(last_seen_at) || ' ' || max(last_seen_at) FROM sign_ins WHERE uid = 1)
		|| ', ' || (SELECT count(*) FROM sign_ins WHERE uid = 2)`)
	if got != "100 19900 19999, 100" {
		t.Errorf("sign-ins are %s, want the 100 last used of bob and all of eve", got)
	}
	if actors := value(t, s, "SELECT group_concat(actor) FROM (SELECT actor FROM events ORDER BY id)"); actors != "owner,owner,admin,owner" {
		t.Errorf("the actors are %s", actors)
	}
	for username, want := range map[string]string{"bob": "200 192.0.2.2", "eve": "400 192.0.2.4", "new": "none"} {
		user, err := s.UserByUsername(t.Context(), username)
		if err != nil {
			t.Fatal(err)
		}
		created, got := signIn(t, s, user.UID, noon), "none"
		if !created.PreviousLoginAt.IsZero() {
			got = fmt.Sprint(created.PreviousLoginAt.Unix(), " ", created.PreviousLoginAddress)
		}
		if got != want {
			t.Errorf("the previous login of %s is %s, want %s", username, got, want)
		}
	}
}

func TestSignInsEndedTogetherAreOneEventOfEachAccount(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	bob, eve := createUser(t, s, "bob"), createUser(t, s, "eve")
	here := signIn(t, s, bob, noon)
	for range 3 {
		signIn(t, s, bob, noon)
	}
	signIn(t, s, eve, noon)
	ended := func() string {
		return value(t, s, `SELECT coalesce(group_concat(name || repeats), '') FROM (
			SELECT username AS name, repeats FROM events JOIN users USING (uid) WHERE kind = 'sign-in ended' ORDER BY id)`)
	}
	if n, err := s.EndOtherSignIns(t.Context(), bob, owner(here, noon)); n != 3 || err != nil || ended() != "bob3" {
		t.Errorf("%d ended, %v; events %s", n, err, ended())
	}
	if n, err := s.EndOtherSignIns(t.Context(), bob, owner(here, noon)); n != 0 || err != nil || ended() != "bob3" {
		t.Errorf("%d ended, %v; events %s", n, err, ended())
	}
	signIn(t, s, bob, noon)
	if n, err := s.EndAllSignIns(t.Context(), 0, at(noon)); n != 3 || err != nil || ended() != "bob3,bob2,eve1" {
		t.Errorf("%d ended, %v; events %s", n, err, ended())
	}
	events, err := s.Activity(t.Context(), bob, 0, 1)
	if err != nil || len(events) != 1 || events[0].Repeats != 2 {
		t.Errorf("the last event is %+v, %v", events, err)
	}
}
