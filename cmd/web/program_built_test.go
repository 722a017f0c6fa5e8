//go:build unix

package main

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func TestTheBuiltProgramIsOneFileThatNeedsNothingElse(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "latchkey")
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-X main.version=v1.2.3", "-o", binary, ".")
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, output)
	}

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
