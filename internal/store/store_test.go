package store

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// newStore opens a new database.
func newStore(t testing.TB) *Store {
	t.Helper()
	return open(t, newAddress(t))
}

func open(t testing.TB, address string) *Store {
	t.Helper()
	return openWaiting(t, address, time.Minute)
}

func openWaiting(t testing.TB, address string, busyTimeout time.Duration) *Store {
	t.Helper()
	s, err := Open(t.Context(), address, busyTimeout)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// createUser adds an account and returns its uid.
func createUser(t testing.TB, s *Store, username string) int64 {
	t.Helper()
	uid, err := s.CreateUser(t.Context(), User{Username: username, PassHash: "hash of " + username}, unknown, at(noon))
	if err != nil {
		t.Fatal(err)
	}
	return uid
}

// value is what a query returns, as text.
func value(t testing.TB, s *Store, query string, args ...any) (value string) {
	t.Helper()
	if err := s.DB().QueryRowContext(t.Context(), query, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

// connections takes every connection of the store at once, until the test ends.
func connections(t *testing.T, s *Store) (all []*sql.Conn) {
	t.Helper()
	pools := map[*sql.DB]int{s.db: 1, s.reads: maxReaders}
	if s.file == nil {
		pools = map[*sql.DB]int{s.db: maxConnections}
	}
	for pool, number := range pools {
		for range number {
			connection, err := pool.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { connection.Close() })
			all = append(all, connection)
		}
	}
	return all
}

func TestOpenGivesEveryConnectionTheSafeSettings(t *testing.T) {
	fileOnly(t)
	t.Parallel()
	for i, connection := range connections(t, openWaiting(t, filepath.Join(t.TempDir(), "auth.db"), 10*time.Second)) {
		for setting, want := range map[string]string{
			"journal_mode":   "wal",
			"synchronous":    "2", // FULL
			"foreign_keys":   "1",
			"busy_timeout":   "10000",
			"trusted_schema": "0",
		} {
			var got string
			if err := connection.QueryRowContext(t.Context(), "PRAGMA "+setting).Scan(&got); err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("connection %d: %s is %s, want %s", i, setting, got, want)
			}
		}
		if _, err := connection.ExecContext(t.Context(), `SELECT "misspelt" FROM users`); err == nil {
			t.Errorf("connection %d takes a misspelt column for a text", i)
		}
		if _, err := connection.ExecContext(t.Context(), "PRAGMA writable_schema = 1; DELETE FROM sqlite_schema"); err == nil {
			t.Errorf("connection %d lets a statement damage the schema", i)
		}
	}
}

func TestOpenTakesTheNameOfTheFileLiterally(t *testing.T) {
	fileOnly(t)
	for _, name := range []string{
		"with space.db", "what?.db", "what?mode=memory", "#1.db", "100%.db", "%41.db", "a&b=c;d+e.db", "naïve.db",
		":memory:", "file:x.db", "-v.db", `back\slash.db`, "'quoted\".db",
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			s := open(t, name)
			createUser(t, s, "bob")
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			files, err := os.ReadDir(".")
			if err != nil {
				t.Fatal(err)
			}
			if len(files) != 1 || files[0].Name() != name {
				t.Fatalf("the folder holds %v, want only %q", files, name)
			}
			if _, err := open(t, name).UserByUsername(t.Context(), "bob"); err != nil {
				t.Errorf("the account in the file: %v", err)
			}
		})
	}
}

func TestOpenTakesAPathThatBeginsWithTwoSlashes(t *testing.T) {
	fileOnly(t)
	t.Parallel()
	folder := t.TempDir()
	createUser(t, open(t, "/"+filepath.Join(folder, "auth.db")), "bob")
	if _, err := open(t, filepath.Join(folder, "auth.db")).UserByUsername(t.Context(), "bob"); err != nil {
		t.Errorf("the account in the file: %v", err)
	}
}

func TestOpenAgainFindsTheData(t *testing.T) {
	t.Parallel()
	path := newAddress(t)
	first := open(t, path)
	uid := createUser(t, first, "bob")
	second := open(t, path)
	createUser(t, second, "eve")
	for _, s := range []*Store{first, second} {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	again := open(t, path)
	user, err := again.UserByUsername(t.Context(), "bob")
	if err != nil || user.UID != uid || user.PassHash != "hash of bob" {
		t.Errorf("bob is %+v, %v; want uid %d", user, err, uid)
	}
	if _, err := again.UserByUsername(t.Context(), "eve"); err != nil {
		t.Errorf("eve: %v", err)
	}
}

func TestOpenMakesADatabaseOfAnEmptyFile(t *testing.T) {
	fileOnly(t)
	t.Parallel()
	path := filepath.Join(t.TempDir(), "auth.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	createUser(t, open(t, path), "bob")
}

// Without a write lock around reading the version and migrating, a few in a hundred of these fail.
func TestOpenOfOneNewFileByManyAtOnceSucceeds(t *testing.T) {
	t.Parallel()
	tries := 25
	if postgres != nil {
		tries = 3 // goose looks once a second whether it is its turn
	}
	for round := range tries {
		path := blankAddress(t)
		var opening sync.WaitGroup
		for i := range 4 {
			opening.Go(func() {
				s, err := Open(t.Context(), path, time.Minute)
				if err != nil {
					t.Errorf("round %d: %v", round, err)
					return
				}
				defer s.Close()
				if _, err := s.CreateUser(t.Context(), User{Username: fmt.Sprint("user", i), PassHash: "hash"}, unknown, at(noon)); err != nil {
					t.Errorf("round %d: %v", round, err)
				}
			})
		}
		opening.Wait()
		if got := value(t, open(t, path), "SELECT count(*) FROM users"); got != "4" {
			t.Errorf("round %d: %s accounts in the file, want 4", round, got)
		}
	}
}

func TestMigrationThatFailsLeavesNothingBehind(t *testing.T) {
	fileOnly(t)
	t.Parallel()
	path := filepath.Join(t.TempDir(), "auth.db")
	other, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	// In the way of the last of the tables that the first migration makes.
	if _, err := other.ExecContext(t.Context(), "CREATE VIEW sessions AS SELECT 1"); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), path, 0)
	if err == nil || !strings.Contains(err.Error(), "sessions already exists") {
		t.Fatalf("open: %v", err)
	}
	var tables string
	if err := other.QueryRowContext(t.Context(), "SELECT group_concat(name) FROM sqlite_schema").Scan(&tables); err != nil {
		t.Fatal(err)
	}
	if tables != "sessions" {
		t.Errorf("the file now holds %s, want only what it held before", tables)
	}
}

func TestOpenRefusesAFileOfANewerProgram(t *testing.T) {
	t.Parallel()
	path := newAddress(t)
	s := open(t, path)
	if _, err := s.DB().ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)"); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), path, 0)
	wantOneLine(t, err, path, "schema version 9999 is newer than this program")
	if errors.Is(err, ErrUnavailable) {
		t.Error("trying again later would not help")
	}
}
