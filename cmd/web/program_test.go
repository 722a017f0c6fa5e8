//go:build unix

package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asProgram makes the test binary the program itself: what is tested as a process, with signals and exit codes, is
// built like the tests, with the race detector when they have it.
const asProgram = "THIS_TEST_BINARY_IS_LATCHKEY"

func init() {
	if os.Getenv(asProgram) != "" {
		main()
	}
}

// cheap makes passwords cheap to hash.
var cheap = []string{"--hash-memory=64", "--hash-iterations=1"}

// A program is Latchkey running as a process of its own.
type program struct {
	t       *testing.T
	command *exec.Cmd
	log     *logBuffer // all it writes to standard error
	scheme  string
	address string // where it listens
	roots   *x509.CertPool
	exited  chan struct{}
}

// command is the program in an empty environment but for what the test adds; its folder is empty too.
func command(t *testing.T, flags ...string) *exec.Cmd {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), binary, flags...)
	c.Dir = t.TempDir()
	c.Env = append(c.Env, asProgram+"=yes")
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "LATCHKEY_") {
			c.Env = append(c.Env, variable)
		}
	}
	return c
}

// runToEnd runs the program until it ends by itself.
func runToEnd(t *testing.T, c *exec.Cmd) (stdout, stderr string, code int) {
	t.Helper()
	out, problems := &logBuffer{}, &logBuffer{}
	c.Stdout, c.Stderr = out, problems
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	stuck := time.AfterFunc(2*time.Minute, func() { _ = c.Process.Kill() })
	defer stuck.Stop()
	if err := c.Wait(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return out.String(), problems.String(), c.ProcessState.ExitCode()
}

// startProgram starts the program on a free port and waits until it listens.
func startProgram(t *testing.T, flags ...string) *program {
	t.Helper()
	p := launch(t, command(t, append([]string{"--addr=localhost:0"}, flags...)...))
	p.waitFor("its address", func() bool { return p.address != "" || p.findAddress() })
	return p
}

func launch(t *testing.T, c *exec.Cmd) *program {
	t.Helper()
	p := &program{t: t, command: c, log: &logBuffer{}, scheme: "http", exited: make(chan struct{})}
	c.Stderr = p.log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = c.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		_ = c.Process.Kill()
		<-p.exited
		if t.Failed() {
			t.Logf("standard error:\n%s", p.log)
		}
	})
	return p
}

var listening = regexp.MustCompile(`listening"?[=:]"?([^" ]+)`)

func (p *program) findAddress() bool {
	found := listening.FindStringSubmatch(p.log.String())
	if found != nil {
		p.address = found[1]
	}
	return found != nil
}

// waitFor waits until something is so.
func (p *program) waitFor(what string, isSo func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(time.Minute); !isSo(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("waited too long for %s", what)
		}
		select {
		case <-p.exited:
			if !isSo() {
				p.t.Fatalf("the program ended (%v) before %s", p.command.ProcessState, what)
			}
		default:
		}
	}
}

func (p *program) signal(signal os.Signal) {
	p.t.Helper()
	if err := p.command.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
}

// end waits for the program's end.
func (p *program) end() *os.ProcessState {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-time.After(time.Minute):
		p.t.Fatal("the program does not end")
	}
	return p.command.ProcessState
}

// stop asks the program to end and checks that it ends well.
func (p *program) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	if state := p.end(); state.ExitCode() != 0 {
		p.t.Errorf("ended with %v, want exit code 0", state)
	}
}

// kill ends the program as a power cut would, without any chance to do something about it.
func (p *program) kill() {
	p.t.Helper()
	p.signal(syscall.SIGKILL)
	p.end()
}

func (p *program) url(path string) string {
	return p.scheme + "://" + p.address + path
}

// browser is a browser with no cookies that visits the program.
func (p *program) browser() *browser {
	p.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: p.roots}}
	p.t.Cleanup(transport.CloseIdleConnections)
	return &browser{
		site:   &site{t: p.t, server: &httptest.Server{URL: p.url("")}},
		client: &http.Client{Jar: jar, Transport: transport},
		header: http.Header{"Sec-Fetch-Site": {"same-origin"}},
		host:   p.host(),
	}
}

// host is that of --url, for a program that has one.
func (p *program) host() string {
	found := regexp.MustCompile(`--url[= ]https?://(\S+)`).FindStringSubmatch(strings.Join(p.command.Args, " "))
	if found == nil {
		return ""
	}
	return found[1]
}

// onlyFile checks that a database was closed cleanly: nothing waits in a write-ahead log beside it.
func onlyFile(t *testing.T, path string) {
	t.Helper()
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 1 || files[0].Name() != filepath.Base(path) {
		t.Errorf("the folder of the database holds %v, want only the database", files)
	}
}
