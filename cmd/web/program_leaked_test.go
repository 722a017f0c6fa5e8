//go:build unix

package main

import (
	"crypto/sha1"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

func TestLeakedPasswordsOfTheFileGivenAreRefusedUntilTheNextStart(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "leaked.txt")
	write := func(path, leaked string) {
		t.Helper()
		if err := os.WriteFile(path, fmt.Appendf(nil, "%X:3\r\n", sha1.Sum([]byte(leaked))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const first, second = "k3xq9vbz leaked once", "k3xq9vbz leaked later"
	flags := append([]string{"--leaked-passwords=" + path, "--db=" + filepath.Join(folder, "auth.db")}, cheap...)
	refuses := func(p *program, name, chosen string) {
		t.Helper()
		p.browser().post("/signup", "username", name, "password", chosen).wantStatus(http.StatusUnprocessableEntity).
			want("has leaked elsewhere")
	}
	write(path, first)
	p := startProgram(t, flags...)
	refuses(p, "bob", first)
	p.browser().post("/signup", "username", "bob", "password", second).wantStatus(http.StatusOK)

	// A new list takes the old one's place under its name, as downloads do; then it goes.
	write(path+".new", second)
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	refuses(p, "carol", first)
	p.browser().post("/signup", "username", "carol", "password", second).wantStatus(http.StatusOK)
	if err := os.Rename(path, path+".new"); err != nil {
		t.Fatal(err)
	}
	refuses(p, "dave", first)
	p.stop()

	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	p = startProgram(t, flags...)
	refuses(p, "dave", second)
	p.browser().post("/signup", "username", "dave", "password", first).wantStatus(http.StatusOK)
	p.stop()
}
