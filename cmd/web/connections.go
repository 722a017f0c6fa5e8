package main

import (
	"container/list"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"

	"golang.org/x/time/rate"
)

const (
	// maxConnections bounds the memory that connections take, about 31 KiB each. A server that answers 15,000 requests
	// a second has far fewer under way.
	maxConnections = 2048
	// closedAtOnce is how many connections make room when file descriptors have run out: not only the next connection
	// wants one, but the database and the hashing process too.
	closedAtOnce = 16
)

// connections bounds how many connections a server has open. At the bound, the one that has been without a request for
// the longest time is closed for a new one. That includes connections that have not sent all of a request's header
// yet: opening many keeps nobody out. When each has a request under way, new ones wait in the kernel's backlog
// until one is done, which the server's time-outs see to.
type connections struct {
	mu      sync.Mutex
	changed *sync.Cond
	open    map[net.Conn]*list.Element // with its place in waiting; nil while a request is under way
	waiting *list.List                 // of net.Conn: those without a request, the longest first
	closing bool
}

func newConnections() *connections {
	c := &connections{open: map[net.Conn]*list.Element{}, waiting: list.New()}
	c.changed = sync.NewCond(&c.mu)
	return c
}

// track is for http.Server.ConnState. The server accepts nothing while it waits here about a new connection.
func (c *connections) track(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if state == http.StateNew {
		for len(c.open) >= maxConnections && !c.closing {
			if !c.closeLongestWaiting() {
				c.changed.Wait()
			}
		}
		c.open[conn] = c.waiting.PushBack(conn)
		return
	}
	place, known := c.open[conn]
	if !known {
		return // closed here, a moment ago
	}
	if place != nil {
		c.waiting.Remove(place)
		c.open[conn] = nil
	}
	switch state {
	case http.StateIdle:
		c.open[conn] = c.waiting.PushBack(conn)
		c.changed.Signal()
	case http.StateClosed, http.StateHijacked:
		delete(c.open, conn)
		c.changed.Signal()
	}
}

func (c *connections) closeLongestWaiting() bool {
	longest := c.waiting.Front()
	if longest == nil {
		return false
	}
	conn := c.waiting.Remove(longest).(net.Conn)
	delete(c.open, conn)
	if encrypted, is := conn.(*tls.Conn); is {
		conn = encrypted.NetConn() // its own Close would write, and wait for who does not read
	}
	_ = conn.Close()
	return true
}

// close lets a server that waits for room go on: it is about to end.
func (c *connections) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closing = true
	c.changed.Broadcast()
}

// listener says when connections cannot be accepted, and makes room for them.
type listener struct {
	net.Listener
	open   *connections
	log    *slog.Logger
	seldom rate.Sometimes
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil || errors.Is(err, net.ErrClosed) {
		return conn, err
	}
	l.open.mu.Lock()
	open := len(l.open.open)
	for range closedAtOnce {
		l.open.closeLongestWaiting()
	}
	l.open.mu.Unlock()
	l.seldom.Do(func() { l.log.Error("cannot accept connections", "error", err, "open", open) })
	return nil, err
}
