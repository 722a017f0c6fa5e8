package store

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// wantOneLine checks an error for the person at the terminal.
func wantOneLine(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", parts)
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than one line: %v", err)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("no %q in: %v", part, err)
		}
	}
}

func TestOpenRefusesAMissingFolderAndADirectory(t *testing.T) {
	fileOnly(t)
	folder := t.TempDir()
	missing := filepath.Join(folder, "missing", "auth.db")
	_, err := Open(t.Context(), missing, 0)
	wantOneLine(t, err, missing, "no such file or directory")
	_, err = Open(t.Context(), folder, 0)
	wantOneLine(t, err, folder, "is a directory")
}

func TestOpenRefusesAFileThatIsNoDatabaseAndLeavesItAsItIs(t *testing.T) {
	fileOnly(t)
	for name, content := range map[string][]byte{
		"two bytes":    []byte("x\n"),
		"short text":   []byte("These are my notes.\n"),
		"long text":    bytes.Repeat([]byte("These are my notes.\n"), 1000),
		"zeroes":       make([]byte, 8192),
		"other header": append([]byte("SQLite format 2\x00"), make([]byte, 4080)...),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "auth.db")
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Open(t.Context(), path, 0)
			wantOneLine(t, err, path, "file is not a database")
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, content) {
				t.Errorf("the file was changed (%v)", err)
			}
			if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
				t.Errorf("beside the file there is something new: %v, %v", files, err)
			}
		})
	}
}

func TestOpenRefusesTheDatabaseOfAnotherProgram(t *testing.T) {
	fileOnly(t)
	for _, table := range []string{"notes", "users", "goose_db_version"} {
		path := filepath.Join(t.TempDir(), "notes.db")
		other, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		if _, err := other.ExecContext(t.Context(), "CREATE TABLE "+table+" (theirs)"); err != nil {
			t.Fatal(err)
		}
		_, err = Open(t.Context(), path, 0)
		wantOneLine(t, err, path, "another program's database")
		var tables string
		if err := other.QueryRowContext(t.Context(), "SELECT group_concat(name) FROM sqlite_schema").Scan(&tables); err != nil || tables != table {
			t.Errorf("the file now holds %s (%v), want only %s", tables, err, table)
		}
	}
}

func TestOpenRefusesADamagedFile(t *testing.T) {
	fileOnly(t)
	sound := filepath.Join(t.TempDir(), "auth.db")
	s := open(t, sound)
	createUser(t, s, "bob")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(sound)
	if err != nil {
		t.Fatal(err)
	}
	page := 4096
	for name, damaged := range map[string][]byte{
		"without its last page":     content[:len(content)-page],
		"only its first page":       content[:page],
		"only the header":           content[:100],
		"cut within its third page": content[:2*page+100],
		"garbage behind the header": append(slices.Clone(content[:100]), bytes.Repeat([]byte{0xa5}, len(content)-100)...),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "auth.db")
			if err := os.WriteFile(path, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Open(t.Context(), path, 0)
			wantOneLine(t, err, path, "malformed")
			if !errors.Is(err, ErrUnavailable) {
				t.Errorf("not ErrUnavailable: %v", err)
			}
		})
	}
}

// lock begins a transaction of a kind as another program would, and returns how to end it.
func lock(t *testing.T, path, kind string) (unlock func()) {
	t.Helper()
	other, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	connection, err := other.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := connection.ExecContext(t.Context(), "BEGIN "+kind); err != nil {
		t.Fatal(err)
	}
	return func() {
		connection.Close()
		other.Close()
	}
}

func TestOpenRefusesAFileThatIsLockedForTooLong(t *testing.T) {
	fileOnly(t)
	for name, prepare := range map[string]func(path string){
		"in use": func(path string) { open(t, path) },
		"new":    func(string) {},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "auth.db")
			prepare(path)
			unlock := lock(t, path, "EXCLUSIVE")
			_, err := Open(t.Context(), path, 20*time.Millisecond)
			wantOneLine(t, err, path, "database is locked")
			if !errors.Is(err, ErrUnavailable) {
				t.Errorf("not ErrUnavailable: %v", err)
			}
			unlock()
			createUser(t, open(t, path), "bob")
		})
	}
}

// SQLite itself does not wait for the first of these when a new file is put into WAL mode.
func TestOpenOfANewFileWaitsForAnotherProgramThatHasItLocked(t *testing.T) {
	fileOnly(t)
	for _, kind := range []string{"IMMEDIATE", "EXCLUSIVE"} {
		path := filepath.Join(t.TempDir(), "auth.db")
		unlock := lock(t, path, kind)
		opened := make(chan error, 1)
		go func() {
			s, err := Open(t.Context(), path, time.Minute)
			if err == nil {
				err = s.Close()
			}
			opened <- err
		}()
		select {
		case err := <-opened:
			t.Errorf("%s: opened while locked: %v", kind, err)
		case <-time.After(100 * time.Millisecond): // longer than it takes to fail
			unlock()
			if err := <-opened; err != nil {
				t.Errorf("%s: %v", kind, err)
			}
		}
	}
}
