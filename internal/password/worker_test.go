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

func TestMain(m *testing.M) {
	if os.Getenv(diesOverTasks) != "" {
		_ = password.Work(deadly{os.Stdin}, os.Stdout)
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
