package password

import (
	"encoding/gob"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"
)

// Worker has Argon2id computed in a process of its own, of a lower priority: each computation takes a core for 25 ms
// and 19 MiB of fresh memory, and in the process that serves pages that made them wait, for a processor and for the
// collector of that memory. The process is started by the first computation and ends when there was none for a while,
// and its memory with it.
type Worker struct {
	command func() *exec.Cmd
	rest    time.Duration
	mu      sync.Mutex
	process *process // nil when there is none
	ended   sync.WaitGroup
}

// NewWorker makes a Worker whose process is what command returns; that must call Work with its standard input and
// output. The process ends after a rest without a computation.
func NewWorker(command func() *exec.Cmd, rest time.Duration) *Worker {
	return &Worker{command: command, rest: rest}
}

// closeTime is how long the process may take to end once it has nothing to do.
const closeTime = 500 * time.Millisecond

// Close ends the process, kills it if it does not end by itself, and waits for its end.
func (w *Worker) Close() {
	w.mu.Lock()
	if w.process != nil {
		w.process.tasks.Close()
		kill := time.AfterFunc(closeTime, w.process.kill)
		defer kill.Stop()
		w.process = nil
	}
	w.mu.Unlock()
	w.ended.Wait()
}

// process is a running one.
type process struct {
	tasks   io.WriteCloser
	encoder *gob.Encoder
	last    uint64
	waiting map[uint64]running // by the number of the task
	resting *time.Timer
	stalled *time.Timer
	kill    func()
	ready   bool // it has said that it can hash
}

// running is a task that the process has, and where its outcome goes.
type running struct {
	outcome chan outcome
	// patience is how long the process may take to finish the next task while it has this one.
	patience time.Duration
}

// watch has the process killed if it finishes no task for too long: it hangs, or is stopped.
func (p *process) watch() {
	patience := time.Duration(0)
	for _, task := range p.waiting {
		patience = max(patience, task.patience)
	}
	p.stalled.Reset(patience)
}

// task is a hash to make, or one to check a password against.
type task struct {
	Number   uint64
	Password string
	Hash     string // empty: to make
	Params   argon2id.Params
	// Also are costs to compute with, for nothing, when the password is not the one of the hash.
	Also []argon2id.Params
}

type outcome struct {
	Number  uint64 // 0: the process is ready
	Hash    string
	Matches bool
	Failure string
}

func (t task) compute() outcome {
	result := outcome{Number: t.Number}
	var err error
	if t.Hash == "" {
		result.Hash, err = argon2id.CreateHash(t.Password, &t.Params)
	} else {
		result.Matches, _, err = argon2id.CheckHash(t.Password, t.Hash)
	}
	if err != nil {
		result.Failure = err.Error()
	}
	if !result.Matches {
		for _, costs := range t.Also {
			argon2.IDKey([]byte(t.Password), make([]byte, costs.SaltLength), costs.Iterations, costs.Memory, costs.Parallelism, costs.KeyLength)
		}
	}
	return result
}

// costs are those of all computations that the task may take, its own first.
func (t task) costs() []argon2id.Params {
	own := t.Params
	if t.Hash != "" {
		own, _ = decode(t.Hash)
	}
	return append([]argon2id.Params{own}, t.Also...)
}

// patience is many times as long as the task takes by itself: others run beside it, on a machine that may be slow.
func (t task) patience() time.Duration {
	const (
		least  = 5 * time.Second
		perMiB = 20 * time.Millisecond // for each pass over it; 0.6 ms on one core of 2026
	)
	patience := least
	for _, costs := range t.costs() {
		patience += perMiB * time.Duration(costs.Memory/1024) * time.Duration(costs.Iterations)
	}
	return patience
}

// maxProcesses are tried with one task. All tasks of a process die with it, and most of them are innocent.
const maxProcesses = 3

// compute has a task done by the process, or here when none can be started. When the process dies or hangs, whether over
// this task or another one, a new one gets it, and in the end the answer is ErrFailed: what kills processes must
// not be tried in the one that serves.
func (w *Worker) compute(t task) (outcome, error) {
	if w == nil {
		return t.compute().orError()
	}
	for range maxProcesses {
		answer, started := w.hand(t)
		if !started {
			return t.compute().orError()
		}
		result, ok := <-answer
		switch {
		case ok && result.Number == 0: // the process ended before it could hash anything
			return t.compute().orError()
		case ok:
			return result.orError()
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

// hand gives a task to the process. What is returned is closed without an outcome if the process ends before.
func (w *Worker) hand(t task) (result <-chan outcome, started bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.process == nil && w.start() != nil {
		return nil, false
	}
	p := w.process
	p.last++
	t.Number = p.last
	task := running{outcome: make(chan outcome, 1), patience: t.patience()}
	p.waiting[t.Number] = task
	p.resting.Stop()
	if len(p.waiting) == 1 {
		p.watch()
	}
	if err := p.encoder.Encode(t); err != nil { // it is at its end, and read will know
		p.kill()
	}
	return task.outcome, true
}

func (w *Worker) start() error {
	command := w.command()
	tasks, err := command.StdinPipe()
	if err != nil {
		return err
	}
	results, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	p := &process{
		tasks: tasks, encoder: gob.NewEncoder(tasks), waiting: map[uint64]running{},
		kill: func() { _ = command.Process.Kill() },
	}
	p.resting = time.AfterFunc(w.rest, func() { w.dismiss(p) })
	p.stalled = time.AfterFunc(time.Hour, func() { w.killStalled(p) })
	p.stalled.Stop()
	w.process = p
	w.ended.Go(func() {
		w.read(p, gob.NewDecoder(results))
		_ = command.Wait()
	})
	return nil
}

// killStalled kills a process that has finished no task for too long, unless it just did.
func (w *Worker) killStalled(p *process) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(p.waiting) > 0 {
		p.kill()
	}
}

// dismiss ends a process that has rested, unless it was given something at the same moment.
func (w *Worker) dismiss(p *process) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.process == p && len(p.waiting) == 0 {
		w.process = nil
		p.tasks.Close()
	}
}

// read hands out the outcomes until the process ends.
func (w *Worker) read(p *process, results *gob.Decoder) {
	for {
		var result outcome
		err := results.Decode(&result)
		w.mu.Lock()
		if err != nil {
			if w.process == p {
				w.process = nil
			}
			p.resting.Stop()
			p.stalled.Stop()
			p.tasks.Close()
			for _, task := range p.waiting {
				if !p.ready {
					task.outcome <- outcome{}
				}
				close(task.outcome)
			}
			w.mu.Unlock()
			return
		}
		if result.Number == 0 {
			p.ready = true
			w.mu.Unlock()
			continue
		}
		p.waiting[result.Number].outcome <- result
		delete(p.waiting, result.Number)
		if len(p.waiting) == 0 {
			p.stalled.Stop()
			p.resting.Reset(w.rest)
		} else {
			p.watch()
		}
		w.mu.Unlock()
	}
}

// Work is what the process of a Worker does: it computes what comes in, as many at once as there are processors, until
// in ends.
func Work(in io.Reader, out io.Writer) error {
	lowerPriority()
	if os.Getenv("GOGC") == "" {
		// Nothing lives here but the memory of the running computations, so that collecting that of the last one
		// costs little, and to keep it would cost 19 MiB each time.
		debug.SetGCPercent(50)
	}
	tasks, results := gob.NewDecoder(in), gob.NewEncoder(out)
	if err := results.Encode(outcome{}); err != nil {
		return err
	}
	turns := make(chan struct{}, runtime.GOMAXPROCS(0))
	var mu sync.Mutex
	var failed error
	var running sync.WaitGroup
	defer running.Wait()
	for {
		var next task
		if err := tasks.Decode(&next); errors.Is(err, io.EOF) {
			running.Wait()
			return failed
		} else if err != nil {
			return err
		}
		turns <- struct{}{}
		running.Go(func() {
			result := next.compute()
			<-turns
			mu.Lock()
			defer mu.Unlock()
			failed = errors.Join(failed, results.Encode(result))
		})
	}
}
