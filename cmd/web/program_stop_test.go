//go:build unix

package main

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// An upload is a request whose form has not been sent to the end yet.
type upload struct {
	t          *testing.T
	connection net.Conn
	reader     *bufio.Reader
	body       string
}

// begin sends the head of a form and waits until the program reads its body.
func (p *program) begin(path, username, password string) *upload {
	p.t.Helper()
	connection, err := net.Dial("tcp", p.address)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { connection.Close() })
	body := url.Values{"username": {username}, "password": {password}}.Encode()
	fmt.Fprintf(connection, "POST %s HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", path, len(body))
	reader := bufio.NewReader(connection)
	status, err := reader.ReadString('\n')
	if err != nil || !strings.Contains(status, "100 Continue") {
		p.t.Fatalf("got %q, %v; want 100 Continue", status, err)
	}
	if blank, err := reader.ReadString('\n'); err != nil || blank != "\r\n" {
		p.t.Fatalf("got %q, %v; want an empty line", blank, err)
	}
	return &upload{p.t, connection, reader, body}
}

func (u *upload) send() {
	u.t.Helper()
	if _, err := u.connection.Write([]byte(u.body)); err != nil {
		u.t.Fatal(err)
	}
}

func (u *upload) wantAnswer(status int) {
	u.t.Helper()
	answer, err := http.ReadResponse(u.reader, nil)
	if err != nil {
		u.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != status {
		u.t.Errorf("status %d, want %d", answer.StatusCode, status)
	}
}

func (p *program) refusesConnections() bool {
	connection, err := net.Dial("tcp", p.address)
	if err != nil {
		return true
	}
	connection.Close()
	return false
}

func TestSignalToStopLetsRequestsInFlightFinish(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			db := filepath.Join(t.TempDir(), "auth.db")
			p := startProgram(t, "--db="+db, "--unknown-browser-failures=100") // passwords cost as much as they do in earnest
			p.browser().post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)

			slow := p.begin("/login", "bob", goodPassword)
			var hashing []*upload
			for range 6 {
				hashing = append(hashing, p.begin("/login", "bob", "a wrong password"))
			}
			for _, login := range hashing {
				login.send()
			}
			p.signal(signal)
			p.waitFor("no new connections", p.refusesConnections)
			for _, login := range hashing {
				login.wantAnswer(http.StatusUnauthorized)
			}
			slow.send()
			slow.wantAnswer(http.StatusSeeOther)

			if state := p.end(); state.ExitCode() != 0 {
				t.Errorf("ended with %v, want exit code 0", state)
			}
			onlyFile(t, db)
			again := startProgram(t, "--db="+db)
			again.stop()
			if strings.Contains(again.log.String(), "level=ERROR") {
				t.Error("the next start finds something wrong")
			}
		})
	}
}

func TestSignalToStopWaitsTenSecondsForARequest(t *testing.T) {
	if testing.Short() {
		t.Skip("takes ten seconds")
	}
	path := filepath.Join(t.TempDir(), "auth.db")
	p := startProgram(t, append(cheap, "--db="+path, "--busy-timeout=1m")...)
	execIn(t, path, "BEGIN IMMEDIATE")
	stuck := p.begin("/signup", "bob", goodPassword)
	stuck.send()
	begin := time.Now()
	p.signal(syscall.SIGTERM)
	if state := p.end(); state.ExitCode() != 0 {
		t.Errorf("ended with %v, want exit code 0", state)
	}
	// Not less; how much more depends on the machine.
	if took := time.Since(begin); took < 9*time.Second {
		t.Errorf("cut off after %v", took)
	}
	if !strings.Contains(p.log.String(), "some requests did not finish in time") {
		t.Error("the log does not say that a request was cut off")
	}
	if answer, err := http.ReadResponse(stuck.reader, nil); err == nil && answer.StatusCode < 400 {
		t.Errorf("the request that was cut off is told %s", answer.Status)
	}
}

func TestSignalThatComesTwiceEndsTheServerAtOnce(t *testing.T) {
	t.Parallel()
	p := startProgram(t, cheap...)
	p.begin("/login", "bob", goodPassword)
	p.signal(os.Interrupt)
	p.waitFor("no new connections", p.refusesConnections)
	// The first signal takes a moment to hand the next ones back to the system.
	p.waitFor("the end", func() bool {
		_ = p.command.Process.Signal(os.Interrupt)
		select {
		case <-p.exited:
			return true
		default:
			return false
		}
	})
	if status := p.end().Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGINT {
		t.Errorf("ended with %v, want the signal to have killed it", p.end())
	}
}

func TestSignalToStopEndsAStartThatWaitsForALockedDatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "auth.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	stderr := &logBuffer{}
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, []string{"--db=" + path, "--addr=localhost:0", "--busy-timeout=1m"}, stderr, stderr)
	}()
	cancel()
	select {
	case got := <-code:
		if got != 0 || stderr.String() != "" {
			t.Errorf("exit code %d and %q, want 0 and nothing", got, stderr)
		}
	case <-time.After(30 * time.Second):
		t.Error("still waiting for the lock")
	}
}
