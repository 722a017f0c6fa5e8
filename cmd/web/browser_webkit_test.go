//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A webkit is one window of WebKit's own small browser, driven by WebDriver.
type webkit struct {
	t       *testing.T
	session string // address
}

func (s *site) newWebKit(t *testing.T, path string) *webkit {
	t.Helper()
	browsers, _ := filepath.Glob("/usr/lib/*/webkit2gtk-4.*/MiniBrowser")
	missing := len(browsers) == 0
	for _, program := range []string{"WebKitWebDriver", "xvfb-run"} {
		if _, err := exec.LookPath(program); err != nil {
			missing = true
		}
	}
	if missing && os.Getenv("CI") != "true" {
		t.Skip("no WebKit: get it with 'apt-get install webkit2gtk-driver xvfb xauth'")
	}
	if missing {
		t.Fatal("no WebKit")
	}
	at := "127.0.0.1:" + freePort(t)
	driver := exec.Command("xvfb-run", "-a", "WebKitWebDriver", "--host=127.0.0.1", "--port="+port(at))
	driver.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // the screen and the browser go with it
	if err := driver.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-driver.Process.Pid, syscall.SIGKILL)
		_ = driver.Wait()
	})
	w := &webkit{t: t, session: "http://" + at + "/session"}
	var opened struct{ SessionID string }
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		err := w.send("", map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{
			"webkitgtk:browserOptions": map[string]any{"binary": browsers[0], "args": []string{"--automation"}},
		}}}, &opened)
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("WebKit does not start: %v", err)
		}
	}
	w.session += "/" + opened.SessionID
	w.must("/url", map[string]any{"url": s.server.URL + path}, nil)
	return w
}

func (w *webkit) send(path string, body, result any) error {
	content, err := json.Marshal(body)
	if err != nil {
		return err
	}
	client := http.Client{Timeout: patience}
	response, err := client.Post(w.session+path, "application/json", bytes.NewReader(content))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%d: %s", response.StatusCode, answer)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(answer, &struct{ Value any }{result})
}

func (w *webkit) must(path string, body, result any) {
	w.t.Helper()
	if err := w.send(path, body, result); err != nil {
		w.t.Fatalf("%s: %v", path, err)
	}
}

func (w *webkit) wait(what, want, script string) {
	w.t.Helper()
	got := ""
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		err := w.send("/execute/sync", map[string]any{"script": pageScript + script, "args": []any{}}, &got)
		if err == nil && got == want {
			return
		}
	}
	w.t.Fatalf("waited for %s %q: got %q", what, want, got)
}

// element is what WebDriver calls the thing that a person sees by this name.
func (w *webkit) element(kind, name string) (path string) {
	w.t.Helper()
	find := fmt.Sprintf("find.%s(%q)", kind, name)
	w.wait(kind, "true", "return String(settled() && Boolean("+find+") && !"+find+".disabled)")
	var found map[string]string
	w.must("/execute/sync", map[string]any{"script": pageScript + "return " + find, "args": []any{}}, &found)
	for _, id := range found {
		return "/element/" + id
	}
	return ""
}

// use does something with an element, again while a view that changes is in front of it.
func (w *webkit) use(kind, name, command string, body any) {
	w.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		err := w.send(w.element(kind, name)+command, body, nil)
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("%s %q: %v", kind, name, err)
		}
	}
}

func (w *webkit) click(kind, name string) {
	w.t.Helper()
	w.use(kind, name, "/click", map[string]any{})
}

func (w *webkit) fill(field, text string) {
	w.t.Helper()
	w.use("field", field, "/value", map[string]any{"text": text})
}

func TestWebKitGoesTheMainJourney(t *testing.T) {
	w := newSite(t).newWebKit(t, "/signup")
	w.fill("Username", "bob")
	w.fill("Password", goodPassword)
	w.click("button", "Create account")
	w.wait("flash", "User account has been created. Log in to continue.", `return textOf(document.getElementById("flash"))`)
	w.fill("Password", "not the password")
	w.click("button", "Log in")
	w.wait("notice", "Invalid username or password.", `return textOf(document.getElementById("notice"))`)
	w.fill("Password", goodPassword)
	w.click("button", "Log in")
	w.wait("heading", "Hello Bob", `return settled() ? document.querySelector("h1").textContent : ""`)
	w.click("fact", "Sessions")
	w.wait("time", "just now", `return document.querySelector("time")?.textContent ?? ""`)
	w.click("button", "Log out")
	w.wait("flash", "Successfully logged out.", `return textOf(document.getElementById("flash"))`)
	w.wait("address", "/login", "return location.pathname")
}
