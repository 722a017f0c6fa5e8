package password_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"latchkey/internal/password"
)

// deadly dies when what it has read is passed on.
type deadly struct{ io.Reader }

func (d deadly) Read(p []byte) (int, error) {
	n, err := d.Reader.Read(p)
	if n > 0 {
		os.Exit(2)
	}
	return n, err
}

// readsTasks says how that process reads its tasks.
const readsTasks = "AND_READS_TASKS"

// slow is a healthy process that takes longer than one that is silent may.
type slow struct{ io.Reader }

func (s slow) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if n > 0 {
		time.Sleep(12 * time.Second)
	}
	return n, err
}

const poison = "poison k3xq9vbz"

// poisonable dies of one password and does the others.
type poisonable struct{ io.Reader }

func (p poisonable) Read(to []byte) (int, error) {
	n, err := p.Reader.Read(to)
	if strings.Contains(string(to[:n]), poison) {
		os.Exit(2)
	}
	return n, err
}

func TestWorkerDoesNotTakeASlowProcessForOneThatHangs(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes twelve seconds")
	}
	worker, started := newWorker(t, time.Minute, readsTasks+"=slowly")
	if _, err := password.NewHasher(cheap, 1, 1, worker).Hash(t.Context(), home, "k3xq9vbz"); err != nil {
		t.Error(err)
	}
	if started.started() != 1 {
		t.Errorf("%d processes were started, want 1", started.started())
	}
	started.wantWarnings(t, 0, "")
}

func TestWorkerReplacesAProcessThatHangs(t *testing.T) {
	t.Parallel()
	worker, started := newWorker(t, time.Minute)
	hasher := password.NewHasher(cheap, 4, 100, worker)
	wantRight(t, hasher, "k3xq9vbz")
	if err := started.last().Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	crowd := sync.WaitGroup{}
	for i := range 8 {
		crowd.Go(func() { wantRight(t, hasher, fmt.Sprint("password ", i)) })
	}
	crowd.Wait()
	if started.started() != 2 {
		t.Errorf("%d processes were started, want 2", started.started())
	}
	if err := started.last().Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	worker.Close() // and does not wait for ever
	waitForEnd(t, started.last())
	started.wantWarnings(t, 1, "it hung and was killed") // though eight waited for it
}

func TestWorkerReplacesAProcessThatHangsAndReadsNothing(t *testing.T) {
	t.Parallel()
	worker, started := newWorker(t, time.Minute)
	hasher := password.NewHasher(cheap, 4, 100, worker)
	wantRight(t, hasher, "k3xq9vbz")
	if err := started.last().Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = started.commands[0].Process.Kill() }) // so that a failure does not hang in Close
	ends(t, "hashing", func() {
		crowd := sync.WaitGroup{}
		for i := range 4 { // together they are more than a pipe takes
			crowd.Go(func() {
				if _, _, err := hasher.Verify(t.Context(), home, strings.Repeat(fmt.Sprint(i), 40_000), ""); err != nil {
					t.Error(err)
				}
			})
		}
		crowd.Wait()
	})
	started.wantWarnings(t, 1, "it hung and was killed")
}

func TestWorkerLosesNobodysLoginWhenItsProcessIsKilled(t *testing.T) {
	t.Parallel()
	worker, started := newWorker(t, time.Minute)
	hasher := password.NewHasher(password.Params{MemoryKiB: 1024, Iterations: 2, Threads: 1}, 4, 1000, worker)
	wantRight(t, hasher, "k3xq9vbz")
	crowd := sync.WaitGroup{}
	for i := range 30 {
		crowd.Go(func() { wantRight(t, hasher, fmt.Sprint("password ", i)) })
		if i%10 == 5 {
			if err := started.last().Signal(syscall.SIGKILL); err != nil {
				t.Log(err) // it was killed before, and the next one is not there yet
			}
		}
	}
	crowd.Wait()
	if started.started() < 2 {
		t.Error("none was killed")
	}
}

func TestWorkerSaysOnceInTheLogWhyItsProcessFailed(t *testing.T) {
	t.Parallel()
	worker, started := newWorker(t, time.Minute)
	hasher := password.NewHasher(cheap, 4, 100, worker)
	wantRight(t, hasher, "k3xq9vbz")
	for failures := range 3 {
		if err := started.last().Kill(); err != nil {
			t.Fatal(err)
		}
		ends(t, "waiting for a warning", func() {
			for started.warnings() == failures {
				time.Sleep(time.Millisecond)
			}
		})
		crowd := sync.WaitGroup{}
		for i := range 8 {
			crowd.Go(func() { wantRight(t, hasher, fmt.Sprint("password ", i)) })
		}
		crowd.Wait()
	}
	worker.Close()
	started.wantWarnings(t, 3, "it died: signal: killed")
}

func TestWorkerDoesNotTryInTheServerWhatKillsItsProcess(t *testing.T) {
	t.Parallel()
	worker, started := newWorker(t, time.Minute, readsTasks+"=and dies")
	hasher := password.NewHasher(cheap, 1, 1, worker)
	for range 2 {
		if _, err := hasher.Hash(t.Context(), home, "k3xq9vbz"); !errors.Is(err, password.ErrFailed) {
			t.Errorf("%v, want ErrFailed", err)
		}
	}
	if started.started() != 6 {
		t.Errorf("%d processes were started, want 3 for each", started.started())
	}
	started.wantWarnings(t, 6, "it died: exit status 2")
}

func TestWorkerLetsNobodyElseComeToHarmByWhatKillsItsProcess(t *testing.T) {
	t.Parallel()
	worker, _ := newWorker(t, time.Minute, readsTasks+"=and dies of poison")
	hasher := password.NewHasher(cheap, 4, 1000, worker)
	crowd := sync.WaitGroup{}
	for i := range 60 {
		if i%10 == 0 {
			crowd.Go(func() {
				if _, err := hasher.Hash(t.Context(), home, poison); !errors.Is(err, password.ErrFailed) {
					t.Errorf("what kills the process: %v, want ErrFailed", err)
				}
			})
			continue
		}
		crowd.Go(func() { wantRight(t, hasher, fmt.Sprint("password ", i)) })
	}
	crowd.Wait()
}

func TestWorkerIsNotHeldByAProcessThatWasStoppedWhileItRested(t *testing.T) {
	t.Parallel()
	worker, started := newWorker(t, 100*time.Millisecond)
	wantRight(t, password.NewHasher(cheap, 1, 1, worker), "k3xq9vbz")
	process := started.last()
	if err := process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = process.Kill() })
	time.Sleep(300 * time.Millisecond) // it is dismissed meanwhile
	ends(t, "Close", worker.Close)
	waitForEnd(t, process)
	started.wantWarnings(t, 0, "")
}
