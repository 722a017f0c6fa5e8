//go:build linux

package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// children are the processes that the program has started and that still run.
func (p *program) children() (pids []int) {
	p.t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		p.t.Fatal(err)
	}
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		_, after, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(after) // state, parent, …
		if fields[0] != "Z" && fields[1] == strconv.Itoa(p.command.Process.Pid) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err != nil {
				p.t.Fatal(err)
			}
			pids = append(pids, pid)
		}
	}
	return pids
}

func TestHashingProcessEndsWithTheServer(t *testing.T) {
	t.Parallel()
	p := startProgram(t, cheap...)
	b := p.browser()
	b.get("/login").wantStatus(http.StatusOK)
	if pids := p.children(); len(pids) > 0 {
		t.Errorf("%d processes before anybody logged in", len(pids))
	}
	b.post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
	b.post("/login", "username", "bob", "password", "wrong").wantStatus(http.StatusUnauthorized)
	pids := p.children()
	if len(pids) != 1 {
		t.Fatalf("%d processes hash, want 1", len(pids))
	}
	// Killed, it is missed by nobody.
	process, err := os.FindProcess(pids[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Kill(); err != nil {
		t.Fatal(err)
	}
	b.post("/login", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK).want("Hello Bob")
	pids = p.children()
	p.stop()
	for _, pid := range pids {
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
			if _, err := os.Stat("/proc/" + strconv.Itoa(pid)); os.IsNotExist(err) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("process %d outlives the program", pid)
			}
		}
	}
}

func TestHashingProcessGetsWhatTheServerDecided(t *testing.T) {
	t.Parallel()
	c := command(t, append([]string{"--addr=localhost:0", "--remembered-lifetime=2000h"}, cheap...)...)
	c.Env = append(c.Env, "LATCHKEY_REMEMBERED_IDLE=1000h") // valid only together with the flag
	p := launch(t, c)
	p.waitFor("its address", func() bool { return p.address != "" || p.findAddress() })
	p.browser().post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
	if pids := p.children(); len(pids) != 1 {
		t.Errorf("%d processes hash, want 1", len(pids))
	}
	p.stop()
}

func TestLoginIsAnsweredAlsoWhenTheHashingProcessHangs(t *testing.T) {
	t.Parallel()
	p := startProgram(t, cheap...)
	b := p.browser()
	b.post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
	hang := func() {
		for _, pid := range p.children() {
			if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
		}
	}
	hang()
	b.post("/login", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK).want("Hello Bob")
	hang()
	// The program ends within its grace, also with a login that waits for the process.
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		b.postAndLeave("/login", "username", "bob", "password", goodPassword)
	}()
	<-gone
	begun := time.Now()
	p.stop()
	if took := time.Since(begun); took > shutdownGrace+20*time.Second {
		t.Errorf("stopping took %v", took)
	}
}

// A pipe holds 64 KiB. Long passwords fill it while the process does not read.
func TestLoginIsAnsweredAlsoWhenTheHashingProcessHangsAndReadsNothing(t *testing.T) {
	t.Parallel()
	p := startProgram(t, cheap...)
	p.browser().post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
	hang := func() {
		for _, pid := range p.children() {
			if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
		}
	}
	flood := func() *sync.WaitGroup { // of people who wait for their answer
		logins := &sync.WaitGroup{}
		for i := range 4 {
			logins.Go(func() {
				b := p.browser()
				b.client.Timeout = time.Minute
				b.post("/login", "username", fmt.Sprint("nobody", i), "password", strings.Repeat("x", 40_000)).wantStatus(http.StatusUnauthorized)
			})
		}
		return logins
	}
	hang()
	logins := flood()
	time.Sleep(time.Second) // until the passwords are on their way; sooner, the test would show less
	logins.Wait()
	hang()
	logins = flood()
	time.Sleep(time.Second) // until the passwords are on their way; sooner, the test would show less
	begun := time.Now()
	p.stop()
	if took := time.Since(begun); took > shutdownGrace+20*time.Second {
		t.Errorf("stopping took %v", took)
	}
	logins.Wait()
}

func TestLogSaysOnceWhyAHashingProcessFailed(t *testing.T) {
	t.Parallel()
	p := startProgram(t, cheap...)
	b := p.browser()
	b.post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
	const line = `level=WARN msg="the process that hashes passwords failed" reason=`
	for _, pid := range p.children() {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	p.waitFor("a warning", func() bool { return strings.Contains(p.log.String(), line+`"it died: signal: killed"`+"\n") })
	b.post("/login", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK).want("Hello Bob")
	for _, pid := range p.children() {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
	}
	var logins sync.WaitGroup
	for range 3 {
		logins.Go(func() {
			other := p.browser()
			other.client.Timeout = time.Minute
			other.post("/login", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK).want("Hello Bob")
		})
	}
	logins.Wait()
	p.stop()
	log := p.log.String()
	if strings.Count(log, line) != 2 || strings.Count(log, line+`"it hung and was killed"`+"\n") != 1 {
		t.Errorf("want one warning for each process that failed, and none for the one that was asked to end:\n%s", log)
	}
	if strings.Contains(log, goodPassword) {
		t.Error("the log holds a password")
	}
}
