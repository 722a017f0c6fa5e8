package password

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"
)

// Why a process has not done a task.
var (
	errNeverReady = errors.New("it did not start")
	errDied       = errors.New("it died")
	errHung       = errors.New("it hung and was killed")
)

// process is one that runs Work.
type process struct {
	command *exec.Cmd
	gone    chan struct{}      // closed at its end
	failed  func(reason error) // told once, unless it was asked to end

	// sending is held while a task is written, which blocks while the process does not read. mu must not be.
	sending sync.Mutex
	tasks   io.WriteCloser
	encoder *gob.Encoder

	mu      sync.Mutex
	last    uint64
	waiting map[uint64]chan outcome // by the number of the task
	resting *time.Timer
	closed  bool // takes no more tasks
	ready   bool // has given a sign of life
	silent  int  // heartbeats missed in a row while tasks waited
}

// startProcess starts one that ends when it had nothing to do for a rest. failed is told why when it ends of itself or
// hangs.
func startProcess(command *exec.Cmd, rest time.Duration, failed func(reason error)) (*process, error) {
	tasks, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	results, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	p := &process{
		command: command, gone: make(chan struct{}), failed: failed,
		tasks: tasks, encoder: gob.NewEncoder(tasks), waiting: map[uint64]chan outcome{},
	}
	p.resting = time.AfterFunc(rest, p.stop)
	go p.watch()
	go func() {
		defer close(p.gone)
		p.read(gob.NewDecoder(results), rest)
	}()
	return p, nil
}

// take gives the process a task. The channel brings what came of it, or why nothing did. ok is false when the process
// takes no more.
func (p *process) take(t task) (result <-chan outcome, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, false
	}
	p.last++
	t.Number = p.last
	answer := make(chan outcome, 1)
	p.waiting[t.Number] = answer
	p.resting.Stop()
	go func() {
		p.sending.Lock()
		defer p.sending.Unlock()
		if p.encoder.Encode(t) != nil { // it is at its end, and read will know
			p.kill()
		}
	}()
	return answer, true
}

// stop ends the process, unless it was given something at the same moment. One that is stopped would not notice
// that its standard input has ended, and it has nothing to finish.
func (p *process) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 {
		p.end(nil)
	}
}

// close ends the process, whatever it does. Those who wait for it get ErrFailed.
func (p *process) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end(ErrFailed)
}

func (p *process) kill() {
	_ = p.command.Process.Kill() // it fails when the process has ended
}

// end kills the process and tells those who wait for it why. The caller holds mu.
func (p *process) end(reason error) {
	p.closed = true
	p.resting.Stop()
	p.kill()
	p.tasks.Close()
	for _, answer := range p.waiting {
		answer <- outcome{err: reason}
	}
	clear(p.waiting)
}

// fail ends a process that nobody asked to end. The caller holds mu.
func (p *process) fail(reason error) {
	if !p.closed {
		p.failed(reason)
	}
	p.end(reason)
}

// read hands out the outcomes until the process ends.
func (p *process) read(results *gob.Decoder, rest time.Duration) {
	for {
		var result outcome
		if results.Decode(&result) != nil {
			p.reap()
			return
		}
		p.mu.Lock()
		p.ready, p.silent = true, 0
		if answer, asked := p.waiting[result.Number]; asked {
			answer <- result
			delete(p.waiting, result.Number)
			if len(p.waiting) == 0 {
				p.resting.Reset(rest)
			}
		}
		p.mu.Unlock()
	}
}

// reap waits for the end of a process whose output has ended, which says more about why.
func (p *process) reap() {
	p.kill() // it may have closed its output alone
	_ = p.command.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	reason := errDied
	if !p.ready {
		reason = errNeverReady
	}
	p.fail(fmt.Errorf("%w: %v", reason, p.command.ProcessState))
}

// patience is how many heartbeats in a row a process with work may miss. It is less than the 10 seconds that the server
// has to stop in, so that those who wait for a process that hangs still get their answer.
const patience = 7

// watch kills the process when it hangs. It counts its own ticks, because a clock goes on while this process is itself
// stopped, and the other one would be blamed for that.
func (p *process) watch() {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-p.gone:
			return
		case <-beat.C:
		}
		p.mu.Lock()
		p.silent++
		if len(p.waiting) == 0 {
			p.silent = 0
		}
		if p.silent > patience {
			p.fail(errHung)
		}
		p.mu.Unlock()
	}
}
