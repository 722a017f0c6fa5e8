//go:build unix

package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// launchInto starts the program with a pipe for its standard error that the test reads, or does not.
func launchInto(t *testing.T, flags ...string) (p *program, log *os.File, reader *bufio.Reader) {
	t.Helper()
	log, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := command(t, append(append(slices.Clone(cheap), "--addr=localhost:0"), flags...)...)
	c.Stderr, c.Stdout = write, write
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	p = &program{t: t, command: c, log: &logBuffer{}, scheme: "http", exited: make(chan struct{})}
	go func() {
		_ = c.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		log.Close()
		_ = c.Process.Kill()
		<-p.exited
	})
	reader = bufio.NewReader(log)
	for p.address == "" {
		line, err := reader.ReadString('\n')
		if err != nil {
			t.Fatalf("no address in the log: %v", err)
		}
		_, _ = p.log.Write([]byte(line))
		p.findAddress()
	}
	return p, log, reader
}

func TestLogThatNobodyReadsStopsNoRequest(t *testing.T) {
	t.Parallel()
	p, _, reader := launchInto(t)
	b := p.browser()
	// More lines than the pipe and the queue hold.
	const requests = 12_000
	for range requests {
		b.get("/healthz").wantStatus(http.StatusOK)
	}
	b.post("/login", "username", "nobody", "password", "wrong").wantStatus(http.StatusUnauthorized)
	p.signal(syscall.SIGTERM)
	text, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	if state := p.end(); state.ExitCode() != 0 {
		t.Errorf("ended with %v, want exit code 0", state)
	}
	missing := 0
	for _, line := range regexp.MustCompile(`msg="lines are missing here.*lines=(\d+)\n`).FindAllStringSubmatch(string(text), -1) {
		lost, _ := strconv.Atoi(line[1])
		missing += lost
	}
	written := strings.Count(string(text), "msg=request ")
	if missing == 0 || written+missing != requests+1 {
		t.Errorf("%d lines and %d missing, want %d in all", written, missing, requests+1)
	}
	if !strings.Contains(string(text), `event="login failed"`) {
		t.Error("the security event is lost")
	}
}

func TestLogThatNobodyReadsDoesNotKeepTheProgramFromEnding(t *testing.T) {
	t.Parallel()
	p, _, _ := launchInto(t)
	b := p.browser()
	for range 1000 { // more than the pipe holds
		b.get("/healthz").wantStatus(http.StatusOK)
	}
	p.signal(syscall.SIGTERM)
	if state := p.end(); state.ExitCode() != 0 {
		t.Errorf("ended with %v, want exit code 0", state)
	}
}

func TestServerOutlivesTheReaderOfItsLog(t *testing.T) {
	t.Parallel()
	p, log, _ := launchInto(t)
	log.Close() // as `latchkey 2>&1 | head -1` does
	b := p.browser()
	for range 10 {
		b.get("/login").wantStatus(http.StatusOK)
	}
	b.post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
	p.stop()
}

func TestServerOutlivesAHangUpAndSaysSo(t *testing.T) {
	t.Parallel()
	p := startProgram(t, cheap...)
	p.browser().post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
	p.signal(syscall.SIGHUP)
	p.waitFor("a line about it", func() bool { return strings.Contains(p.log.String(), `msg="hang-up: nothing to do`) })
	p.browser().post("/login", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
	p.stop()
}

func TestUserListIntoABrokenPipeEndsQuietly(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/auth.db"
	makeDatabase(t, path)
	c := command(t, "user", "list", "--db="+path)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	read.Close()
	problems := &logBuffer{}
	c.Stdout, c.Stderr = write, problems
	err = c.Run()
	write.Close()
	status := c.ProcessState.Sys().(syscall.WaitStatus)
	if err == nil || !status.Signaled() || status.Signal() != syscall.SIGPIPE || problems.String() != "" {
		t.Errorf("ended with %v and %q, want SIGPIPE and nothing", c.ProcessState, problems)
	}
}

func TestServerWithoutFileDescriptorsSaysSoAndIsSoonBack(t *testing.T) {
	t.Parallel()
	inner := command(t, append(cheap, "--addr=localhost:0")...)
	c := exec.CommandContext(t.Context(), "sh", append([]string{"-c", `ulimit -n 64; exec "$0" "$@"`}, inner.Args...)...)
	c.Args[3] = inner.Path
	c.Env, c.Dir = inner.Env, inner.Dir
	p := launch(t, c)
	p.waitFor("its address", p.findAddress)
	p.browser().get("/login").wantStatus(http.StatusOK)
	for i := range 200 {
		connection := connect(t, p.address)
		_ = connection.SetDeadline(time.Now().Add(time.Minute))
		if err := connection.get("/healthz"); err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
	}
	p.browser().get("/login").wantStatus(http.StatusOK)
	p.stop()
	log := p.log.String()
	if lines := strings.Count(log, `level=ERROR msg="cannot accept connections"`); lines != 1 || !strings.Contains(log, "too many open files") {
		t.Errorf("%d lines say that there are no file descriptors, want one:\n%s", lines, log)
	}
}

func TestServerSaysNothingOfScannersThatSpeakNoTLS(t *testing.T) {
	t.Parallel()
	p := startSecureProgram(t)
	for range 100 {
		connection := connect(t, p.address)
		_, _ = connection.Write([]byte("\x16\x03\x01\x00\x05hello"))
		connection.isClosed()
	}
	p.browser().get("/healthz").wantStatus(http.StatusOK)
	p.stop()
	if lines := strings.Count(p.log.String(), "\n"); lines > 5 {
		t.Errorf("%d lines:\n%s", lines, p.log)
	}
}
