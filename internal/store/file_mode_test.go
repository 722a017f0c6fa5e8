//go:build unix

package store

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestFilesAreReadableByTheirOwnerOnlyWhateverTheUmask(t *testing.T) {
	fileOnly(t)
	for _, umask := range []int{0, 0o022, 0o077} {
		before := syscall.Umask(umask)
		t.Cleanup(func() { syscall.Umask(before) })
		path := filepath.Join(t.TempDir(), "auth.db")
		createUser(t, open(t, path), "bob")
		for _, name := range []string{path, path + "-wal", path + "-shm"} {
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().Perm() != 0o600 {
				t.Errorf("umask %03o: %s has mode %v, want -rw-------", umask, filepath.Base(name), info.Mode())
			}
		}
	}
}
