//go:build linux

package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
)

type systemCall struct{ name, line string }

// tracedSystemCalls are those of a life of the program as it is built for production, from its start to its stop, and
// of the administrator's commands beside it.
func tracedSystemCalls(t *testing.T) []systemCall {
	t.Helper()
	strace := installed(t, "strace", "strace")
	folder := t.TempDir()
	trace, db := filepath.Join(folder, "trace"), filepath.Join(folder, "auth.db")
	arguments := []string{"-f", "-qq", "-A", "-o", trace, "-I", "never"}
	if os.Geteuid() == 0 {
		// As root, SQLite would chown its files, which it does not as the unit's user.
		arguments = append(arguments, "-u", "nobody")
		openToNobody(t, folder)
	}
	arguments = append(arguments, buildForProduction(t, folder))

	p := launch(t, inGroup(exec.CommandContext(t.Context(), strace, append(arguments, deploymentFlags(t, db)...)...)))
	t.Cleanup(func() { _ = syscall.Kill(-p.command.Process.Pid, syscall.SIGKILL) }) // without strace it would live on
	p.waitFor("its address", p.findAddress)
	b := p.browser()
	b.post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
	b.stay().post("/login", "username", "bob", "password", goodPassword).wantStatus(http.StatusSeeOther)
	for _, command := range [][]string{{"user", "list"}, {"backup", filepath.Join(folder, "copy.db")}, {"check"}} {
		c := exec.CommandContext(t.Context(), strace, append(append(arguments, "--db="+db), command...)...)
		if output, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", command, err, output)
		}
	}
	if err := syscall.Kill(-p.command.Process.Pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if state := p.end(); state.ExitCode() != 0 {
		t.Errorf("ended with %v, want exit code 0", state)
	}

	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	var calls []systemCall
	for _, line := range regexp.MustCompile(`(?m)^\d+ +([a-z_0-9]+)\(.*$`).FindAllStringSubmatch(string(text), -1) {
		calls = append(calls, systemCall{name: line[1], line: line[0]})
	}
	if len(calls) < 500 {
		t.Fatalf("traced %d system calls, want many", len(calls))
	}
	return calls
}

func buildForProduction(t *testing.T, folder string) (binary string) {
	t.Helper()
	binary = filepath.Join(folder, "latchkey")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".")
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, output)
	}
	return binary
}

// openToNobody lets a user without any rights write in the test's folder.
func openToNobody(t *testing.T, folder string) {
	t.Helper()
	for path, mode := range map[string]os.FileMode{filepath.Dir(folder): 0o711, folder: 0o777} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
}

// inGroup makes a signal to the process's group reach the program below strace, which passes none on.
func inGroup(c *exec.Cmd) *exec.Cmd {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return c
}
