package password_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"log/slog"
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

func TestMain(m *testing.M) {
	switch os.Getenv(readsTasks) {
	case "and dies":
		_ = password.Work(deadly{os.Stdin}, os.Stdout)
		os.Exit(0)
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
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil { // three tests do nothing but wait, for half a minute together
		panic(err)
	}
	os.Exit(m.Run())
}

// workers remembers the processes that were started, and what the log says about them.
type workers struct {
	environment []string

	mu       sync.Mutex
	commands []*exec.Cmd
	log      bytes.Buffer
}

// Write implements io.Writer, for the log.
func (w *workers) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(line)
}

func (w *workers) warnings() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Count(w.log.String(), "\n")
}

// wantWarnings checks that each line of the log is a warning that ends with the reason.
func (w *workers) wantWarnings(t *testing.T, number int, reason string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	log := w.log.String()
	right := strings.Count(log, fmt.Sprintf(" level=WARN msg=\"the process that hashes passwords failed\" reason=%q\n", reason))
	if right != number || strings.Count(log, "\n") != number {
		t.Errorf("the log is %q, want %d warnings with the reason %q", log, number, reason)
	}
}

func (w *workers) command() *exec.Cmd {
	w.mu.Lock()
	defer w.mu.Unlock()
	binary, err := os.Executable()
	if err != nil {
		panic(err)
	}
	command := exec.Command(binary)
	command.Env = append(append(os.Environ(), asWorker+"=yes"), w.environment...)
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

func newWorker(t *testing.T, rest time.Duration, environment ...string) (*password.Worker, *workers) {
	t.Helper()
	started := &workers{environment: environment}
	worker := password.NewWorker(started.command, rest, slog.New(slog.NewTextHandler(started, nil)))
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

func TestWorkerHashesAsThisProcessWould(t *testing.T) {
	t.Parallel()
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

func TestWorkerWithoutAProcessHashesHere(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "missing")
	for path, reason := range map[string]string{
		missing: "it did not start: fork/exec " + missing + ": no such file or directory",
		"true":  "it did not start: exit status 0",
	} {
		log := &workers{}
		worker := password.NewWorker(func() *exec.Cmd { return exec.Command(path) }, time.Minute, slog.New(slog.NewTextHandler(log, nil)))
		t.Run(filepath.Base(path), func(t *testing.T) {
			wantRight(t, password.NewHasher(cheap, 1, 1, worker), "k3xq9vbz")
			log.wantWarnings(t, 3, reason) // a hash and two checks
		})
		worker.Close()
	}
}

func TestWorkerEndsItsProcessWhenNobodyNeedsItAndStartsItAgain(t *testing.T) {
	t.Parallel()
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
	started.wantWarnings(t, 0, "")
}

func waitForEnd(t *testing.T, process *os.Process) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); process.Signal(syscall.Signal(0)) == nil; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the process does not end")
		}
	}
}

func TestWorkerComesAfterTheProcessThatServesPages(t *testing.T) {
	t.Parallel()
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

func TestWorkerStartsNoProcessOnceItIsClosed(t *testing.T) {
	t.Parallel()
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
		started.wantWarnings(t, 0, "")
	}
}
