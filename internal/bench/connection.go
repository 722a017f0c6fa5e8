//go:build linux

package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"time"
)

// patience is how long one answer may take before the run is given up: more than 256 logins in a row take.
const patience = time.Minute

// connection is one keep-alive connection, used by one goroutine. The client runs on the server's own processors, so
// that it does no more than it must: it writes requests that were built before and reads as little as possible.
type connection struct {
	net.Conn
	reader *bufio.Reader
	// received is in bytes, header lines included.
	received int
	release  func() bool
}

// dial connects; the connection is closed when ctx ends.
func dial(ctx context.Context, address string) (*connection, error) {
	var dialer net.Dialer
	inner, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	c := &connection{Conn: inner}
	c.reader = bufio.NewReaderSize(c, 16<<10)
	c.release = context.AfterFunc(ctx, func() { inner.Close() })
	return c, nil
}

// Read counts what it reads, for the rows about bytes on the wire.
func (c *connection) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.received += n
	return n, err
}

func (c *connection) close() {
	c.release()
	c.Conn.Close()
}

// send sends one request and reads the answer, which must have the status that is wanted.
func (c *connection) send(request []byte, want int, keep bool) (response, error) {
	answer, err := c.exchange(request, keep)
	if err != nil {
		return answer, err
	}
	if answer.status != want {
		return answer, fmt.Errorf("answer %d instead of %d to %.60q", answer.status, want, request)
	}
	return answer, nil
}

// exchange is send for whoever expects several answers.
func (c *connection) exchange(request []byte, keep bool) (response, error) {
	if _, err := c.Write(request); err != nil {
		return response{}, fmt.Errorf("send %.60q: %w", request, err)
	}
	answer, err := readResponse(c.reader, keep)
	if err != nil {
		return answer, fmt.Errorf("answer to %.60q: %w", request, err)
	}
	if answer.closes {
		return answer, fmt.Errorf("the server closes the connection after %.60q", request)
	}
	return answer, nil
}

// visit sends one request on a connection of its own and keeps the whole answer.
func visit(ctx context.Context, address string, request []byte, want int) (response, error) {
	c, err := dial(ctx, address)
	if err != nil {
		return response{}, err
	}
	defer c.close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return response{}, err
	}
	return c.send(request, want, true)
}
