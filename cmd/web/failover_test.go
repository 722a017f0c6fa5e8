//go:build unix

package main

import (
	"database/sql"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/postgrestest"
)

// pair is a PostgreSQL and its standby, and two programs over both.
type pair struct {
	primary, standby *postgrestest.Server
	programs         [2]*program
	// loses is whether an account that was acknowledged may be gone at its first login.
	loses bool
}

func execAll(t *testing.T, on *sql.DB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := on.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func newPair(t *testing.T) *pair {
	t.Helper()
	newPostgres(t) // skips where there is none
	// A standby looks that often for something to replay, also when it is promoted; 5 s by default.
	primary, err := postgrestest.Start("wal_retrieve_retry_interval=100ms")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(primary.Stop)
	name, err := primary.NewDatabase("")
	if err != nil {
		t.Fatal(err)
	}
	standby, err := primary.Standby()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(standby.Stop)
	execAll(t, primary.Admin(), "ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()")
	p := &pair{primary: primary, standby: standby}
	address := strings.Replace(primary.Address(name), "host=", "connect_timeout=2&host="+standby.Folder()+",", 1)
	for i := range p.programs {
		p.programs[i] = startProgram(t, append(cheap, "--db="+address, "--signups-per-hour=1000000", "--busy-timeout=2s")...)
	}
	return p
}

// fail ends the primary with all its processes and has the standby take its place.
func (p *pair) fail(t *testing.T) (took time.Duration) {
	t.Helper()
	began := time.Now()
	p.primary.Kill()
	var promoted bool
	if err := p.standby.Admin().QueryRowContext(t.Context(), "SELECT pg_promote()").Scan(&promoted); err != nil || !promoted {
		t.Fatalf("promoted: %t, %v", promoted, err)
	}
	return time.Since(began)
}

// acknowledged is what people were told.
type acknowledged struct {
	mu         sync.Mutex
	accounts   []string
	in, out    []*browser // signed in and logged out
	last       time.Time
	longestGap time.Duration
}

func (a *acknowledged) note(what func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now := time.Now(); !a.last.IsZero() {
		a.longestGap = max(a.longestGap, now.Sub(a.last))
	}
	a.last = time.Now()
	what()
}

// visitor signs up at one program, logs in at the other, and logs out at the first, again and again.
func (p *pair) visitor(t *testing.T, who int, told *acknowledged, stop <-chan struct{}) {
	went := func(answer page, wanted int) bool {
		lost := p.loses && answer.status == http.StatusUnauthorized
		if answer.status != wanted && answer.status != http.StatusServiceUnavailable && !lost {
			t.Errorf("status %d, want %d or 503", answer.status, wanted)
		}
		if answer.status == http.StatusServiceUnavailable && answer.header.Get("Retry-After") == "" {
			t.Error("503 without Retry-After")
		}
		return answer.status == wanted
	}
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		default:
		}
		here, there := p.programs[n%2], p.programs[(n+1)%2]
		name := fmt.Sprintf("user%dx%d", who, n)
		if !went(here.browser().stay().post("/signup", "username", name, "password", goodPassword), http.StatusSeeOther) {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		told.note(func() { told.accounts = append(told.accounts, name) })
		b := there.browser().stay()
		if !went(b.post("/login", "username", name, "password", goodPassword), http.StatusSeeOther) {
			continue
		}
		if n%2 == 0 {
			told.note(func() { told.in = append(told.in, b) })
			continue
		}
		copied := b.alsoAt(here)
		if went(b.post("/logout/"+name), http.StatusSeeOther) {
			told.note(func() { told.out = append(told.out, copied) })
		}
	}
}

// visit has people use the site while something is done to it, and for a while afterwards.
func (p *pair) visit(t *testing.T, do func()) *acknowledged {
	told, stop := &acknowledged{}, make(chan struct{})
	var visiting sync.WaitGroup
	for who := range 4 {
		visiting.Go(func() { p.visitor(t, who, told, stop) })
	}
	enough := func(more int) {
		told.mu.Lock()
		want := len(told.out) + more
		told.mu.Unlock()
		for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
			told.mu.Lock()
			done := len(told.out) >= want
			told.mu.Unlock()
			if done {
				return
			}
			if time.Since(began) > time.Minute {
				t.Fatal("nothing goes on")
			}
		}
	}
	enough(20)
	do()
	enough(20)
	close(stop)
	visiting.Wait()
	return told
}

// lost counts what was acknowledged and is not so any more.
func (p *pair) lost(t *testing.T, told *acknowledged) (accounts, signIns, revocations int) {
	t.Helper()
	for i, name := range told.accounts {
		b := p.programs[i%2].browser().stay()
		if b.post("/login", "username", name, "password", goodPassword).status != http.StatusSeeOther {
			accounts++
		}
	}
	signedIn := func(i int, b *browser) bool {
		return strings.HasPrefix(b.alsoAt(p.programs[i%2]).get("/").header.Get("Location"), "/user/")
	}
	for i, b := range told.in {
		if !signedIn(i, b) {
			signIns++
		}
	}
	for i, b := range told.out {
		if signedIn(i, b) {
			revocations++
		}
	}
	return accounts, signIns, revocations
}

func TestFailoverLosesNothingThatWasAcknowledged(t *testing.T) {
	p := newPair(t)
	var took time.Duration
	told := p.visit(t, func() { took = p.fail(t) })
	accounts, signIns, revocations := p.lost(t, told)
	t.Logf("%d accounts, %d sign-ins, %d revocations acknowledged; promoted after %v, the longest time without one: %v",
		len(told.accounts), len(told.in), len(told.out), took, told.longestGap)
	if accounts+signIns+revocations > 0 {
		t.Errorf("lost: %d accounts, %d sign-ins, %d revocations", accounts, signIns, revocations)
	}
	if told.longestGap > took+3*time.Second {
		t.Errorf("nothing was acknowledged for %v", told.longestGap)
	}
}

// The test above would find a loss: here the standby gets nothing for a while, and nobody waits for it.
func TestFailoverWithoutSynchronousReplicationIsSeenToLose(t *testing.T) {
	p := newPair(t)
	p.loses = true
	execAll(t, p.primary.Admin(), "ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()")
	told := p.visit(t, func() {
		execAll(t, p.standby.Admin(), "ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()")
		time.Sleep(2 * time.Second)
		p.fail(t)
	})
	if accounts, signIns, revocations := p.lost(t, told); accounts == 0 || signIns == 0 {
		t.Errorf("lost: %d accounts, %d sign-ins, %d revocations; want some", accounts, signIns, revocations)
	}
}
