//go:build linux

package main

import (
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A host stands in for the machine that the README's commands are for: their folders are in the test's, its user is the
// one of the test, and sudo, systemctl and latchkey are scripts.
type host struct {
	t                      *testing.T
	folder, db, copies     string
	userAndGroup, programs string
}

func newHost(t *testing.T) *host {
	t.Helper()
	h := &host{t: t, folder: t.TempDir()}
	h.db, h.copies, h.programs = filepath.Join(h.folder, "state/auth.db"), filepath.Join(h.folder, "copies"), filepath.Join(h.folder, "bin")
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	h.userAndGroup = "-o " + me.Uid + " -g " + me.Gid
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, script := range map[string]string{
		"sudo":      `if [ "$1" = -u ] && [ "$2" = latchkey ]; then shift 2; fi; exec "$@"`,
		"systemctl": `echo "$@" >>` + h.folder + `/systemctl`,
		"latchkey":  asProgram + `=yes exec ` + binary + ` "$@"`,
	} {
		path := filepath.Join(h.programs, name)
		writeFile(t, path, "#!/bin/sh\n"+script+"\n")
		if err := os.Chmod(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Dir(h.db), 0o700); err != nil {
		t.Fatal(err)
	}
	return h
}

// do runs commands of the README, at this machine's places, as a shell does when somebody types them.
func (h *host) do(commands string, oldAndNew ...string) (output string, err error) {
	h.t.Helper()
	commands = adapted(h.t, commands, oldAndNew...)
	shell := exec.CommandContext(h.t.Context(), "sh", "-e")
	shell.Stdin, shell.Dir = strings.NewReader(commands), h.folder
	shell.Env = append(command(h.t).Env, "PATH="+h.programs+":"+os.Getenv("PATH"))
	text, err := shell.CombinedOutput()
	return string(text), err
}

func (h *host) mustDo(commands string, oldAndNew ...string) {
	h.t.Helper()
	if output, err := h.do(commands, oldAndNew...); err != nil {
		h.t.Fatalf("%v\n%s\n%s", err, commands, output)
	}
}

func (h *host) restore() (output string, err error) {
	h.t.Helper()
	return h.do(deploymentBlock(h.t, "sh", "systemctl stop"), "/var/lib/latchkey", filepath.Dir(h.db),
		deployedCopies, h.copies, "-o latchkey -g latchkey", h.userAndGroup)
}

// services are the words that systemctl was given so far.
func (h *host) services() string {
	text, _ := os.ReadFile(filepath.Join(h.folder, "systemctl"))
	return string(text)
}

func TestDeploymentRestoreLetsTheUsersOfTheBackupInAgain(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	p := startDeployed(t, h.db)
	p.browser().post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
	if output, err := h.restore(); err == nil || h.services() != "" {
		t.Errorf("restoring a copy that is not there: %v, systemctl was told %q\n%s", err, h.services(), output)
	}
	h.mustDo(deploymentBlock(t, "sh", "alias latchkey-admin")+deploymentBlock(t, "sh", "latchkey-admin backup"),
		deployedDB, h.db, deployedCopies, h.copies, "-o latchkey -g latchkey", h.userAndGroup)
	if err := os.Rename(filepath.Join(h.copies, "copy.db"), filepath.Join(h.folder, "copy.db")); err != nil {
		t.Fatal(err)
	}
	h.mustDo(deploymentBlock(t, "sh", "0600 copy.db"), deployedCopies, h.copies, "-o latchkey -g latchkey", h.userAndGroup)
	p.browser().post("/signup", "username", "carol", "password", goodPassword).wantStatus(http.StatusOK)
	p.kill() // leaves a write-ahead log that would damage another file

	if output, err := h.restore(); err != nil || h.services() != "stop latchkey\nstart latchkey\n" {
		t.Fatalf("%v, systemctl was told %q\n%s", err, h.services(), output)
	}
	if info, err := os.Stat(h.db); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v; want mode 0600", info, err)
	}
	if old, err := filepath.Glob(filepath.Join(filepath.Dir(h.db), "before-*", "auth.db*")); err != nil || len(old) != 3 {
		t.Errorf("kept %v, %v; want the old file, its log and its index", old, err)
	}
	again := startDeployed(t, h.db)
	again.browser().stay().post("/login", "username", "bob", "password", goodPassword).wantStatus(http.StatusSeeOther)
	again.browser().post("/login", "username", "carol", "password", goodPassword).wantStatus(http.StatusUnauthorized)
	again.stop()
	if output, err := h.restore(); err != nil {
		t.Errorf("a second time: %v\n%s", err, output)
	}
}

func TestDeploymentUpgradeKeepsTheOldProgram(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	installed := filepath.Join(h.programs, "latchkey")
	before, err := os.ReadFile(installed)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(h.folder, "bin/new/latchkey"), "the new one")
	h.mustDo(deploymentBlock(t, "sh", "latchkey.old"), "0755 bin/latchkey", "0755 bin/new/latchkey", "/usr/local/bin", h.programs)
	if after, err := os.ReadFile(installed); err != nil || string(after) != "the new one" {
		t.Errorf("installed %q, %v", after, err)
	}
	if old, err := os.ReadFile(installed + ".old"); err != nil || string(old) != string(before) {
		t.Errorf("kept %q, %v", old, err)
	}
	if h.services() != "restart latchkey\n" {
		t.Errorf("systemctl was told %q", h.services())
	}
}

func TestDeploymentNightlyBackupIsMadeAndOldOnesAreRemoved(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	p := startDeployed(t, h.db)
	p.browser().post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
	old, recent := filepath.Join(h.copies, "old.db"), filepath.Join(h.copies, "recent.db")
	for path, age := range map[string]time.Duration{old: 40 * 24 * time.Hour, recent: 20 * 24 * time.Hour} {
		writeFile(t, path, "")
		if err := os.Chtimes(path, time.Now().Add(-age), time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	crontab := adapted(t, deploymentBlock(t, "crontab", "latchkey backup"), deployedDB, h.db, deployedCopies, h.copies,
		"PATH=/usr/local/bin:", "export LATCHKEY_DB; PATH="+h.programs+":", `\%`, "%")
	job := regexp.MustCompile(`(?m)^17 3 \* \* \* latchkey `)
	if len(job.FindAllString(crontab, -1)) != 1 {
		t.Fatalf("not one line for cron, by the user latchkey, in:\n%s", crontab)
	}
	h.mustDo(job.ReplaceAllString(crontab, ""))
	copies, err := filepath.Glob(filepath.Join(h.copies, "*.db"))
	if err != nil || len(copies) != 2 || copies[1] != recent {
		t.Fatalf("the copies are %v, %v; want one of today and %s", copies, err, recent)
	}
	if stdout, stderr, code := runToEnd(t, command(t, "--db="+copies[0], "check")); code != exitOK {
		t.Errorf("check: exit code %d, %s%s", code, stdout, stderr)
	}
}
