// Package postgrestest starts a PostgreSQL for tests, where one is installed.
package postgrestest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver
)

// ErrNotInstalled means that there is no PostgreSQL on this machine.
var ErrNotInstalled = errors.New("PostgreSQL is not installed")

// Server is a PostgreSQL of the tests' own, in a temporary folder and on a socket there. What it acknowledges is not on
// disk.
type Server struct {
	bin      string
	settings []string
	folder   string
	admin    *sql.DB
	postgres *exec.Cmd
	ended    chan struct{}
	made     atomic.Int64
	// Template is for the tests to keep the name of a database that they copy.
	Template string
}

// programs returns the folder of the newest PostgreSQL, in Debian's layout or on the path.
func programs() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) > 0 {
		slices.Sort(found)
		return filepath.Dir(found[len(found)-1]), nil
	}
	initdb, err := exec.LookPath("initdb")
	if err != nil {
		return "", ErrNotInstalled
	}
	return filepath.Dir(initdb), nil
}

// Start starts a server; Stop ends it. settings are lines of postgresql.conf.
func Start(settings ...string) (*Server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "latchkey-postgres-")
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, settings: settings, folder: folder}
	if err := errors.Join(s.make(), s.Restart()); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return s, nil
}

func (s *Server) make() error {
	if err := giveAway(s.folder); err != nil {
		return err
	}
	made := command(filepath.Join(s.bin, "initdb"), "-D", filepath.Join(s.folder, "data"), "-U", "latchkey", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	if said, err := made.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, said)
	}
	return nil
}

// Restart starts a server that has ended, and waits until it answers.
func (s *Server) Restart() error {
	s.ended = make(chan struct{})
	var said bytes.Buffer
	arguments := []string{"-D", filepath.Join(s.folder, "data"), "-k", s.folder, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off",
		"-c", "max_connections=500", "-c", "shared_buffers=64MB"}
	for _, setting := range s.settings {
		arguments = append(arguments, "-c", setting)
	}
	s.postgres = command(filepath.Join(s.bin, "postgres"), arguments...)
	s.postgres.Stderr = &said
	if err := run(s.postgres, s.ended); err != nil {
		return err
	}
	var err error
	if s.admin == nil {
		if s.admin, err = sql.Open("pgx", s.Address("postgres")); err != nil {
			return err
		}
	}
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		err = s.admin.Ping()
		if err == nil {
			return nil
		}
		select {
		case <-s.ended:
			return fmt.Errorf("postgres ended: %s", said.String())
		default:
		}
		if time.Since(began) > time.Minute {
			s.Stop()
			return err
		}
	}
}

// Address returns the address of a database.
func (s *Server) Address(database string) string {
	settings := url.Values{"host": {s.folder}, "user": {"latchkey"}, "sslmode": {"disable"}}
	return "postgres:///" + database + "?" + settings.Encode()
}

// NewDatabase makes one that is empty, or a copy of another one to which nobody is connected, and returns its name.
func (s *Server) NewDatabase(template string) (name string, err error) {
	if template == "" {
		template = "template0"
	}
	name = fmt.Sprint("test", s.made.Add(1))
	_, err = s.admin.ExecContext(context.Background(), "CREATE DATABASE "+name+" TEMPLATE "+template)
	return name, err
}

// Drop removes a database, whoever is connected to it.
func (s *Server) Drop(database string) error {
	_, err := s.admin.ExecContext(context.Background(), "DROP DATABASE "+database+" WITH (FORCE)")
	return err
}

// Admin is a connection to no test's database.
func (s *Server) Admin() *sql.DB { return s.admin }

// Freeze stops all of the server's processes where they are, and returns what has them go on.
func (s *Server) Freeze() (thaw func()) {
	processes := s.processes()
	signal(processes, freeze)
	return func() { signal(processes, thawed) }
}

// Kill ends all of the server's processes with kill -9.
func (s *Server) Kill() {
	processes := s.processes()
	// The first one is stopped before the others end: it would start new ones.
	signal(processes[:1], freeze)
	signal(processes, os.Kill)
	<-s.ended
}

func signal(processes []int, signal os.Signal) {
	for _, id := range processes {
		if process, err := os.FindProcess(id); err == nil {
			_ = process.Signal(signal)
		}
	}
}

// Stop ends the server at once and removes all that it has.
func (s *Server) Stop() {
	_ = s.admin.Close()
	_ = s.postgres.Process.Signal(immediateShutdown)
	<-s.ended
	_ = os.RemoveAll(s.folder)
}
