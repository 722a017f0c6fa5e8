package store

import (
	"fmt"
	"path/filepath"
	"strconv"
	"testing"
)

// addAppPasswords gives the account app passwords for the app. Their secrets' hashes are the numbers from 1.
func addAppPasswords(t testing.TB, s *Store, uid int64, host string, number int) {
	t.Helper()
	if _, err := s.db.ExecContext(t.Context(), `
		INSERT INTO app_passwords (uid, host, name, secret_hash, created_at)
		WITH RECURSIVE made (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM made LIMIT ?)
		SELECT ?, ?, 'phone', CAST(n AS BLOB), 0 FROM made`, number, uid, host); err != nil {
		t.Fatal(err)
	}
}

func useAppPassword(t testing.TB, s *Store, host string, n int) {
	t.Helper()
	if _, err := s.UserByAppPassword(t.Context(), host, []byte(strconv.Itoa(n)), noon); err != nil {
		t.Fatal(err)
	}
}

func writeCollected(t testing.TB, s *Store) {
	t.Helper()
	if err := s.WriteCollected(t.Context()); err != nil {
		t.Fatal(err)
	}
}

const usedAppPasswords = "SELECT count(*) FROM app_passwords WHERE last_used_at IS NOT NULL"

func TestAppPasswordsUsedAtOnceTakeBoundedMemoryAndOneCommit(t *testing.T) {
	fileOnly(t)
	t.Parallel()
	s := newStore(t)
	bob := createUser(t, s, "bob")
	addToGroup(t, s, "family", bob)
	addApp(t, s, "photos.example.org", "family")
	addAppPasswords(t, s, bob, "photos.example.org", maxCollected+7)
	for n := range maxCollected + 7 {
		useAppPassword(t, s, "photos.example.org", n+1)
	}
	before := s.file.versions.version()
	writeCollected(t, s)
	if now := s.file.versions.version(); now.data != before.data+1 {
		t.Errorf("%d commits, want 1", now.data-before.data)
	}
	if got := value(t, s, usedAppPasswords); got != fmt.Sprint(maxCollected) {
		t.Errorf("%s uses were collected, want %d", got, maxCollected)
	}
	// The next use of those that found no room is collected.
	for n := range 7 {
		useAppPassword(t, s, "photos.example.org", maxCollected+n+1)
	}
	writeCollected(t, s)
	if got := value(t, s, usedAppPasswords); got != fmt.Sprint(maxCollected+7) {
		t.Errorf("%s uses were collected in the end, want %d", got, maxCollected+7)
	}
}

func TestAppPasswordUsedBeforeTheFileWasReplacedIsUnusedInTheNext(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path, next := filepath.Join(folder, "auth.db"), filepath.Join(folder, "next.db")
	withPassword := func(path string) *Store {
		s := openWaiting(t, path, 0)
		bob := createUser(t, s, "bob")
		addToGroup(t, s, "family", bob)
		addApp(t, s, "photos.example.org", "family")
		addAppPasswords(t, s, bob, "photos.example.org", 1)
		return s
	}
	if err := withPassword(next).Close(); err != nil {
		t.Fatal(err)
	}
	s := withPassword(path)
	useAppPassword(t, s, "photos.example.org", 1)
	swap(t, path, next)
	var err error
	for range 2 { // the first says that the file is gone
		err = s.Follow(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	writeCollected(t, s)
	if got := value(t, s, usedAppPasswords); got != "0" {
		t.Errorf("%s app passwords of the new file were used", got)
	}
}
