package password_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"latchkey/internal/password"
)

// asWorker makes the test binary the process that hashes.
const asWorker = "THIS_TEST_BINARY_HASHES"

// diesOverTasks has that process die when it gets a task.
const diesOverTasks = "AND_DIES_OVER_TASKS"

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

func TestMain(m *testing.M) {
	if os.Getenv(diesOverTasks) != "" {
		_ = password.Work(deadly{os.Stdin}, os.Stdout)
	}
	switch os.Getenv(readsTasks) {
	case "slowly":
		_ = password.Work(slow{os.Stdin}, os.Stdout)
		os.Exit(0)
	case "and dies of poison":
		_ = password.Work(poisonable{os.Stdin}, os.Stdout)
		os.Exit(0)
	}
	if os.Getenv(asWorker) != "" {
		if err := password.Work(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// workers remembers the processes that were started.
type workers struct {
	mu       sync.Mutex
	commands []*exec.Cmd
}

func (w *workers) command() *exec.Cmd {
	w.mu.Lock()
	defer w.mu.Unlock()
	binary, err := os.Executable()
	if err != nil {
		panic(err)
	}
	command := exec.Command(binary)
	command.Env = append(os.Environ(), asWorker+"=yes")
	command.Stderr = os.Stderr
	w.commands = append(w.commands, command)
	return command
}

func (w *workers) started() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.commands)
}

// last is the process started last.
func (w *workers) last() *os.Process {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.commands[len(w.commands)-1].Process
}

func newWorker(t *testing.T, rest time.Duration) (*password.Worker, *workers) {
	t.Helper()
	started := &workers{}
	worker := password.NewWorker(started.command, rest)
	t.Cleanup(worker.Close)
	return worker, started
}

func wantRight(t *testing.T, hasher *password.Hasher, typed string) {
	t.Helper()
	hash, err := hasher.Hash(t.Context(), home, typed)
	if err != nil {
		t.Error(err)
		return
	}
	if matches, outdated, err := hasher.Verify(t.Context(), home, typed, hash); !matches || outdated || err != nil {
		t.Errorf("the right password: matches %t, outdated %t, %v", matches, outdated, err)
	}
	if matches, _, err := hasher.Verify(t.Context(), home, typed+"x", hash); matches || err != nil {
		t.Errorf("a wrong password: matches %t, %v", matches, err)
	}
}

func TestAnotherProcessHashesAsThisOneWould(t *testing.T) {
	worker, started := newWorker(t, time.Minute)
	there := password.NewHasher(cheap, 4, 100, worker)
	here := password.NewHasher(cheap, 4, 100, nil)
	hash, err := there.Hash(t.Context(), home, "cafe\u0301 au lait")
	if err != nil {
		t.Fatal(err)
	}
	for typed, want := range map[string]bool{"caf\u00e9 au lait": true, "cafe au lait": false, "": false} {
		for _, hasher := range []*password.Hasher{here, there} {
			if matches, _, err := hasher.Verify(t.Context(), home, typed, hash); matches != want || err != nil {
				t.Errorf("%q: %t, %v; want %t", typed, matches, err, want)
			}
		}
	}
	crowd := sync.WaitGroup{}
	for i := range 50 {
		crowd.Go(func() { wantRight(t, there, fmt.Sprint("password ", i)) })
	}
	crowd.Wait()
	if started.started() != 1 {
		t.Errorf("%d processes were started, want 1", started.started())
	}
}

func TestNobodyLosesALoginWhenTheHashingProcessIsKilled(t *testing.T) {
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

func TestWithoutAProcessHashingTakesPlaceHere(t *testing.T) {
	for name, path := range map[string]string{"missing": filepath.Join(t.TempDir(), "missing"), "ends at once": "true"} {
		worker := password.NewWorker(func() *exec.Cmd { return exec.Command(path) }, time.Minute)
		t.Run(name, func(t *testing.T) { wantRight(t, password.NewHasher(cheap, 1, 1, worker), "k3xq9vbz") })
		worker.Close()
	}
}

func TestTheProcessEndsWhenNobodyNeedsItAndComesBackWhenSomebodyDoes(t *testing.T) {
	worker, started := newWorker(t, 20*time.Millisecond)
	hasher := password.NewHasher(cheap, 1, 1, worker)
	for range 3 {
		wantRight(t, hasher, "k3xq9vbz")
		waitForEnd(t, started.last())
	}
	if started.started() < 3 {
		t.Errorf("%d processes were started, want one each time", started.started())
	}
	wantRight(t, hasher, "k3xq9vbz")
	worker.Close()
	waitForEnd(t, started.last())
}

func waitForEnd(t *testing.T, process *os.Process) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); process.Signal(syscall.Signal(0)) == nil; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the process does not end")
		}
	}
}

func TestTheProcessComesAfterTheOnesThatServePages(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("no /proc here to read priorities from")
	}
	worker, started := newWorker(t, time.Minute)
	wantRight(t, password.NewHasher(cheap, 1, 1, worker), "k3xq9vbz")
	stats, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", started.last().Pid))
	if err != nil || len(stats) == 0 {
		t.Fatal(stats, err)
	}
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // the thread has ended
		}
		_, after, _ := strings.Cut(string(stat), ") ")
		if nice := strings.Fields(after)[16]; nice != "10" {
			t.Errorf("%s: niceness %s, want 10", path, nice)
		}
	}
	mark, err := os.ReadFile(fmt.Sprintf("/proc/%d/oom_score_adj", started.last().Pid))
	if err != nil || strings.TrimSpace(string(mark)) != "500" {
		t.Errorf("killed for memory by the mark %q, %v; want 500", mark, err)
	}
}

func TestHashingProcessThatHangsIsKilledAndReplaced(t *testing.T) {
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
}

func TestHashingThatKillsItsProcessIsNotTriedInTheServer(t *testing.T) {
	started := &workers{}
	worker := password.NewWorker(func() *exec.Cmd {
		command := started.command()
		command.Env = append(command.Env, diesOverTasks+"=yes")
		return command
	}, time.Minute)
	t.Cleanup(worker.Close)
	hasher := password.NewHasher(cheap, 1, 1, worker)
	for range 2 {
		if _, err := hasher.Hash(t.Context(), home, "k3xq9vbz"); !errors.Is(err, password.ErrFailed) {
			t.Errorf("%v, want ErrFailed", err)
		}
	}
	if started.started() != 6 {
		t.Errorf("%d processes were started, want 3 for each", started.started())
	}
}

// newWorkerThat has a process that reads its tasks in some way.
func newWorkerThat(t *testing.T, reads string) (*password.Worker, *workers) {
	t.Helper()
	started := &workers{}
	worker := password.NewWorker(func() *exec.Cmd {
		command := started.command()
		command.Env = append(command.Env, readsTasks+"="+reads)
		return command
	}, time.Minute)
	t.Cleanup(worker.Close)
	return worker, started
}

// ends fails the test when something does not come to its end; by itself it may take some seconds.
func ends(t *testing.T, what string, do func()) {
	t.Helper()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		do()
	}()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatal(what, "does not end")
	}
}

func TestHashingProcessThatHangsAndReadsNothingIsReplaced(t *testing.T) {
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
}

func TestHashingProcessThatWasStoppedWhileItRestedDoesNotHoldTheServer(t *testing.T) {
	started := &workers{}
	worker := password.NewWorker(started.command, 100*time.Millisecond)
	wantRight(t, password.NewHasher(cheap, 1, 1, worker), "k3xq9vbz")
	process := started.last()
	if err := process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = process.Kill() })
	time.Sleep(300 * time.Millisecond) // it is dismissed meanwhile
	ends(t, "Close", worker.Close)
	waitForEnd(t, process)
}

func TestHashingProcessThatIsSlowIsNotTakenForOneThatHangs(t *testing.T) {
	if testing.Short() {
		t.Skip("takes twelve seconds")
	}
	worker, started := newWorkerThat(t, "slowly")
	if _, err := password.NewHasher(cheap, 1, 1, worker).Hash(t.Context(), home, "k3xq9vbz"); err != nil {
		t.Error(err)
	}
	if started.started() != 1 {
		t.Errorf("%d processes were started, want 1", started.started())
	}
}

func TestHashingThatKillsItsProcessHarmsNobodyElse(t *testing.T) {
	worker, _ := newWorkerThat(t, "and dies of poison")
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

func TestHashingStartsNoProcessOnceTheServerStops(t *testing.T) {
	for range 20 {
		worker, started := newWorker(t, time.Minute)
		hasher := password.NewHasher(password.Params{MemoryKiB: 65536, Iterations: 100, Threads: 1}, 2, 100, worker)
		crowd := sync.WaitGroup{}
		for range 3 {
			crowd.Go(func() {
				if _, err := hasher.Hash(t.Context(), home, "k3xq9vbz"); !errors.Is(err, password.ErrFailed) {
					t.Errorf("%v, want ErrFailed", err)
				}
			})
		}
		for running, _ := hasher.Load(); running < 3; running, _ = hasher.Load() {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(50 * time.Millisecond) // until the process computes
		ends(t, "Close", worker.Close)
		ends(t, "what was under way", crowd.Wait)
		if started.started() > 1 {
			t.Fatal("a process was started after Close")
		}
	}
}
