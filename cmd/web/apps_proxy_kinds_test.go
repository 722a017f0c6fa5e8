//go:build linux

package main

import (
	"bufio"
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

func TestAppBehindARealProxyAnswersAsItDoesWithoutOne(t *testing.T) {
	t.Parallel()
	for proxy, start := range eachAppProxy {
		t.Run(proxy, func(t *testing.T) {
			t.Parallel()
			g := newGuarded(t, start)
			in := g.enterThrough(t, g.photos)
			const uri = "/a%2Fb/c?x=%20y&z"
			for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete, http.MethodOptions, "PROPFIND"} {
				for kind, header := range map[string]http.Header{"page": navigation, "fetch": {"Sec-Fetch-Mode": {"cors"}}} {
					body := ""
					if method == http.MethodPut {
						body = strings.Repeat("x", 3<<20) // more than nginx takes unless told
					}
					response, content := g.ask(t, method, g.photos, uri, body, withHeader(in, header))
					if told := toldBy(content); response.StatusCode != http.StatusOK || told.Method != method || told.URI != uri || told.Body != body || told.Header.Get("Remote-User") != "bob" {
						t.Errorf("%s of a %s: %d, and the app got %s %s with %d bytes from %q", method, kind, response.StatusCode, told.Method, told.URI, len(told.Body), told.Header.Get("Remote-User"))
					}
				}
			}
			if response, _ := g.ask(t, http.MethodHead, g.photos, "/", "", in); response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "text/html" {
				t.Errorf("HEAD: %d %v", response.StatusCode, response.Header)
			}
			for _, status := range []int{201, 302, 401, 403, 404, 500, 503} {
				response, body := g.ask(t, http.MethodGet, g.photos, "/own?"+strconv.Itoa(status), "", withHeader(in, navigation))
				if response.StatusCode != status || body != "The app's own words" || response.Header.Get("Www-Authenticate") != "App" || response.Header.Get("Set-Cookie") != "app=1" {
					t.Errorf("the app's own %d: %d %v %s", status, response.StatusCode, response.Header, body)
				}
			}
			if first := g.firstEvent(t, in); first != "data: The app\n" {
				t.Errorf("the stream begins with %q", first)
			}
		})
	}
}

// firstEvent is the first line of a stream of which more is to come.
func (g *guarded) firstEvent(t *testing.T, header http.Header) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+port(g.photos)+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host, r.Header = g.photos, withHeader(header, http.Header{"Accept": {"text/event-stream"}})
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	line, err := bufio.NewReader(response.Body).ReadString('\n')
	if err != nil {
		t.Errorf("the stream: %d, %v", response.StatusCode, err)
	}
	return line
}

func TestAppBehindARealProxyRefusesEachRequestAsItsClientUnderstands(t *testing.T) {
	t.Parallel()
	page, bare := "<!doctype html>", "not signed in\n"
	for proxy, start := range eachAppProxy {
		t.Run(proxy, func(t *testing.T) {
			t.Parallel()
			g := newGuarded(t, start)
			photos, wiki := g.enterThrough(t, g.photos), g.enterThrough(t, g.wiki)
			refusals := func(state string, with http.Header) {
				for name, test := range map[string]struct {
					method, body string
					header       http.Header
					status       int
					says         string
				}{
					"a page":         {http.MethodGet, "", navigation, http.StatusFound, "/enter?"},
					"HEAD":           {http.MethodHead, "", navigation, http.StatusFound, ""},
					"a form":         {http.MethodPost, strings.Repeat("x", 20<<20), navigation, http.StatusUnauthorized, "your browser sends what you typed once more"},
					"a frame":        {http.MethodGet, "", http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"iframe"}}, http.StatusUnauthorized, `target="_blank"`},
					"fetch":          {http.MethodPost, "x", http.Header{"Sec-Fetch-Mode": {"cors"}, "Accept": {"text/html"}}, http.StatusUnauthorized, bare},
					"an image":       {http.MethodGet, "", http.Header{"Sec-Fetch-Mode": {"no-cors"}, "Sec-Fetch-Dest": {"image"}}, http.StatusUnauthorized, bare},
					"a stream":       {http.MethodGet, "", http.Header{"Accept": {"text/event-stream"}}, http.StatusUnauthorized, bare},
					"a WebSocket":    {http.MethodGet, "", http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Fetch-Mode": {"websocket"}}, http.StatusUnauthorized, bare},
					"a program":      {http.MethodDelete, "", http.Header{"Accept": {"*/*"}}, http.StatusUnauthorized, bare},
					"a preflight":    {http.MethodOptions, "", http.Header{"Sec-Fetch-Mode": {"cors"}, "Access-Control-Request-Method": {"PUT"}}, http.StatusUnauthorized, bare},
					"an old browser": {http.MethodGet, "", http.Header{"Accept": {"text/html,*/*"}}, http.StatusFound, "/enter?"},
				} {
					response, body := g.ask(t, test.method, g.photos, "/x?y=1", test.body, withHeader(with, test.header))
					if response.StatusCode != test.status || !strings.Contains(body, test.says) || strings.Contains(body, "The app") || strings.HasPrefix(body, page) != strings.Contains(response.Header.Get("Content-Security-Policy"), "default-src 'none'") {
						t.Errorf("%s, %s: %d %v %s", name, state, response.StatusCode, response.Header, body)
					}
					if response.Header.Get("Cache-Control") != "no-store" || !strings.Contains(response.Header.Get("Vary"), "Cookie") || response.Header.Get("Www-Authenticate") != "" {
						t.Errorf("%s, %s: %v", name, state, response.Header)
					}
					if login := response.Header.Get("Latchkey-Login"); (test.says == bare) != (login == g.server.URL) {
						t.Errorf("%s, %s: Latchkey-Login is %q", name, state, login)
					}
					if to := response.Header.Get("Location"); (test.status == http.StatusFound) != strings.HasPrefix(to, g.server.URL+"/enter?app=") {
						t.Errorf("%s, %s leads to %q", name, state, to)
					}
				}
			}
			refusals("not signed in", http.Header{})
			for host, in := range map[string]http.Header{g.photos: photos, g.wiki: wiki} {
				if response, _ := g.ask(t, http.MethodGet, host, "/", "", in); response.StatusCode != http.StatusOK {
					t.Errorf("%s, signed in: %d", host, response.StatusCode)
				}
			}
			g.mustRun("user", "sign-out", "bob")
			refusals("signed out", photos)
			for host, in := range map[string]http.Header{g.photos: photos, g.wiki: wiki} {
				if response, _ := g.ask(t, http.MethodGet, host, "/", "", in); response.StatusCode != http.StatusUnauthorized {
					t.Errorf("%s, signed out: %d", host, response.StatusCode)
				}
			}
		})
	}
}

func TestAppBehindARealProxyIsClosedWhenLatchkeyCannotCheck(t *testing.T) {
	t.Parallel()
	for proxy, start := range eachAppProxy {
		t.Run(proxy, func(t *testing.T) {
			t.Parallel()
			g := newGuarded(t, start, "--busy-timeout=0s")
			in := g.enterThrough(t, g.photos)
			closed := func(state string, headers ...http.Header) {
				t.Helper()
				for _, header := range headers {
					for _, path := range []string{"/", handOverPath, handOverPath + "refused", handOverPath + "enter?code=x"} {
						response, body := g.ask(t, http.MethodGet, g.photos, path, "", header)
						if response.StatusCode < 300 || strings.Contains(body, "The app") {
							t.Errorf("%s, %s: %d %s", path, state, response.StatusCode, body)
						}
						if path == "/" && response.StatusCode < 500 {
							t.Errorf("%s, %s: %d, and not an error", path, state, response.StatusCode)
						}
					}
				}
			}
			unlock := g.lockDatabase()
			// Who is in stays in, because nothing is written. Nobody else gets in.
			if response, _ := g.ask(t, http.MethodGet, g.photos, "/", "", in); response.StatusCode != http.StatusOK {
				t.Errorf("signed in, locked: %d", response.StatusCode)
			}
			if response, body := g.ask(t, http.MethodGet, g.photos, "/", "", navigation); response.StatusCode != http.StatusFound {
				t.Errorf("not signed in, locked: %d %s", response.StatusCode, body)
			}
			code := withHeader(navigation, http.Header{"Cookie": {"latchkey-nonce=x"}})
			if response, _ := g.ask(t, http.MethodGet, g.photos, handOverPath+"enter?code=x", "", code); response.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("a code, locked: %d", response.StatusCode)
			}
			unlock()
			everybody := []http.Header{in, withHeader(in, navigation), withHeader(navigation, http.Header{"Cookie": {"latchkey=x"}})}
			if err := g.app.store.Close(); err != nil {
				t.Fatal(err)
			}
			closed("the database is gone", everybody...)
			g.forwardAuth.CloseClientConnections()
			g.forwardAuth.Close()
			closed("Latchkey is gone", append(everybody, navigation)...)
		})
	}
}
