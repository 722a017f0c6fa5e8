package store

import (
	"database/sql"
	"testing"
)

// blankAtVersion opens a database that an older program has made, and returns its address as well.
func blankAtVersion(t *testing.T, version int64) (db *sql.DB, address string) {
	t.Helper()
	of, driver, address := &sqliteEngine, "sqlite", blankAddress(t)
	if postgres != nil {
		of, driver = &postgresEngine, "pgx"
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	provider, err := of.newProvider(db)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	return db, address
}

func TestKnownBrowsersOfOlderProgramsHaveLimitsOfTheirOwn(t *testing.T) {
	t.Parallel()
	db, address := blankAtVersion(t, 13)
	if _, err := db.ExecContext(t.Context(), "INSERT INTO users (username, pass_hash, created_at) VALUES ('bob', '', 1), ('eve', '', 1)"); err != nil {
		t.Fatal(err)
	}
	for statement, args := range map[string][]any{
		"INSERT INTO known_browsers (uid, token_hash, last_used_at) SELECT uid, $1, 1 FROM users":                        {[]byte("here")},
		"INSERT INTO known_browsers (uid, token_hash, last_used_at) SELECT uid, $1, 1 FROM users WHERE username = 'bob'": {[]byte("there")},
	} {
		if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, address)
	if got := value(t, s, "SELECT count(DISTINCT id) || ' ' || min(length(id)) FROM known_browsers"); got != "3 32" && got != "3 36" {
		t.Errorf("different ids, and their length: %s", got)
	}
}

func TestKnownBrowserKeepsItsIDWhenItsCookieChanges(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	bob, eve := createUser(t, s, "bob"), createUser(t, s, "eve")
	find := func(username, hash string) string {
		id, err := s.KnownBrowser(t.Context(), username, []byte(hash))
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	enter := func(uid int64, username, from, to string) {
		next := login(uid, username)
		next.Browser = DeviceRotation{OldHash: []byte(from), NewHash: []byte(to)}
		if err := s.CreateSignIn(t.Context(), next, at(noon)); err != nil {
			t.Fatal(err)
		}
	}
	enter(bob, "bob", "", "one")
	id := find("bob", "one")
	enter(eve, "eve", "one", "two")
	enter(bob, "bob", "two", "three")
	if id == "" || find("bob", "three") != id || find("bob", "two") != "" || find("bob", "one") != "" {
		t.Errorf("the id is %q and %q", id, find("bob", "three"))
	}
	if hers := find("eve", "three"); hers == "" || hers == id {
		t.Errorf("the ids of two accounts are %q and %q", id, hers)
	}
	if find("nobody", "three") != "" {
		t.Error("a name without an account has a known browser")
	}
}
