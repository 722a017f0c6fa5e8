//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// deploymentBlock is the fenced block of the chapter "Running it for real" that is written in this language and
// holds this text. What administrators copy from there is what the tests use.
func deploymentBlock(t *testing.T, language, holds string) string {
	t.Helper()
	readme, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, chapter, _ := strings.Cut(string(readme), "\n## Running it for real\n")
	chapter, _, _ = strings.Cut(chapter, "\n## ")
	var found []string
	for _, block := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(chapter, -1) {
		if strings.Contains(block[1], holds) {
			found = append(found, block[1])
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d blocks of %s with %q in docs/operations.md, want one", len(found), language, holds)
	}
	return found[0]
}

// adapted replaces, by pairs, what must differ on the machine of the test. Each must be there: a test that adapts what
// is no longer written would show nothing about what is.
func adapted(t *testing.T, text string, oldAndNew ...string) string {
	t.Helper()
	for i := 0; i < len(oldAndNew); i += 2 {
		if !strings.Contains(text, oldAndNew[i]) {
			t.Fatalf("no %q to adapt in:\n%s", oldAndNew[i], text)
		}
		text = strings.ReplaceAll(text, oldAndNew[i], oldAndNew[i+1])
	}
	return text
}

// deploymentFlags are what the README's unit starts the program with, but for a free port and a database of the test's.
func deploymentFlags(t *testing.T, db string) []string {
	t.Helper()
	unit := strings.ReplaceAll(deploymentBlock(t, "ini", "ExecStart="), "\\\n", "")
	line := regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/latchkey (.*)$`).FindStringSubmatch(unit)
	if line == nil {
		t.Fatal("the unit of the README does not start /usr/local/bin/latchkey")
	}
	return strings.Fields(adapted(t, line[1], "127.0.0.1:8080", "127.0.0.1:0", deployedDB, db))
}

const (
	deployedDB     = "/var/lib/latchkey/auth.db"
	deployedCopies = "/var/backups/latchkey"
	deployedSite   = "https://login.example.org"
	deployedHost   = "login.example.org"
)

// startDeployed starts the program as the README's unit does.
func startDeployed(t *testing.T, db string) *program {
	t.Helper()
	p := launch(t, command(t, append(deploymentFlags(t, db), cheap...)...))
	p.waitFor("its address", p.findAddress)
	return p
}

// installed finds a program of another Debian package. Where it is missing, the test is skipped, but not in CI.
func installed(t *testing.T, name, debianPackage string) string {
	t.Helper()
	for _, file := range []string{name, filepath.Join("/usr/sbin", name)} { // a Debian user's PATH has no sbin
		if path, err := exec.LookPath(file); err == nil {
			return path
		}
	}
	missing := "no " + name + ": get it with 'apt-get install " + debianPackage + "' to run this test"
	if os.Getenv("CI") == "true" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}
