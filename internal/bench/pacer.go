//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// pacers are the connections that share the planned requests: enough that one late answer holds up no other request.
const pacers = 16

// paceCommand sends requests at planned times. On a machine whose processors are all busy with the server, a client
// like any other would measure how long it waits for a processor itself. So each connection has a thread of its own,
// waits in the kernel alone, and runs before everything else where that is allowed.
type paceCommand struct{}

// pacePlan comes on standard input.
type pacePlan struct {
	Address   string
	PerSecond int
	Number    int
	// Want is the status of each answer.
	Want int
	// Requests are sent in turn, and again from the first.
	Requests [][]byte
}

// Run prints the paced as JSON.
func (paceCommand) Run(ctx context.Context) error {
	var plan pacePlan
	if err := json.NewDecoder(os.Stdin).Decode(&plan); err != nil {
		return err
	}
	runtime.GOMAXPROCS(pacers) // no pacer waits for another's turn
	all := paced{Latencies: make([]time.Duration, plan.Number), Late: make([]time.Duration, plan.Number), Urgent: true}
	connections := make([]*connection, pacers)
	for i := range connections {
		c, err := dial(ctx, plan.Address)
		if err != nil {
			return err
		}
		if err := c.block(); err != nil {
			return err
		}
		connections[i] = c
	}
	start := time.Now().Add(20 * time.Millisecond)
	errs, urgent := make([]error, pacers), make([]bool, pacers)
	var wait sync.WaitGroup
	for i, c := range connections {
		wait.Go(func() {
			runtime.LockOSThread() // and never unlock: the thread ends with its priority
			urgent[i] = syscall.Setpriority(syscall.PRIO_PROCESS, syscall.Gettid(), -20) == nil
			for n := i; n < plan.Number && errs[i] == nil; n += pacers {
				planned := start.Add(time.Duration(n) * time.Second / time.Duration(plan.PerSecond))
				sleepUntil(planned)
				all.Late[n] = time.Since(planned)
				_, errs[i] = c.send(plan.Requests[n%len(plan.Requests)], plan.Want, false)
				all.Latencies[n] = time.Since(planned)
			}
		})
	}
	wait.Wait()
	for i := range connections {
		all.Urgent = all.Urgent && urgent[i]
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(all)
}

// sleepUntil is exact to some tens of microseconds; time.Sleep, which waits with the network poller, is so only to a
// millisecond.
func sleepUntil(t time.Time) {
	for d := time.Until(t); d > 0; d = time.Until(t) {
		span := syscall.NsecToTimespec(d.Nanoseconds())
		_ = syscall.Nanosleep(&span, nil) // interrupted by a signal: the loop sleeps on
	}
}

// blocking reads and writes with system calls of the calling thread, where a net.Conn has another thread wait.
type blocking struct {
	net.Conn
	socket int
}

// block makes the connection blocking, for the rest of its life, which is the process's.
func (c *connection) block() error {
	raw, err := c.Conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		return err
	}
	var failure error
	err = raw.Control(func(fd uintptr) {
		limit := syscall.NsecToTimeval(patience.Nanoseconds())
		failure = errors.Join(syscall.SetNonblock(int(fd), false),
			syscall.SetsockoptTimeval(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &limit))
		c.Conn = blocking{c.Conn, int(fd)}
	})
	return errors.Join(err, failure)
}

func (b blocking) Read(p []byte) (int, error) {
	for {
		n, err := syscall.Read(b.socket, p)
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil:
			return 0, os.NewSyscallError("read", err)
		case n == 0:
			return 0, io.EOF
		}
		return n, nil
	}
}

func (b blocking) Write(p []byte) (int, error) {
	for {
		n, err := syscall.Write(b.socket, p) // a request is short: it fits into the socket's buffer in one piece
		if err == syscall.EINTR {
			continue
		}
		if err == nil && n < len(p) {
			err = io.ErrShortWrite
		}
		return max(n, 0), os.NewSyscallError("write", err)
	}
}
