//go:build linux

package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestUserListThatNobodyReadsToTheEndHoldsNoRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "auth.db")
	p := startProgram(t, append(cheap, "--db="+path)...)
	// More than a pipe holds.
	execIn(t, path, `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
		INSERT INTO users (username, pass_hash, created_at) SELECT 'user' || i, '', 0 FROM n`)
	execIn(t, path, `INSERT INTO events (uid, at, kind, actor, address, user_agent)
		SELECT uid, 0, 'account created', 'owner', '', '' FROM users`)
	db := openDB(t, path)
	for _, args := range [][]string{{"user", "list", "--json"}, {"user", "list"}, {"events"}, {"events", "--json"}, {"backup", "-"}} {
		c := adminCommand(t, path, args...)
		output, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := output.Read(make([]byte, 1)); err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		if _, err := db.Exec("UPDATE users SET created_at = created_at + 1"); err != nil {
			t.Fatal(err)
		}
		var busy, log, done int
		if err := db.QueryRow("PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &done); err != nil || busy != 0 {
			t.Errorf("%v: the log cannot be emptied: %d, %v", args, busy, err)
		}
		_ = c.Process.Kill()
		_ = c.Wait()
	}
	p.stop()
}

func TestUserListHasEveryAccountOnceInOrder(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "auth.db")
	makeDatabase(t, path)
	execIn(t, path, `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1700)
		INSERT INTO users (username, pass_hash, created_at) SELECT printf('%05d', i * 7919 % 99991), '', 0 FROM n`)
	stdout, stderr, code := runAdmin(t, path, "user", "list")
	if code != exitOK {
		t.Fatal(stderr)
	}
	last, lines := "", 0
	for line := range strings.Lines(stdout) {
		fields := strings.Fields(line)
		if lines++; lines > 1 && fields[1] <= last {
			t.Fatalf("%s after %s", fields[1], last)
		} else if lines > 1 {
			last = fields[1]
		}
	}
	if lines != 1701 {
		t.Errorf("%d lines, want 1701", lines)
	}
	wantChecked(t, path)
}
