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

	"golang.org/x/net/html"
)

// built is the program as it is shipped, without the tests and the race detector, which make it start slowly.
func built(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds the program")
	}
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

var build = sync.OnceValues(func() (binary string, err error) {
	folder, err := os.MkdirTemp("", "latchkey-built")
	if err != nil {
		return "", err
	}
	removeBuilt = func() { os.RemoveAll(folder) }
	binary = filepath.Join(folder, "latchkey")
	command := exec.Command("go", "build", "-ldflags=-X main.version=v1.2.3", "-o", binary, ".")
	command.Env = append(command.Environ(), "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, output)
	}
	return binary, nil
})

func TestProgramIsOneFileThatNeedsNothingElse(t *testing.T) {
	t.Parallel()
	binary := built(t)

	stamped := &exec.Cmd{Path: binary, Args: []string{"latchkey", "--version"}, Env: []string{}}
	if output, err := stamped.Output(); err != nil || string(output) != "v1.2.3\n" {
		t.Errorf("the version is %q, %v; want v1.2.3", output, err)
	}

	alone := &exec.Cmd{Path: binary, Args: []string{"latchkey", "--addr=localhost:0"}, Env: []string{}, Dir: t.TempDir()}
	p := launch(t, alone)
	p.waitFor("its address", p.findAddress)
	b := p.browser()
	page := b.get("/login").wantStatus(http.StatusOK)
	assets := 0
	for node := range page.parse().Descendants() {
		if node.Type != html.ElementNode || (node.Data != "script" && node.Data != "link") {
			continue
		}
		assets++
		path := attribute(node, "src") + attribute(node, "href")
		if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
			t.Errorf("%s comes from elsewhere", path)
			continue
		}
		if asset := b.get(path).wantStatus(http.StatusOK); asset.body == "" {
			t.Errorf("%s is empty", path)
		}
	}
	if assets < 4 {
		t.Errorf("the page uses %d files, want htmx, a script, a style sheet and an icon", assets)
	}
	p.stop()
	onlyFile(t, filepath.Join(alone.Dir, "auth.db"))
}
