//go:build linux

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
	for _, program := range []string{"WebKitWebDriver", "Xvfb"} {
		if _, err := exec.LookPath(program); err != nil {
			missing = true
		}
	}
	if missing && os.Getenv("CI") != "true" {
		t.Skip("no WebKit: get it with 'apt-get install webkit2gtk-driver xvfb'")
	}
	if missing {
		t.Fatal("no WebKit")
	}
	at := "127.0.0.1:" + freePort(t)
	driver := exec.Command("WebKitWebDriver", "--host=127.0.0.1", "--port="+port(at))
	driver.Env = append(os.Environ(), "DISPLAY="+newScreen(t))
	startUntilEnd(t, driver)
	w := &webkit{t: t, session: "http://" + at + "/session"}
	var opened struct{ SessionID string }
	for deadline := time.Now().Add(otherPatience); ; time.Sleep(100 * time.Millisecond) {
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

// newScreen starts a screen that nobody sees, and returns its name.
func newScreen(t *testing.T) string {
	t.Helper()
	number, chosen, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer number.Close()
	screen := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp")
	screen.ExtraFiles = []*os.File{chosen}
	startUntilEnd(t, screen)
	_ = chosen.Close()
	_ = number.SetReadDeadline(time.Now().Add(otherPatience))
	name, err := bufio.NewReader(number).ReadString('\n')
	if err != nil {
		t.Fatalf("the screen does not start: %v", err)
	}
	return ":" + strings.TrimSpace(name)
}

// startUntilEnd starts a process, which is ended after the test with all that it started. Asked first, a screen takes its
// lock file away.
func startUntilEnd(t *testing.T, process *exec.Cmd) {
	t.Helper()
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		group := -process.Process.Pid
		_ = syscall.Kill(group, syscall.SIGTERM)
		stuck := time.AfterFunc(10*time.Second, func() { _ = syscall.Kill(group, syscall.SIGKILL) })
		_ = process.Wait()
		stuck.Stop()
		_ = syscall.Kill(group, syscall.SIGKILL)
	})
}

func (w *webkit) send(path string, body, result any) error {
	content, err := json.Marshal(body)
	if err != nil {
		return err
	}
	client := http.Client{Timeout: otherPatience}
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
	for deadline := time.Now().Add(otherPatience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
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
	for deadline := time.Now().Add(otherPatience); ; time.Sleep(20 * time.Millisecond) {
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
	// WebDriver tells nothing of the console. What is kept in the page here is there at the end only if no page was loaded.
	w.must("/execute/sync", map[string]any{"script": `
		window.complaints = [];
		console.error = (...texts) => complaints.push(texts.join(" "));
		addEventListener("error", (event) => complaints.push(event.message));
		addEventListener("unhandledrejection", (event) => complaints.push(String(event.reason)));`, "args": []any{}}, nil)
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
	w.wait("heading", "Sessions", `return settled() ? document.querySelector("h1").textContent : ""`) // both pages have times
	w.wait("time", "just now", `return document.querySelector("time")?.textContent ?? ""`)
	w.click("button", "Log out")
	w.wait("flash", "Successfully logged out.", `return textOf(document.getElementById("flash"))`)
	w.wait("address", "/login", "return location.pathname")
	w.wait("complaints", "none", `return window.complaints ? complaints.join() || "none" : "the page was loaded anew"`)
}
