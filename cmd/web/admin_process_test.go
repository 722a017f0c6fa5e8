//go:build unix

package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// adminCommand is a command of the administrator's on a file.
func adminCommand(t *testing.T, path string, args ...string) *exec.Cmd {
	t.Helper()
	c := command(t, append(args, "--db="+path)...)
	c.Path = built(t)
	return c
}

// runAdmin runs a command of the administrator's to its end.
func runAdmin(t *testing.T, path string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return runToEnd(t, adminCommand(t, path, args...))
}

func wantChecked(t *testing.T, path string) {
	t.Helper()
	if stdout, stderr, code := runAdmin(t, path, "check"); code != exitOK || !strings.HasPrefix(stdout, "ok, ") {
		t.Errorf("check %s: exit code %d, %s%s", path, code, stdout, stderr)
	}
}

func TestUserLogoutAllThatIsKilledSignsOutAllOrNone(t *testing.T) {
	t.Parallel()
	const people = 5_000
	path := filepath.Join(t.TempDir(), "auth.db")
	p := startProgram(t, append(cheap, "--db="+path)...)
	b := p.browser()
	b.post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
	db := openDB(t, path)
	killed := 0
	var takes time.Duration
	for round := range 6 {
		for _, statement := range []string{"DELETE FROM sign_ins", "DELETE FROM events", fmt.Sprintf(`
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
			INSERT INTO sign_ins (id, uid, created_at, last_seen_at, remembered, address, user_agent)
			SELECT i, 1, unixepoch(), unixepoch(), 0, '', '' FROM n`, people)} {
			if _, err := db.Exec(statement); err != nil {
				t.Fatal(err)
			}
		}
		command := launch(t, adminCommand(t, path, "user", "sign-out", "--all"))
		// The first one may finish, and tells how long it takes; the others are killed at one moment of it after another.
		if begin := time.Now(); round == 0 {
			command.end()
			takes = time.Since(begin)
		} else {
			time.Sleep(takes * time.Duration(round) / 6)
			_ = command.command.Process.Kill()
		}
		if command.end().ExitCode() != exitOK {
			killed++
		}
		wantChecked(t, path)
		var signIns, ended int
		if err := db.QueryRow("SELECT (SELECT count(*) FROM sign_ins), (SELECT coalesce(sum(repeats), 0) FROM events WHERE kind = 'sign-in ended')").
			Scan(&signIns, &ended); err != nil {
			t.Fatal(err)
		}
		if (signIns != 0 || ended != people) && (signIns != people || ended != 0) {
			t.Errorf("%d of %d sign-ins are left, and %d were recorded as ended", signIns, people, ended)
		}
	}
	if killed == 0 {
		t.Error("no command was killed")
	}
	b.post("/login", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
	p.stop()
}

func TestUserResetTwiceAtOnceLeavesOneWorkingLink(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "auth.db")
	p := startProgram(t, append(cheap, "--db="+path)...)
	p.browser().post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
	for range 3 {
		links := make([]string, 4)
		var administrators sync.WaitGroup
		for i := range links {
			c := adminCommand(t, path, "user", "reset", "bob", "--url="+p.url(""))
			administrators.Go(func() {
				output, err := c.Output()
				if err != nil {
					t.Error(err)
				}
				links[i] = strings.TrimPrefix(strings.TrimSpace(string(output)), p.url(""))
			})
		}
		administrators.Wait()
		working := 0
		for _, link := range links {
			switch answer := p.browser().get(link); answer.status {
			case http.StatusOK:
				working++
			case http.StatusGone:
				answer.want("It has expired or was used.")
			default:
				t.Errorf("status %d", answer.status)
			}
		}
		if working != 1 {
			t.Errorf("%d of %d links work, want one", working, len(links))
		}
	}
	p.stop()
}

func TestCommandOnAReadOnlyFileSaysSo(t *testing.T) {
	t.Parallel()
	folder := openFolder(t)
	path := filepath.Join(folder, "auth.db")
	makeDatabase(t, path)
	if err := os.Chmod(path, 0o444); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"user", "add", "bob"}, {"user", "sign-out", "--all"}} {
		c := adminCommand(t, path, args...)
		bin := openFolder(t)
		unprivileged(t, c, bin)
		for _, reached := range []string{folder, bin} {
			if err := os.Chmod(reached, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		stdout, stderr, code := runToEnd(t, c)
		wantOneLine(t, stdout, stderr, code, exitFailed, path+": permission denied")
	}
}
