package main

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"
)

// On PostgreSQL a change that began earlier, and has the lower id, may be committed later.
func TestOnPostgresEventsFollowMissesNothingThatCommitsLate(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	late, err := s.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer late.Rollback()
	const insert = "INSERT INTO events (at, last_at, kind, actor, address, user_agent) VALUES ($1, $1, $2, 'owner', '192.0.2.7', '')"
	if _, err := late.ExecContext(t.Context(), insert, time.Now().Unix(), "began first"); err != nil {
		t.Fatal(err)
	}
	s.exec(insert, time.Now().Unix(), "ended first")

	ctx, stop := context.WithCancel(t.Context())
	var shown logBuffer
	var problems bytes.Buffer
	var following sync.WaitGroup
	following.Go(func() {
		if code := run(ctx, []string{"events", "--follow", "--db=" + s.app.settings.DB}, &shown, &problems); code != exitOK {
			t.Errorf("exit code %d, %s", code, problems.String())
		}
	})
	wait := func(kind string) {
		for began := time.Now(); !strings.Contains(shown.String(), kind); time.Sleep(10 * time.Millisecond) {
			if time.Since(began) > time.Minute {
				t.Fatalf("no event %q in %q", kind, shown.String())
			}
		}
	}
	wait("ended first")
	if err := late.Commit(); err != nil {
		t.Fatal(err)
	}
	wait("began first")
	s.exec(insert, time.Now().Unix(), "after that")
	wait("after that")
	stop()
	following.Wait()
	if lines := strings.Count(shown.String(), "\n"); lines != 3 {
		t.Errorf("%d lines, want each event once:\n%s", lines, shown.String())
	}
}
