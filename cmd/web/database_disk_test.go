//go:build linux

package main

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// mountDisk makes a small disk of a folder.
func mountDisk(t *testing.T, folder, size string) {
	t.Helper()
	if output, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+size, "latchkey-test", folder).CombinedOutput(); err != nil {
		t.Skipf("only root can mount a small disk: %v %s", err, output)
	}
	t.Cleanup(func() {
		if output, err := exec.Command("umount", folder).CombinedOutput(); err != nil {
			t.Errorf("umount: %v %s", err, output)
		}
	})
}

// fill leaves no room on the disk of a folder.
func fill(t *testing.T, folder string) {
	t.Helper()
	for i, size := range []int{1 << 20, 1 << 10, 1} {
		file, err := os.Create(filepath.Join(folder, "fill"+strings.Repeat("l", i)))
		for ; err == nil; _, err = file.Write(make([]byte, size)) {
		}
		file.Close()
	}
}

func TestDatabaseOnAFullDiskSaysSoAndCanStillBeRead(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	mountDisk(t, folder, "600k")
	path := filepath.Join(folder, "auth.db")
	p := startProgram(t, append(cheap, "--db="+path)...)
	p.browser().post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
	p.stop()
	fill(t, folder)
	for name, args := range map[string][]string{
		"start":            {"--addr=localhost:0", "--db=" + path},
		"start of a new":   {"--addr=localhost:0", "--db=" + filepath.Join(folder, "new.db")},
		"user add":         {"user", "add", "carol", "--db=" + path},
		"user sign-out":    {"user", "sign-out", "--all", "--db=" + path},
		"backup beside it": {"backup", filepath.Join(folder, "copy.db"), "--db=" + path},
	} {
		stdout, stderr, code := runToEnd(t, command(t, args...))
		wantOneLine(t, stdout, stderr, code, exitFailed, "the disk is full")
		if strings.Contains(stderr, "(") {
			t.Errorf("%s: a number says nothing: %s", name, stderr)
		}
	}
	for _, args := range [][]string{{"check"}, {"user", "list"}, {"events"}, {"backup", filepath.Join(t.TempDir(), "copy.db")}} {
		if _, stderr, code := runAdmin(t, path, args...); code != exitOK {
			t.Errorf("%v: exit code %d, %s", args, code, stderr)
		}
	}
	wantIn(t, path, "bob")
}

func TestDatabaseThatMayNotBeWrittenCanBeReadByTheCommandsThatRead(t *testing.T) {
	t.Parallel()
	for name, modes := range map[string]struct{ file, folder os.FileMode }{
		"the file":            {0o444, 0o777},
		"the folder":          {0o666, 0o555},
		"neither file nor it": {0o444, 0o555},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := openFolder(t)
			path := filepath.Join(folder, "auth.db")
			p := startProgram(t, append(cheap, "--db="+path)...)
			p.browser().post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
			p.stop()
			wantReadBy(t, path, modes.file, modes.folder)
			onlyFile(t, path)
		})
	}
}

// wantReadBy has somebody without rights run each command that reads, under the modes.
func wantReadBy(t *testing.T, path string, fileMode, folderMode os.FileMode) {
	t.Helper()
	binary := openFolder(t)
	copies := openFolder(t)
	nobody := adminCommand(t, path)
	unprivileged(t, nobody, binary)
	for path, mode := range map[string]os.FileMode{path: fileMode, filepath.Dir(path): folderMode, binary: 0o755, copies: 0o777} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		args []string
		says string
	}{
		{[]string{"check"}, "ok, schema version"},
		{[]string{"user", "list"}, "bob"},
		{[]string{"user", "list", "--json"}, "bob"},
		{[]string{"events"}, "account created"},
		{[]string{"events", "--user", "bob"}, "account created"},
		{[]string{"backup", filepath.Join(copies, "copy.db")}, ""},
		{[]string{"backup", "-"}, "SQLite format 3"},
	} {
		c := adminCommand(t, path, test.args...)
		c.Path, c.Dir, c.SysProcAttr = nobody.Path, "/", nobody.SysProcAttr
		if stdout, stderr, code := runToEnd(t, c); code != exitOK || !strings.Contains(stdout, test.says) {
			t.Errorf("%v: exit code %d, %s%s", test.args, code, stdout, stderr)
		}
	}
	wantChecked(t, filepath.Join(copies, "copy.db"))
}

func TestDatabaseThatIsServedCanBeReadWithoutLeaveToWriteIt(t *testing.T) {
	t.Parallel()
	path := filepath.Join(openFolder(t), "auth.db")
	p := startProgram(t, append(cheap, "--db="+path)...)
	p.browser().post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Chmod(path+suffix, 0o444); err != nil {
			t.Fatal(err)
		}
	}
	wantReadBy(t, path, 0o444, 0o555)
	p.browser().post("/signup", "username", "carol", "password", goodPassword).wantStatus(http.StatusOK)
	p.stop()
	onlyFile(t, path)
	wantIn(t, path, "bob", "carol")
}

func TestDatabaseOnAReadOnlyDiskCanBeRead(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	mountDisk(t, folder, "10m")
	path := filepath.Join(folder, "auth.db")
	makeDatabase(t, path)
	if output, err := exec.Command("mount", "-o", "remount,ro", folder).CombinedOutput(); err != nil {
		t.Skipf("%v %s", err, output)
	}
	wantChecked(t, path)
	wantIn(t, path)
	stdout, stderr, code := runAdmin(t, path, "user", "add", "bob")
	wantOneLine(t, stdout, stderr, code, exitFailed, "read-only file system")
}

func TestDatabaseWithALongWriteCanBeReadByTheCommands(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "auth.db")
	makeDatabase(t, path)
	execIn(t, path, "PRAGMA journal_mode = WAL; BEGIN IMMEDIATE")
	for _, args := range [][]string{{"check"}, {"user", "list"}, {"events"}, {"backup", filepath.Join(t.TempDir(), "copy.db")}} {
		if _, stderr, code := runAdmin(t, path, append(args, "--busy-timeout=0s")...); code != exitOK {
			t.Errorf("%v: exit code %d, %s", args, code, stderr)
		}
	}
}

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

func TestMetricsKnowTheSizeOfTheLogBehindASymbolicLink(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path := s.app.settings.DB
	s.close()
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	s.app.settings.DB = link
	s.open(s.app.settings)
	s.signUp("bob")
	info, err := os.Stat(path + "-wal")
	if err != nil || info.Size() == 0 {
		t.Fatal(info, err)
	}
	if _, log, err := s.app.store.Size(); err != nil || log != info.Size() {
		t.Errorf("%d bytes, %v; want %d", log, err, info.Size())
	}
}

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
