package store

import (
	"bytes"
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// losesCommit is between a program and its server, and ends the connection when the answer to a COMMIT comes.
type losesCommit struct {
	server  string // the server's socket
	losing  atomic.Bool
	commits atomic.Int64
}

func (l *losesCommit) serve(listener net.Listener) {
	for {
		program, err := listener.Accept()
		if err != nil {
			return
		}
		go l.pass(program)
	}
}

func (l *losesCommit) pass(program net.Conn) {
	defer program.Close()
	server, err := net.Dial("unix", l.server)
	if err != nil {
		return
	}
	defer server.Close()
	var committing atomic.Bool
	go func() {
		defer program.Close()
		answer := make([]byte, 64<<10)
		for {
			n, err := server.Read(answer)
			if err != nil || committing.Load() {
				return
			}
			if _, err := program.Write(answer[:n]); err != nil {
				return
			}
		}
	}()
	asked := make([]byte, 64<<10)
	for {
		n, err := program.Read(asked)
		if err != nil {
			return
		}
		if l.losing.Load() && bytes.Contains(asked[:n], []byte("commit\x00")) {
			l.commits.Add(1)
			committing.Store(true)
		}
		if _, err := server.Write(asked[:n]); err != nil {
			return
		}
	}
}

func TestCommitWhoseAnswerIsLostIsUnavailableAndNeverRepeated(t *testing.T) {
	postgresOnly(t)
	address := newAddress(t)
	folder, err := os.MkdirTemp("", "latchkey-lost-") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	listener, err := net.Listen("unix", filepath.Join(folder, ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	between := &losesCommit{}
	s := open(t, changed(t, address, func(_ *url.URL, settings url.Values) {
		between.server = filepath.Join(settings.Get("host"), ".s.PGSQL.5432")
		settings.Set("host", folder)
		go between.serve(listener)
	}))
	createUser(t, s, "bob")
	told := 0
	s.Notify(func(Event) { told++ })
	between.losing.Store(true)
	_, created := s.CreateUser(t.Context(), User{Username: "eve", PassHash: "hash"}, unknown, at(noon))
	between.losing.Store(false)
	if !errors.Is(created, ErrUnavailable) || between.commits.Load() != 1 || told != 0 {
		t.Errorf("%v after %d commits, %d events told; want ErrUnavailable after one, and none", created, between.commits.Load(), told)
	}
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) { // it took place
		if _, err := s.UserByUsername(t.Context(), "eve"); err == nil {
			return
		}
		if time.Since(began) > 10*time.Second {
			t.Fatal("the account is not there: the test has tested nothing")
		}
	}
}
