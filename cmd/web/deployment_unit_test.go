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

// mostExposure is systemd's own mark for a unit, from 0 to 100, less being safer; one without any sandbox has 96.
const mostExposure = "15"

func TestDeploymentUnitIsTakenBySystemdAndFoundWellConfined(t *testing.T) {
	t.Parallel()
	analyze := installed(t, "systemd-analyze", "systemd")
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(t.TempDir(), "latchkey.service")
	writeFile(t, unit, adapted(t, deploymentBlock(t, "ini", "ExecStart="), "/usr/local/bin/latchkey", binary))
	for _, arguments := range [][]string{
		{"verify", unit},
		{"security", "--no-pager", "--offline=true", "--threshold=" + mostExposure, unit},
	} {
		output, err := exec.CommandContext(t.Context(), analyze, arguments...).CombinedOutput()
		if err != nil {
			t.Errorf("systemd-analyze %s: %v\n%s", arguments[0], err, output)
		}
		// A setting that it does not know is only a warning, and the sandbox would be without it.
		if arguments[0] == "verify" && strings.Contains(string(output), unit) {
			t.Errorf("systemd-analyze verify: %s", output)
		}
	}
}

func TestDeploymentUnitAllowsEverySystemCallOfTheProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	t.Parallel()
	allowed := allowedSystemCalls(t, installed(t, "systemd-analyze", "systemd"))
	for _, needed := range []string{"fsync", "setpriority"} {
		if !allowed[needed] {
			t.Errorf("%s is not allowed", needed)
		}
	}
	if allowed["mount"] || allowed["ptrace"] || allowed["chown"] {
		t.Fatal("the filter keeps nothing out")
	}
	for _, call := range tracedSystemCalls(t) {
		if !allowed[call.name] {
			t.Errorf("the unit's SystemCallFilter does not allow %s", call.line)
			allowed[call.name] = true // reported once
		}
		if writableCode.MatchString(call.line) {
			t.Errorf("MemoryDenyWriteExecute does not allow %s", call.line)
		}
		if call.name == "socket" && !strings.Contains(call.line, "(AF_INET, ") && !strings.Contains(call.line, "(AF_INET6, ") {
			t.Errorf("RestrictAddressFamilies does not allow %s", call.line)
		}
	}
}

var writableCode = regexp.MustCompile(`PROT_WRITE\|PROT_EXEC|mprotect\(.*PROT_EXEC|SHM_EXEC`)

// allowedSystemCalls reads the unit's SystemCallFilter lines as systemd does: each list adds its calls, or takes them
// away after a tilde.
func allowedSystemCalls(t *testing.T, analyze string) map[string]bool {
	t.Helper()
	allowed := map[string]bool{}
	var set func(name string, to bool)
	set = func(name string, to bool) {
		if !strings.HasPrefix(name, "@") {
			allowed[name] = to
			return
		}
		output, err := exec.CommandContext(t.Context(), analyze, "--no-pager", "syscall-filter", name).CombinedOutput()
		if err != nil {
			t.Fatalf("systemd-analyze syscall-filter %s: %v\n%s", name, err, output)
		}
		for _, line := range strings.Split(string(output), "\n")[1:] {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				set(line, to)
			}
		}
	}
	filters := regexp.MustCompile(`(?m)^SystemCallFilter=(~?)(.*)$`).FindAllStringSubmatch(deploymentBlock(t, "ini", "ExecStart="), -1)
	for _, filter := range filters {
		for name := range strings.FieldsSeq(filter[2]) {
			set(name, filter[1] == "")
		}
	}
	return allowed
}
