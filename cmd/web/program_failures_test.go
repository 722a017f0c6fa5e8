//go:build unix

package main

import (
	"database/sql"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

func TestDatabaseThatCannotBeUsedIsOneLineAndExitCodeOne(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare func(t *testing.T, path string)
		says    string
	}{
		"its folder is missing": {func(*testing.T, string) {}, "no such file or directory"},
		"it is a directory": {func(t *testing.T, path string) {
			if err := os.MkdirAll(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, "is a directory"},
		"it is a text": {func(t *testing.T, path string) {
			writeFile(t, path, "These are my notes.\n")
		}, "file is not a database"},
		"it is damaged": {func(t *testing.T, path string) {
			makeDatabase(t, path)
			if err := os.Truncate(path, 4096); err != nil {
				t.Fatal(err)
			}
		}, "malformed"},
		"its schema is newer": {func(t *testing.T, path string) {
			makeDatabase(t, path)
			execIn(t, path, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
		}, "schema version 9999 is newer than this program's"},
		"another program keeps it locked": {func(t *testing.T, path string) {
			makeDatabase(t, path)
			execIn(t, path, "BEGIN IMMEDIATE")
		}, "database is locked"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "data", "auth.db")
			test.prepare(t, path)
			stdout, stderr, code := runToEnd(t, command(t, "--addr=localhost:0", "--busy-timeout=50ms", "--db="+path))
			wantOneLine(t, stdout, stderr, code, 1, path, test.says)
		})
	}
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// makeDatabase has the program make the file.
func makeDatabase(t *testing.T, path string) {
	t.Helper()
	writeFile(t, path, "")
	startProgram(t, append(cheap, "--db="+path)...).stop()
}

// execIn runs a statement as another program would, on a connection that stays open until the test ends.
func execIn(t *testing.T, path, statement string) {
	t.Helper()
	if _, err := openDB(t, path).ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func openDB(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(t.Context(), "PRAGMA busy_timeout = 5000"); err != nil { // the program may be writing
		t.Fatal(err)
	}
	return db
}

func TestDatabaseThatMayNotBeWrittenIsOneLineAndExitCodeOne(t *testing.T) {
	t.Parallel()
	for name, modes := range map[string]struct {
		file, folder os.FileMode
		says         string
	}{
		"the file may not be read":      {0o000, 0o777, "permission denied"},
		"the file may not be written":   {0o444, 0o777, "permission denied"},
		"the folder may not be written": {0o666, 0o555, "readonly database"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := openFolder(t)
			path := filepath.Join(folder, "auth.db")
			makeDatabase(t, path)
			c := command(t, append(cheap, "--addr=localhost:0", "--db="+path)...)
			unprivileged(t, c, folder)
			for path, mode := range map[string]os.FileMode{path: modes.file, folder: modes.folder} {
				if err := os.Chmod(path, mode); err != nil {
					t.Fatal(err)
				}
			}
			stdout, stderr, code := runToEnd(t, c)
			wantOneLine(t, stdout, stderr, code, 1, path, modes.says)
		})
	}
}

// openFolder is a folder that other users can reach, unlike those of t.TempDir.
func openFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "latchkey-test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = os.Chmod(folder, 0o700)
		os.RemoveAll(folder)
	})
	return folder
}

// unprivileged runs the program as somebody whom file modes bind, when the tests run as root, from a copy of its
// file that everybody may run.
func unprivileged(t *testing.T, c *exec.Cmd, folder string) {
	t.Helper()
	c.Dir = "/"
	if os.Geteuid() != 0 {
		return
	}
	from, err := os.Open(c.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	c.Path = filepath.Join(folder, "latchkey")
	syscall.ForkLock.RLock() // a file that another test's child has open for writing cannot be run
	defer syscall.ForkLock.RUnlock()
	to, err := os.OpenFile(c.Path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	const nobody = 65534
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
}

func TestListenAddressInUseIsOneLineAndExitCodeOne(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for _, flags := range [][]string{
		{"--addr=" + listener.Addr().String()},
		{"--addr=localhost:0", "--metrics-addr=" + listener.Addr().String()},
	} {
		path := filepath.Join(t.TempDir(), "auth.db")
		stdout, stderr, code := runToEnd(t, command(t, append(flags, "--db="+path)...))
		wantOneLine(t, stdout, stderr, code, 1, listener.Addr().String(), "address already in use")
		onlyFile(t, path)
	}
}

func TestCertificateThatCannotBeUsedIsOneLineAndNothingIsOpened(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	certificate, key, _ := makeCertificate(t, folder)
	_, otherKey, _ := makeCertificate(t, t.TempDir())
	text := filepath.Join(folder, "text.pem")
	writeFile(t, text, "no PEM")
	for name, files := range map[string][2]string{
		"not PEM":                {text, key},
		"the key is not PEM":     {certificate, text},
		"the key of another one": {certificate, otherKey},
		"the two mixed up":       {key, certificate},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := command(t, "--addr=localhost:0", "--tls-cert="+files[0], "--tls-key="+files[1])
			stdout, stderr, code := runToEnd(t, c)
			wantOneLine(t, stdout, stderr, code, 1, "--tls-cert")
			wantEmptyFolder(t, c.Dir)
		})
	}
}
