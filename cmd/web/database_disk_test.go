//go:build linux

package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
	mountDisk(t, folder, "1m") // as much as the file and its log take together
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
