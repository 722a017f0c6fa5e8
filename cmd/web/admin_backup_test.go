//go:build unix

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestBackupDuringSignupsHoldsEachAcknowledgedBefore(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "auth.db")
	p := startProgram(t, append(cheap, "--db="+path, "--signups-per-hour=100000")...)
	execIn(t, path, fillEvents(40)) // to be copied while people sign up
	signups := p.streamSignups()
	meanwhile := 0
	for range 3 {
		least := len(signups.acknowledged()) + 20
		p.waitFor("signups before the back-up", func() bool { return len(signups.acknowledged()) >= least })
		before := signups.acknowledged()
		copied := filepath.Join(t.TempDir(), "copy.db")
		if _, stderr, code := runAdmin(t, path, "backup", copied); code != exitOK {
			t.Fatalf("backup: exit code %d, %s", code, stderr)
		}
		meanwhile += len(signups.acknowledged()) - len(before)
		wantChecked(t, copied)
		there := accounts(t, copied)
		for _, name := range before {
			if !there[name] {
				t.Errorf("%s was acknowledged before, and is not in the copy", name)
			}
		}
		onlyFile(t, copied)
	}
	signups.end()
	if meanwhile == 0 {
		t.Error("nobody could sign up during the back-ups")
	}
	p.stop()
	wantChecked(t, path)
}

// accounts are the names that 'user list --json' gives.
func accounts(t *testing.T, path string) map[string]bool {
	t.Helper()
	stdout, stderr, code := runAdmin(t, path, "user", "list", "--json")
	if code != exitOK {
		t.Fatalf("user list: exit code %d, %s", code, stderr)
	}
	names := map[string]bool{}
	for line := range strings.Lines(stdout) {
		var account struct{ Username string }
		if err := json.Unmarshal([]byte(line), &account); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		names[account.Username] = true
	}
	return names
}

// fillEvents is a statement that makes the database larger by so many megabytes.
func fillEvents(megabytes int) string {
	return `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ` + strconv.Itoa(megabytes) + `)
		INSERT INTO events (at, kind, actor, address, user_agent)
		SELECT unixepoch(), 'login failed', 'owner', '', hex(zeroblob(500000)) FROM n`
}

func TestBackupThatIsInterruptedLeavesNothingBehindAndSaysSo(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "auth.db")
	makeDatabase(t, path)
	execIn(t, path, fillEvents(60))
	interrupted := 0
	// The command may be quicker than the signal; then the copy must be whole.
	for try := 0; interrupted == 0 && try < 50; try++ {
		folder := t.TempDir()
		copied := filepath.Join(folder, "copy.db")
		p := launch(t, command(t, "backup", copied, "--db="+path))
		p.waitFor("the copy to begin or end", func() bool { return len(entries(t, folder)) > 0 })
		_ = p.command.Process.Signal(os.Interrupt)
		switch code := p.end().ExitCode(); code {
		case exitOK:
			wantChecked(t, copied)
		case exitFailed:
			interrupted++
			if p.log.String() != "latchkey: interrupted\n" {
				t.Errorf("standard error is %q", p.log)
			}
			if left := entries(t, folder); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		default:
			t.Errorf("ended with %v", p.command.ProcessState)
		}
	}
	if interrupted == 0 {
		t.Error("no back-up could be interrupted")
	}
	wantChecked(t, path)
}

func entries(t *testing.T, folder string) (names []string) {
	t.Helper()
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		names = append(names, file.Name())
	}
	return names
}

func TestBackupToAFullDiskLeavesNothingBehindAndSaysSo(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	mountDisk(t, folder, "64k")
	path := filepath.Join(t.TempDir(), "auth.db")
	makeDatabase(t, path)
	stdout, stderr, code := runAdmin(t, path, "backup", filepath.Join(folder, "copy.db"))
	wantOneLine(t, stdout, stderr, code, exitFailed, "back up: the disk is full")
	if left := entries(t, folder); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
