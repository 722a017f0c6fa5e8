//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// process is a program that answers on loopback: the server under test, or a bare handler.
type process struct {
	command *exec.Cmd
	address string
	log     string // the file that its standard error goes to
	exited  chan struct{}
}

// startProcess runs a program; its standard error is appended to the log file, as a real deployment keeps it.
func startProcess(ctx context.Context, address, log string, argv ...string) (*process, error) {
	file, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	p := &process{command: exec.CommandContext(ctx, argv[0], argv[1:]...), address: address, log: log, exited: make(chan struct{})}
	p.command.Stderr = file
	p.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // it must not outlive us, however we end
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "LATCHKEY_") { // the defaults are what is measured
			p.command.Env = append(p.command.Env, variable)
		}
	}
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.command.Wait() // how it ended is in ProcessState
		close(p.exited)
	}()
	return p, nil
}

// waitForPage asks for a page in a tight loop until the answer is 200.
func (p *process) waitForPage(ctx context.Context, path string) error {
	request := get(path, requestOptions{encodings: browserEncodings})
	for deadline := time.Now().Add(patience); ; sleepUntil(time.Now().Add(100 * time.Microsecond)) {
		_, err := visit(ctx, p.address, request, http.StatusOK)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case !errors.Is(err, syscall.ECONNREFUSED) || time.Now().After(deadline):
			return fmt.Errorf("%s does not answer: %w%s", p.command.Path, err, p.lastWords())
		}
		select {
		case <-p.exited:
			return fmt.Errorf("%s ended at its start: %v%s", p.command.Path, p.command.ProcessState, p.lastWords())
		default:
		}
	}
}

// lastWords is the end of the log.
func (p *process) lastWords() string {
	text, err := os.ReadFile(p.log)
	if err != nil || len(text) == 0 {
		return ""
	}
	return "\n" + strings.TrimSpace(string(text[max(0, len(text)-1000):]))
}

// stop ends the process as an administrator would, and reports one that does not end well.
func (p *process) stop() error {
	_ = p.command.Process.Signal(syscall.SIGTERM) // it may have ended by itself, which shows below
	select {
	case <-p.exited:
	case <-time.After(patience):
		_ = p.command.Process.Kill()
		<-p.exited
		return fmt.Errorf("%s does not end", p.command.Path)
	}
	if code := p.command.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("%s ended with %v%s", p.command.Path, p.command.ProcessState, p.lastWords())
	}
	return nil
}

// kill ends the process in any case; one that was stopped before is no trouble.
func (p *process) kill() {
	_ = p.command.Process.Kill()
	<-p.exited
}

// hold keeps the process from running, so that it takes nothing from another one that is measured.
func (p *process) hold() error { return p.command.Process.Signal(syscall.SIGSTOP) }

func (p *process) resume() error { return p.command.Process.Signal(syscall.SIGCONT) }

// family are the process and those that it has started. To look for them costs much, for it means to read of every
// process there is.
func (p *process) family() (pids []int, err error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		var pid, parent int
		var state string
		_, after, _ := strings.Cut(string(stat), ") ") // a name in brackets comes before
		if _, err := fmt.Sscan(string(stat), &pid); err != nil {
			return nil, err
		}
		if _, err := fmt.Sscan(after, &state, &parent); err != nil {
			return nil, err
		}
		if ours := p.command.Process.Pid; pid == ours || parent == ours {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// resident is the memory that processes hold now, in MiB. What they share, the program itself above all, is counted
// once: it is the proportional set size.
func resident(pids []int) (sum float64, err error) {
	for _, pid := range pids {
		rollup, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue // it has ended
		}
		if err != nil {
			return 0, err
		}
		_, after, _ := strings.Cut(string(rollup), "\nPss:")
		var kib float64
		if _, err := fmt.Sscan(after, &kib); err != nil {
			return 0, err
		}
		sum += kib / 1024
	}
	return sum, nil
}

// freeAddress is an address on loopback that nothing listens on.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
