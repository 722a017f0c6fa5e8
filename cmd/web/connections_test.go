package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// A raw connection sends what it is told, and nothing more.
type rawConnection struct {
	net.Conn
	reader *bufio.Reader
}

func connect(t *testing.T, address string) *rawConnection {
	t.Helper()
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	return &rawConnection{connection, bufio.NewReader(connection)}
}

// get asks for a page and reads the answer. The connection stays open.
func (c *rawConnection) get(path string) error {
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path); err != nil {
		return err
	}
	return c.readAnswer(http.StatusOK)
}

func (c *rawConnection) readAnswer(status int) error {
	answer, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != status {
		return fmt.Errorf("status %d, want %d", answer.StatusCode, status)
	}
	return nil
}

// waitForIdle waits until this many connections are idle, which the server notes after the answer has gone.
func (s server) waitForIdle(count int) {
	for idle := 0; idle != count; {
		s.open.mu.Lock()
		idle = s.open.waiting.Len()
		s.open.mu.Unlock()
	}
}

// isClosed waits until the server has closed the connection.
func (c *rawConnection) isClosed() bool {
	_ = c.SetReadDeadline(time.Now().Add(time.Minute))
	_, err := c.reader.ReadByte()
	return err == io.EOF
}

// Not in parallel: each of these opens thousands of files.
func TestConnectionsHaveABoundAndTheOneIdleForLongestGoesFirst(t *testing.T) {
	s := newSite(t)
	server, address := s.listenWith(s.app.routes())
	const more = 20
	var all []*rawConnection
	for range maxConnections + more {
		c := connect(t, address)
		if err := c.get("/healthz"); err != nil {
			t.Fatalf("connection %d: %v", len(all), err)
		}
		all = append(all, c)
		server.waitForIdle(min(len(all), maxConnections))
		if len(all) == maxConnections {
			// The first one is used once more, and so is not the one idle for longest.
			if err := all[0].get("/healthz"); err != nil {
				t.Fatal(err)
			}
			server.waitForIdle(maxConnections)
		}
	}
	for i, c := range all {
		if closed := 1 <= i && i <= more; closed {
			if !c.isClosed() {
				t.Errorf("connection %d is open", i)
			}
		} else if err := c.get("/healthz"); err != nil {
			t.Errorf("connection %d: %v", i, err)
		}
	}
}

func TestConnectionsStayOpenLongerThanAProxyKeepsThem(t *testing.T) {
	t.Parallel()
	// Caddy's reverse_proxy keeps an idle connection for 2 minutes (keepalive).
	if server := newHTTPServer(nil, nil, newSite(t).app.log); server.IdleTimeout < 2*time.Minute+30*time.Second {
		t.Errorf("an idle connection is closed after %v", server.IdleTimeout)
	}
}

func TestConnectionsWithoutARequestKeepNobodyOut(t *testing.T) {
	address := newSite(t).listen()
	for i := range maxConnections + 20 {
		c := connect(t, address)
		if i%2 == 0 {
			fmt.Fprint(c, "GET /login HTTP/1.1\r\nHost: loc") // and no more
		}
	}
	if err := connect(t, address).get("/login"); err != nil {
		t.Error(err)
	}
}

func TestConnectionsWithARequestUnderWayAreNotCutOffForNewOnes(t *testing.T) {
	s := newSite(t)
	begun, release := make(chan bool, maxConnections), make(chan bool)
	server := newHTTPServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		begun <- true
		<-release
	}), nil, s.app.log)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.serve(listener) }()
	var all []*rawConnection
	open := func() {
		c := connect(t, listener.Addr().String())
		fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
		all = append(all, c)
	}
	for range maxConnections {
		open()
		<-begun
	}
	open()
	open()
	release <- true // one is done, and makes room for one of the two
	<-begun
	if len(begun) != 0 {
		t.Error("more connections than the bound have a request under way")
	}

	// One still waits to be accepted, which does not keep the server from ending.
	stopped := make(chan error, 1)
	go func() { stopped <- server.Shutdown(t.Context()) }()
	<-ended
	close(release)
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	answered := 0
	for _, c := range all {
		if c.readAnswer(http.StatusOK) == nil {
			answered++
		}
	}
	if answered != maxConnections+1 {
		t.Errorf("%d of %d requests under way were answered", answered, maxConnections+1)
	}
}
