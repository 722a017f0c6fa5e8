package password

import (
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"sync"
	"time"
)

// Worker has Argon2id computed in a process of its own, of a lower priority: each computation takes a core for 25 ms
// and 19 MiB of fresh memory, and in the process that serves pages that made them wait, for a processor and for the
// collector of that memory. The process is started by the first computation and ends when there was none for a while,
// and its memory with it. One that hangs is killed.
type Worker struct {
	command func() *exec.Cmd
	rest    time.Duration
	log     *slog.Logger
	// alone lets one task at a time have a process to itself.
	alone sync.Mutex

	mu      sync.Mutex
	process *process              // the one that tasks share, or nil
	running map[*process]struct{} // all that have not ended; nil after Close
}

// NewWorker makes a Worker whose process is what command returns; that must call Work with its standard input and
// output. The process ends after a rest without a computation. Each process that fails is one warning in the log, with
// the reason.
func NewWorker(command func() *exec.Cmd, rest time.Duration, log *slog.Logger) *Worker {
	return &Worker{command: command, rest: rest, log: log, running: map[*process]struct{}{}}
}

// closeTime is how long a process that was killed may take to end.
const closeTime = time.Second

// Close kills the process, whatever it does, and starts none any more: computations now end with ErrFailed.
func (w *Worker) Close() {
	w.mu.Lock()
	running := w.running
	w.running = nil
	w.mu.Unlock()
	for p := range running {
		p.close()
	}
	late := time.After(closeTime)
	for p := range running {
		select {
		case <-p.gone:
		case <-late: // the system keeps it; it must not keep us
			return
		}
	}
}

// maxProcesses are tried with one task.
const maxProcesses = 3

// compute has a task done by the process, or here when none can be started. When the process dies, any of its tasks may
// have killed it: each of them then gets a process to itself, so that those who are innocent come to no harm. What
// fails in the end is ErrFailed: what kills processes must not be tried in the one that serves.
func (w *Worker) compute(t task) (outcome, error) {
	if w == nil {
		return t.compute().orError()
	}
	alone := false
	for range maxProcesses {
		result := w.try(t, alone)
		switch {
		case result.err == nil:
			return result.orError()
		case errors.Is(result.err, ErrFailed):
			return outcome{}, ErrFailed
		case errors.Is(result.err, errNeverReady) && !alone:
			return t.compute().orError()
		case errors.Is(result.err, errDied):
			alone = true
		}
	}
	return outcome{}, ErrFailed
}

func (o outcome) orError() (outcome, error) {
	if o.Failure != "" {
		return o, errors.New(o.Failure)
	}
	return o, nil
}

// try has a task done by the process that all share, or alone by a new one, and waits for what comes of it. After Close
// that is ErrFailed.
func (w *Worker) try(t task, alone bool) outcome {
	if alone {
		w.alone.Lock()
		defer w.alone.Unlock()
	}
	p, answer, err := w.submit(t, alone)
	if err != nil {
		return outcome{err: err}
	}
	result := <-answer
	if alone {
		p.stop()
	}
	return result
}

// warn tells the administrator, who would not notice otherwise: what the process did is done by another one, or here.
func (w *Worker) warn(reason error) {
	w.log.Warn("the process that hashes passwords failed", "reason", reason)
}

// submit gives the task to a process. Errors are ErrFailed after Close, and errNeverReady.
func (w *Worker) submit(t task, alone bool) (*process, <-chan outcome, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.running == nil {
		return nil, nil, ErrFailed
	}
	if w.process != nil && !alone {
		if answer, ok := w.process.take(t); ok {
			return w.process, answer, nil
		}
	}
	p, err := startProcess(w.command(), w.rest, w.warn)
	if err != nil {
		w.warn(fmt.Errorf("%w: %w", errNeverReady, err))
		return nil, nil, errNeverReady
	}
	w.running[p] = struct{}{}
	go func() {
		<-p.gone
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.running, p)
	}()
	if !alone {
		w.process = p
	}
	answer, ok := p.take(t)
	if !ok { // it has ended already
		return nil, nil, errNeverReady
	}
	return p, answer, nil
}
