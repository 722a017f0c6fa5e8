package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/websocket"
)

// Firefox is driven by WebDriver BiDi, which it speaks itself: a few messages are all that a journey needs.

// otherPatience is how long browsers beside Chromium may take, which start anew for each test. Only a test that fails waits
// that long.
const otherPatience = time.Minute

// A firefox is one tab of a browser of its own.
type firefox struct {
	t       *testing.T
	socket  *websocket.Conn
	context string
	last    int
	// complaints are what the page wrote to the console as errors.
	complaints []string
}

func (s *site) newFirefox(t *testing.T, path string) *firefox {
	t.Helper()
	program, err := exec.LookPath("firefox-esr")
	if err != nil {
		program, err = exec.LookPath("firefox")
	}
	if err != nil && os.Getenv("CI") != "true" {
		t.Skip("no Firefox: get it with 'apt-get install firefox-esr'")
	}
	if err != nil {
		t.Fatal(err)
	}
	profile, err := os.MkdirTemp("", "firefox")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(profile) }) // a process of the browser may still write there
	process := exec.Command(program, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port=0",
		"--remote-allow-origins=http://127.0.0.1", "about:blank")
	process.Env = append(os.Environ(), "HOME="+profile, "MOZ_DISABLE_AUTO_SAFE_MODE=1")
	said, err := process.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Process.Kill()
		_ = process.Wait()
	})
	address := make(chan string, 1)
	go func() {
		for lines := bufio.NewScanner(said); lines.Scan(); {
			if _, found, ok := strings.Cut(lines.Text(), "WebDriver BiDi listening on "); ok {
				address <- found
			}
		}
	}()
	f := &firefox{t: t}
	select {
	case found := <-address:
		if f.socket, err = websocket.Dial(found+"/session", "", "http://127.0.0.1"); err != nil {
			t.Fatalf("connect to Firefox: %v", err)
		}
	case <-time.After(2 * time.Minute):
		t.Fatal("Firefox does not start")
	}
	t.Cleanup(func() { _ = f.socket.Close() })
	f.tell("session.new", map[string]any{"capabilities": map[string]any{}}, nil)
	f.tell("session.subscribe", map[string]any{"events": []string{"log.entryAdded"}}, nil)
	var tree struct{ Contexts []struct{ Context string } }
	f.tell("browsingContext.getTree", map[string]any{}, &tree)
	f.context = tree.Contexts[0].Context
	f.tell("browsingContext.navigate", map[string]any{"context": f.context, "url": s.server.URL + path, "wait": "complete"}, nil)
	return f
}

// tell sends a command and waits for its answer.
func (f *firefox) tell(method string, params, result any) {
	f.t.Helper()
	if err := f.try(method, params, result); err != nil {
		f.t.Fatalf("%s: %v", method, err)
	}
}

func (f *firefox) try(method string, params, result any) error {
	f.last++
	if err := websocket.JSON.Send(f.socket, map[string]any{"id": f.last, "method": method, "params": params}); err != nil {
		return err
	}
	for {
		var message struct {
			ID      int
			Type    string
			Method  string
			Message string
			Params  struct{ Level, Text string }
			Result  json.RawMessage
		}
		_ = f.socket.SetReadDeadline(time.Now().Add(otherPatience))
		if err := websocket.JSON.Receive(f.socket, &message); err != nil {
			return err
		}
		switch {
		case message.Method == "log.entryAdded" && message.Params.Level == "error":
			f.complaints = append(f.complaints, message.Params.Text)
		case message.ID != f.last:
		case message.Type == "error":
			return errors.New(message.Message)
		case result == nil:
			return nil
		default:
			return json.Unmarshal(message.Result, result)
		}
	}
}

// wait evaluates a script until it returns this text. A page that is being replaced shows nothing yet.
func (f *firefox) wait(what, want, script string) {
	f.t.Helper()
	got := ""
	for deadline := time.Now().Add(otherPatience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		var answer struct{ Result struct{ Value any } }
		err := f.try("script.evaluate", map[string]any{
			"expression": "(() => {" + pageScript + script + "})()", "awaitPromise": false, "target": map[string]any{"context": f.context},
		}, &answer)
		if got = fmt.Sprint(answer.Result.Value); err == nil && got == want {
			return
		}
	}
	f.t.Fatalf("waited for %s %q: got %q", what, want, got)
}

func (f *firefox) wantHeading(text string) {
	f.t.Helper()
	f.wait("heading", text, `return settled() ? document.querySelector("h1").textContent : ""`)
}

// click clicks in the middle of what a script finds.
func (f *firefox) click(kind, name string) {
	f.t.Helper()
	find := fmt.Sprintf("find.%s(%q)", kind, name)
	f.wait(kind, "true", "return String(settled() && Boolean("+find+") && !"+find+".disabled)")
	var at struct {
		Result struct{ Value []struct{ Value float64 } }
	}
	f.tell("script.evaluate", map[string]any{
		"expression":   "(() => {" + pageScript + "const box = " + find + ".getClientRects()[0]; return [box.x + box.width / 2, box.y + box.height / 2] })()",
		"awaitPromise": false, "target": map[string]any{"context": f.context},
	}, &at)
	f.act("pointer", []map[string]any{
		{"type": "pointerMove", "x": int(at.Result.Value[0].Value), "y": int(at.Result.Value[1].Value)},
		{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0},
	})
}

func (f *firefox) act(kind string, actions []map[string]any) {
	f.t.Helper()
	f.tell("input.performActions", map[string]any{
		"context": f.context, "actions": []map[string]any{{"type": kind, "id": kind, "actions": actions}},
	}, nil)
}

func (f *firefox) fill(field, text string) {
	f.t.Helper()
	f.click("field", field)
	var keys []map[string]any
	for _, key := range text {
		keys = append(keys, map[string]any{"type": "keyDown", "value": string(key)}, map[string]any{"type": "keyUp", "value": string(key)})
	}
	f.act("key", keys)
}

func TestFirefoxGoesTheMainJourney(t *testing.T) {
	s := newSite(t)
	f := s.newFirefox(t, "/signup")
	f.wait("mark", "true", "return String(window.mark = true)")
	f.wantHeading("Create an account")
	f.fill("Username", "bob")
	f.fill("Password", goodPassword)
	f.click("button", "Create account")
	f.wait("flash", "User account has been created. Log in to continue.", `return textOf(document.getElementById("flash"))`)
	f.wait("username", "bob", `return find.field("Username").value`)
	f.fill("Password", "not the password")
	f.click("button", "Log in")
	f.wait("notice", "Invalid username or password.", `return textOf(document.getElementById("notice"))`)
	f.fill("Password", goodPassword)
	f.click("button", "Log in")
	f.wantHeading("Hello Bob")
	f.click("menu", "Bob")
	f.wait("menu", "true", `return String(document.querySelector(".menu").open)`)
	f.click("menu", "Bob")
	f.click("fact", "Sessions")
	f.wantHeading("Sessions")
	f.wait("time", "just now", `return document.querySelector("time").textContent`)
	f.click("button", "Log out")
	f.wait("flash", "Successfully logged out.", `return textOf(document.getElementById("flash"))`)
	f.wait("address", "/login", "return location.pathname")
	f.wait("mark of the first page", "true", "return String(window.mark)")
	for _, complaint := range f.complaints {
		t.Errorf("Firefox complains: %s", complaint)
	}
}
