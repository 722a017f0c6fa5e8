package password

import (
	"encoding/gob"
	"errors"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"
)

// task is a hash to make, or one to check a password against.
type task struct {
	Number   uint64
	Password string
	Hash     string // empty: to make
	Params   argon2id.Params
	// Also are costs to compute with, for nothing, when the password is not the one of the hash.
	Also []argon2id.Params
}

// outcome is what came of the task with its number. Number 0 is a sign of life.
type outcome struct {
	Number  uint64
	Hash    string
	Matches bool
	Failure string
	err     error // why there is none; stays in the process that asked
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

// heartbeat is how often the process says that it lives, whatever it computes. How long a computation takes depends on
// its costs and on the machine; how long a healthy process is silent does not.
const heartbeat = time.Second

// Work is what the process of a Worker does: it computes what comes in, as many at once as there are processors, until
// in ends. Nobody waits for what it still computes then.
func Work(in io.Reader, out io.Writer) error {
	lowerPriority()
	if os.Getenv("GOGC") == "" {
		// Nothing lives here but the memory of the running computations, so that collecting that of the last one
		// costs little, and to keep it would cost 19 MiB each time.
		debug.SetGCPercent(50)
	}
	results := &sender{encoder: gob.NewEncoder(out)}
	results.send(outcome{})
	go func() {
		for range time.Tick(heartbeat) {
			results.send(outcome{})
		}
	}()
	tasks := gob.NewDecoder(in)
	turns := make(chan struct{}, runtime.GOMAXPROCS(0))
	for {
		var next task
		if err := tasks.Decode(&next); errors.Is(err, io.EOF) {
			return results.failure()
		} else if err != nil {
			return err
		}
		go func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			results.send(next.compute())
		}()
	}
}

// sender lets several goroutines send at once.
type sender struct {
	mu      sync.Mutex
	encoder *gob.Encoder
	err     error
}

func (s *sender) send(result outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = s.encoder.Encode(result)
	}
}

func (s *sender) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
