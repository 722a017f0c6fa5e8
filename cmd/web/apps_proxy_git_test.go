//go:build linux

package main

import (
	"bytes"
	"crypto/rand"
	"io"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// gitApp is git's own server of the repositories in a folder. It keeps whom it was told of.
type gitApp struct {
	backend cgi.Handler
	mu      sync.Mutex
	told    map[string]bool
}

func (g *gitApp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	g.told[r.Header.Get("Remote-User")] = true
	g.mu.Unlock()
	if r.Method == "PROPFIND" {
		w.WriteHeader(http.StatusMultiStatus)
		return
	}
	body, err := io.ReadAll(r.Body) // a pack comes in parts, which CGI does not know
	if err != nil {
		return
	}
	r.Body, r.ContentLength, r.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	g.backend.ServeHTTP(w, r)
}

func TestAppBehindARealProxyIsUsedByGitAndWebDAVWithAnAppPassword(t *testing.T) {
	t.Parallel()
	git := installed(t, "git", "git")
	for proxy, start := range eachAppProxy {
		t.Run(proxy, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			run := func(works bool, arguments ...string) string {
				t.Helper()
				command := exec.Command(git, arguments...)
				command.Dir = folder
				command.Env = append(os.Environ(), "HOME="+folder, "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0")
				output, err := command.CombinedOutput()
				if (err == nil) != works {
					t.Fatalf("git %s: %v\n%s", strings.Join(arguments, " "), err, output)
				}
				return string(output)
			}
			app := &gitApp{told: map[string]bool{}, backend: cgi.Handler{
				Path: filepath.Join(strings.TrimSpace(run(true, "--exec-path")), "git-http-backend"),
				Env:  []string{"GIT_PROJECT_ROOT=" + folder, "GIT_HTTP_EXPORT_ALL=1"},
			}}
			server := httptest.NewServer(app)
			t.Cleanup(server.Close)
			g := newGuarded(t, func(t *testing.T, g *guarded, _ string) { start(t, g, strings.TrimPrefix(server.URL, "http://")) })
			run(true, "config", "--global", "http.curloptResolve", g.photos+":127.0.0.1")
			run(true, "config", "--global", "user.email", "bob@example.org")
			run(true, "config", "--global", "user.name", "Bob")
			run(true, "init", "--bare", "notes.git")
			run(true, "-C", "notes.git", "config", "http.receivepack", "true")

			b := g.signedIn("bob")
			secret := b.makeAppPassword("bob", g.photos, "git")
			at := func(password string) string { return "http://bob:" + password + "@" + g.photos + "/notes.git" }
			run(true, "clone", at(secret), "mine")
			large := make([]byte, 2<<20) // more than git sends at once
			_, _ = rand.Read(large)
			writeFile(t, filepath.Join(folder, "mine", "large"), string(large))
			run(true, "-C", "mine", "add", "large")
			run(true, "-C", "mine", "commit", "-m", "Add")
			run(true, "-C", "mine", "push", "origin", "HEAD")
			run(true, "clone", at(secret), "again")
			if got, err := os.ReadFile(filepath.Join(folder, "again", "large")); err != nil || !bytes.Equal(got, large) {
				t.Errorf("what comes back is %d bytes, %v", len(got), err)
			}
			dav := withHeader(basic(secret), http.Header{"Depth": {"1"}})
			if response, _ := g.ask(t, "PROPFIND", g.photos, "/", "<propfind/>", dav); response.StatusCode != http.StatusMultiStatus {
				t.Errorf("PROPFIND: %d", response.StatusCode)
			}
			if len(app.told) != 1 || !app.told["bob"] {
				t.Errorf("the app is told of %v", app.told)
			}

			// With nothing, with the account's own password, and with one that has ended.
			if response, body := g.ask(t, "PROPFIND", g.photos, "/", "", http.Header{"Depth": {"1"}}); response.StatusCode != http.StatusUnauthorized || !strings.HasPrefix(response.Header.Get("Www-Authenticate"), "Basic ") {
				t.Errorf("PROPFIND with nothing: %d %v %s", response.StatusCode, response.Header, body)
			}
			run(false, "ls-remote", "http://"+g.photos+"/notes.git")
			run(false, "ls-remote", at(strings.ReplaceAll(goodPassword, " ", "%20")))
			b.post("/user/bob/app-passwords/end", "id", g.query("SELECT id FROM app_passwords")).wantStatus(http.StatusOK)
			if said := run(false, "ls-remote", at(secret)); !strings.Contains(said, "could not read Username") && !strings.Contains(said, "Authentication failed") && !strings.Contains(said, "401") {
				t.Errorf("git says %s", said)
			}
			if len(app.told) != 1 {
				t.Errorf("the app is told of %v", app.told)
			}
		})
	}
}
