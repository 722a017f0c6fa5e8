package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"latchkey/internal/postgrestest"
)

// postgres is the server of the second run of the tests, and nil in the first.
var postgres *postgrestest.Server

// migrated is a database with this program's schema and nothing else.
var migrated string

// TestMain runs the tests on SQLite, and then, where it is installed, on PostgreSQL.
func TestMain(m *testing.M) {
	code := m.Run()
	server, err := postgrestest.Start()
	switch {
	case errors.Is(err, postgrestest.ErrNotInstalled) && os.Getenv("CI") == "":
		fmt.Fprintln(os.Stderr, "skipped on PostgreSQL:", err)
	case err != nil:
		fmt.Fprintln(os.Stderr, "on PostgreSQL:", err)
		code = 1
	default:
		postgres = server
		failed := onPostgres(m)
		server.Stop()
		if failed != 0 {
			fmt.Fprintln(os.Stderr, "the second run, on PostgreSQL, failed")
			code = failed
		}
	}
	os.Exit(code)
}

func onPostgres(m *testing.M) int {
	var err error
	if migrated, err = postgres.NewDatabase(""); err == nil {
		var s *Store
		if s, err = Open(context.Background(), postgres.Address(migrated), time.Minute); err == nil {
			err = s.Close()
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// newAddress returns the address of a database that holds no accounts.
func newAddress(t testing.TB) string {
	if postgres == nil {
		return filepath.Join(t.TempDir(), "auth.db")
	}
	return newPostgres(t, migrated)
}

// blankAddress returns the address of a database that holds nothing at all.
func blankAddress(t testing.TB) string {
	if postgres == nil {
		return filepath.Join(t.TempDir(), "auth.db")
	}
	return newPostgres(t, "")
}

func newPostgres(t testing.TB, template string) string {
	t.Helper()
	name, err := postgres.NewDatabase(template)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := postgres.Drop(name); err != nil {
			t.Error(err)
		}
	})
	return postgres.Address(name)
}

// fileOnly is for tests that are about a SQLite file.
func fileOnly(t testing.TB) {
	t.Helper()
	if postgres != nil {
		t.Skip("about a file")
	}
}

// postgresOnly is for tests that are about a server.
func postgresOnly(t testing.TB) {
	t.Helper()
	if postgres == nil {
		t.Skip("about PostgreSQL")
	}
}

// ownServer starts a PostgreSQL that a test may stop.
func ownServer(t *testing.T) (server *postgrestest.Server, address string) {
	t.Helper()
	postgresOnly(t)
	server, err := postgrestest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	name, err := server.NewDatabase("")
	if err != nil {
		t.Fatal(err)
	}
	return server, server.Address(name)
}
