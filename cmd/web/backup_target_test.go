//go:build linux

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// backUpUnder makes a back-up while system calls fail as strace is told.
func backUpUnder(t *testing.T, db, copied string, inject ...string) (stdout, stderr string, code int) {
	t.Helper()
	c := adminCommand(t, db, "backup", copied)
	args := append([]string{"-f", "-qq", "-o", filepath.Join(t.TempDir(), "trace")}, inject...)
	c.Args = append(append([]string{"strace"}, args...), append([]string{c.Path}, c.Args[1:]...)...)
	c.Path = installed(t, "strace", "strace")
	return runToEnd(t, c)
}

func TestBackupGoesToAnyFileSystemAndNeverOverAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "auth.db")
	makeDatabase(t, path)
	for name, inject := range map[string][]string{
		"no links, as on FAT":              {"-e", "trace=link,linkat", "-e", "inject=link,linkat:error=EPERM"},
		"no links, as on some of networks": {"-e", "trace=link,linkat", "-e", "inject=link,linkat:error=EOPNOTSUPP"},
		"no syncing of folders":            {"-P", "FOLDER", "-e", "trace=fsync", "-e", "inject=fsync:error=EPERM"},
		"no such call":                     {"-P", "FOLDER", "-e", "trace=fsync", "-e", "inject=fsync:error=EINVAL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			for i := range inject {
				inject[i] = strings.ReplaceAll(inject[i], "FOLDER", folder)
			}
			copied := filepath.Join(folder, "copy.db")
			if stdout, stderr, code := backUpUnder(t, path, copied, inject...); code != exitOK || stdout != "" {
				t.Fatalf("exit code %d, %s%s", code, stdout, stderr)
			}
			onlyFile(t, copied)
			wantChecked(t, copied)
			if info, err := os.Stat(copied); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v; want mode 0600", info, err)
			}
			before, err := os.ReadFile(copied)
			if err != nil {
				t.Fatal(err)
			}
			stdout, stderr, code := backUpUnder(t, path, copied, inject...)
			wantOneLine(t, stdout, stderr, code, exitFailed, copied+" is there already")
			if after, err := os.ReadFile(copied); err != nil || !bytes.Equal(before, after) {
				t.Errorf("the file was replaced (%v)", err)
			}
		})
	}
	t.Run("the name is taken meanwhile", func(t *testing.T) {
		t.Parallel()
		copied := filepath.Join(t.TempDir(), "copy.db")
		stdout, stderr, code := backUpUnder(t, path, copied, "-e", "trace=link,linkat", "-e", "inject=link,linkat:error=EEXIST")
		wantOneLine(t, stdout, stderr, code, exitFailed, copied+" is there already")
		if left := entries(t, filepath.Dir(copied)); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
	t.Run("a disk that fails", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		stdout, stderr, code := backUpUnder(t, path, filepath.Join(folder, "copy.db"),
			"-P", folder, "-e", "trace=fsync", "-e", "inject=fsync:error=EIO")
		wantOneLine(t, stdout, stderr, code, exitFailed, "input/output error")
	})
}

func TestBackupGoesIntoAFolderThatMayNotBeRead(t *testing.T) {
	t.Parallel()
	folder, copies := openFolder(t), openFolder(t)
	path := filepath.Join(folder, "auth.db")
	makeDatabase(t, path)
	c := adminCommand(t, path, "backup", filepath.Join(copies, "copy.db"))
	unprivileged(t, c, folder)
	for path, mode := range map[string]os.FileMode{path: 0o666, folder: 0o777, copies: 0o333} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	if _, stderr, code := runToEnd(t, c); code != exitOK {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	onlyFile(t, filepath.Join(copies, "copy.db"))
}

func TestBackupToStandardOutputLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	path, temporary, copied := filepath.Join(t.TempDir(), "auth.db"), t.TempDir(), filepath.Join(t.TempDir(), "copy.db")
	makeDatabase(t, path)
	execIn(t, path, fillEvents(5))
	c := adminCommand(t, path, "backup", "-")
	c.Env = append(c.Env, "TMPDIR="+temporary)
	output, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	start := make([]byte, 1)
	if _, err := output.Read(start); err != nil {
		t.Fatal(err)
	}
	if left := entries(t, temporary); len(left) > 0 {
		t.Errorf("while it is sent, there is %v", left)
	}
	var rest bytes.Buffer
	if _, err := rest.ReadFrom(output); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	writeFile(t, copied, string(start)+rest.String())
	wantChecked(t, copied)

	c = adminCommand(t, path, "backup", "-")
	c.Env = append(c.Env, "TMPDIR="+temporary)
	output, err = c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	_ = output.Close() // as head does
	if err := c.Wait(); err == nil {
		t.Error("what nobody took counts as done")
	} else if status := c.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() && c.ProcessState.ExitCode() != exitFailed {
		t.Error(err)
	}
	if left := entries(t, temporary); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestBackupToATerminalIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "auth.db")
	makeDatabase(t, path)
	c := adminCommand(t, path)
	c.Env = append(c.Env, "LATCHKEY_DB="+path)
	c.Args = []string{"script", "-qec", c.Path + " backup -", "/dev/null"}
	c.Path = installed(t, "script", "bsdutils")
	shown, _, code := runToEnd(t, c)
	if code != exitFailed || !strings.HasPrefix(shown, "latchkey: back up: standard output is a terminal; ") {
		t.Errorf("exit code %d, %q", code, shown)
	}
}
