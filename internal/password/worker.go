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

// Close ends the process and waits for its end.
func (w *Worker) Close() {
	w.mu.Lock()
	if w.process != nil {
		w.process.tasks.Close()
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
	waiting map[uint64]chan outcome // by the number of the task
	resting *time.Timer
}

// task is a hash to make, or one to check a password against.
type task struct {
	Number   uint64
	Password string
	Hash     string // empty: to make
	Params   argon2id.Params
}

type outcome struct {
	Number  uint64
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
	return result
}

// compute has a task done by the process, or here when there can be none or it dies over it: nobody is to lose a
// login by that.
func (w *Worker) compute(t task) outcome {
	if w == nil {
		return t.compute()
	}
	if result, ok := <-w.hand(t); ok {
		return result
	}
	return t.compute()
}

// hand gives a task to the process. What is returned is closed without an outcome if the process ends before.
func (w *Worker) hand(t task) <-chan outcome {
	w.mu.Lock()
	defer w.mu.Unlock()
	result := make(chan outcome, 1)
	if w.process == nil && w.start() != nil {
		close(result)
		return result
	}
	p := w.process
	p.last++
	t.Number = p.last
	p.waiting[t.Number] = result
	p.resting.Stop()
	_ = p.encoder.Encode(t) // a process that takes no more is at its end, and read will know
	return result
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
	p := &process{tasks: tasks, encoder: gob.NewEncoder(tasks), waiting: map[uint64]chan outcome{}}
	p.resting = time.AfterFunc(w.rest, func() { w.dismiss(p) })
	w.process = p
	w.ended.Go(func() {
		w.read(p, gob.NewDecoder(results))
		_ = command.Wait()
	})
	return nil
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
			p.tasks.Close()
			for _, waiting := range p.waiting {
				close(waiting)
			}
			w.mu.Unlock()
			return
		}
		p.waiting[result.Number] <- result
		delete(p.waiting, result.Number)
		if len(p.waiting) == 0 {
			p.resting.Reset(w.rest)
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
