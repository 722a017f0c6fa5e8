package main

import (
	"bytes"
	"io"
	"sync"
	"time"
)

const (
	// maxLogQueue is how many bytes of lines may wait for the log stream, some seconds of a busy server's.
	maxLogQueue = 1 << 20
	// maxRequestQueue is how full lines about requests may make the queue. Anybody can cause those by the thousand;
	// the rest is kept for security events, warnings and errors.
	maxRequestQueue = maxLogQueue / 2
	// logFlushTime is how long the end of the program waits for lines that nobody reads.
	logFlushTime = 2 * time.Second
)

// A logWriter stands between the program and its log stream. A stream that nobody reads, or a disk that hangs, holds
// up no request: lines wait here, and those that find no place are counted and left out. Lines keep their order.
type logWriter struct {
	to       io.Writer
	lostLine func(lost int) []byte

	mu      sync.Mutex
	changed *sync.Cond
	queued  []byte // whole lines
	lost    int    // lines since the last one that says so
	closed  bool
	done    chan struct{}
}

// newLogWriter starts a writer. lostLine makes the line that stands where lines are missing.
func newLogWriter(to io.Writer, lostLine func(lost int) []byte) *logWriter {
	w := &logWriter{to: to, lostLine: lostLine, done: make(chan struct{})}
	w.changed = sync.NewCond(&w.mu)
	go w.run()
	return w
}

// upTo takes lines until this many bytes wait. It never fails and never waits.
func (w *logWriter) upTo(most int) io.Writer {
	return queueWriter{w, most}
}

type queueWriter struct {
	*logWriter
	most int
}

// Write implements io.Writer. It must be given whole lines.
func (q queueWriter) Write(line []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.queued)+len(line) > q.most {
		q.lost++
	} else {
		q.queued = append(q.queued, line...)
	}
	q.changed.Signal()
	return len(line), nil
}

func (w *logWriter) run() {
	defer close(w.done)
	var lines []byte
	for {
		w.mu.Lock()
		for len(w.queued) == 0 && !w.closed {
			w.changed.Wait()
		}
		// Say so after the lines that waited: they are older than the lost ones.
		lost := w.lost
		lines, w.queued, w.lost = w.queued, lines[:0], 0
		w.mu.Unlock()
		if len(lines) == 0 {
			return
		}
		if _, err := w.to.Write(lines); err != nil {
			lost += bytes.Count(lines, []byte{'\n'})
		} else if lost > 0 {
			if _, err := w.to.Write(w.lostLine(lost)); err == nil {
				lost = 0
			}
		}
		w.mu.Lock()
		w.lost += lost
		w.mu.Unlock()
	}
}

// close writes what waits, for at most logFlushTime. Lines that come later are lost.
func (w *logWriter) close() {
	w.mu.Lock()
	w.closed = true
	w.changed.Signal()
	w.mu.Unlock()
	select {
	case <-w.done:
	case <-time.After(logFlushTime):
	}
}
