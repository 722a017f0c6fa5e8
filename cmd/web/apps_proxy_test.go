//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestAppBehindARealProxyIsEnteredAndLeftInTheBrowser(t *testing.T) {
	t.Parallel()
	for proxy, start := range eachAppProxy {
		for way, newTab := range eachTab {
			t.Run(proxy+" "+way, func(t *testing.T) {
				t.Parallel()
				g := newGuarded(t, start)
				b := newTab(g.site, "/login")
				open := b.openAddress
				g.enterPhotos(b, "/album/1?x=%20y")
				b.wantHeading("The app")
				b.want("the page asked for", "/album/1?x=%20y", "return location.pathname + location.search")
				b.want("who the app is told", "bob", `return JSON.parse(document.getElementById("echo").textContent).Header["Remote-User"][0]`)

				// Another domain: no password.
				open("http://" + g.wiki + "/")
				b.wantHeading("Open Wiki")
				b.press("Continue to Wiki as Bob")
				b.wantHeading("The app")
				open("http://" + g.wiki + "/.latchkey/")
				b.wantHeading("You are Bob here")

				// Out of all of them at once.
				open(g.server.URL + "/user/bob")
				b.wantHeading("Hello Bob")
				b.send("Log out")
				b.wantFlash("Successfully logged out.")
				for _, host := range []string{g.photos, g.wiki} {
					open("http://" + host + "/")
					b.wantHeading("Log in")
				}
			})
		}
	}
}

// openAddress opens any address.
func (b *tab) openAddress(address string) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, chromedp.Navigate(address)); err != nil {
		b.t.Fatalf("open %s: %v", address, err)
	}
}

// enterPhotos opens a page of photos for the first time, and logs in.
func (g *guarded) enterPhotos(b *tab, path string) {
	b.t.Helper()
	// A redirect by way of another host that has a cookie, and a page that leads on, which Back passes over: as meant.
	b.expectComplaints("BounceTrackingIssue", "NavigationEntryMarkedSkippable")
	b.openAddress(g.origin(g.photos) + path)
	b.wantNotice("Log in to continue.")
	b.submit("Log in", "bob", goodPassword)
	b.wantHeading("Open Photos")
	b.press("Continue to Photos as Bob")
	b.want("the app", g.photos, "return location.host")
}

func TestAppBehindARealProxyGetsOnlyWhatItShould(t *testing.T) {
	t.Parallel()
	for proxy, start := range eachAppProxy {
		t.Run(proxy, func(t *testing.T) {
			t.Parallel()
			g := newGuarded(t, start)
			if said, stderr, code := g.runCommand("app", "check", g.photos, "--at=127.0.0.1:"+port(g.photos)); code != exitOK || strings.Count(said, "right: ") != 11 {
				t.Errorf("app check: %d, %s%s", code, said, stderr)
			}
			if response, _ := g.ask(t, http.MethodGet, g.login, "/healthz", "", nil); response.StatusCode != http.StatusOK {
				t.Errorf("the site itself: %d", response.StatusCode)
			}
			in := g.enterThrough(t, g.photos)
			program := http.Header{"Accept": {"*/*"}}

			for name, test := range map[string]struct {
				method string
				header http.Header
				status int
			}{
				"a page":      {http.MethodGet, navigation, http.StatusFound},
				"HEAD":        {http.MethodHead, navigation, http.StatusFound},
				"a form":      {http.MethodPost, navigation, http.StatusUnauthorized},
				"PUT":         {http.MethodPut, program, http.StatusUnauthorized},
				"fetch":       {http.MethodGet, http.Header{"Sec-Fetch-Mode": {"cors"}}, http.StatusUnauthorized},
				"a WebSocket": {http.MethodGet, http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}}, http.StatusUnauthorized},
				"a stream":    {http.MethodGet, http.Header{"Accept": {"text/event-stream"}}, http.StatusUnauthorized},
			} {
				response, body := g.ask(t, test.method, g.photos, "/x", "", test.header)
				if response.StatusCode != test.status || strings.Contains(body, "The app") {
					t.Errorf("%s, signed out: %d %s", name, response.StatusCode, body)
				}
			}

			// What a client says of itself.
			for _, name := range []string{"Remote-User", "Remote_User", "Remote.User", "X-Forwarded-Host", "X-Forwarded-Uri", "X-Original-Url", "X-Forwarded-Method", "X-Original-Method"} {
				value := "alice"
				if strings.HasPrefix(name, "X-") {
					value = "http://" + g.wiki + "/.latchkey/"
				}
				header := in.Clone()
				header[name] = []string{value}
				response, body := g.ask(t, http.MethodGet, g.photos, "/", "", header)
				if told := toldBy(body); response.StatusCode == http.StatusOK && (told.Header.Get("Remote-User") != "bob" || told.Header["Remote_user"] != nil || told.Header["Remote.user"] != nil) {
					t.Errorf("%s: the app is told %v", name, told.Header)
				}
				header.Del("Cookie")
				if response, _ := g.ask(t, http.MethodGet, g.photos, "/", "", header); response.StatusCode < 300 {
					t.Errorf("%s lets in: %d", name, response.StatusCode)
				}
			}

			response, body := g.ask(t, http.MethodPost, g.photos, "/upload?a=1", strings.Repeat("x", 20<<20), in)
			if told := toldBy(body); response.StatusCode != http.StatusOK || told.Method != http.MethodPost || told.URI != "/upload?a=1" || len(told.Body) != 20<<20 {
				t.Errorf("a form of 20 MiB: %d, %s %s with %d bytes", response.StatusCode, told.Method, told.URI, len(told.Body))
			}
			if heard := g.webSocket(t, in); heard != "heard hello\n" {
				t.Errorf("over a WebSocket: %q", heard)
			}
			// The cookie of one app at another.
			if response, _ := g.ask(t, http.MethodGet, g.wiki, "/", "", in); response.StatusCode < 300 {
				t.Errorf("photos' cookie lets into the wiki: %d", response.StatusCode)
			}
			g.exec("DELETE FROM group_members")
			if response, body := g.ask(t, http.MethodGet, g.photos, "/", "", withHeader(in, navigation)); response.StatusCode != http.StatusForbidden || !strings.Contains(body, "Bob") {
				t.Errorf("no member any more: %d %s", response.StatusCode, body)
			}
			g.exec("INSERT INTO group_members (group_name, uid) VALUES ('family', 1)")
			// Nothing lets in while Latchkey is away.
			g.forwardAuth.CloseClientConnections()
			g.forwardAuth.Close()
			if response, _ := g.ask(t, http.MethodGet, g.photos, "/", "", in); response.StatusCode < 500 {
				t.Errorf("Latchkey is away: %d", response.StatusCode)
			}
		})
	}
}

// ask sends a request to an app's host through the proxy.
func (g *guarded) ask(t *testing.T, method, host, uri, body string, header http.Header) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://127.0.0.1:"+port(host)+uri, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	for name, values := range header {
		r.Header[name] = values
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(content)
}

// enterThrough goes the whole way in through the proxy, and returns the headers of a program that has the cookie.
func (g *guarded) enterThrough(t *testing.T, host string) http.Header {
	t.Helper()
	b := g.signedIn("bob")
	refused, _ := g.ask(t, http.MethodGet, host, "/", "", navigation)
	address, err := url.Parse(refused.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	cookies := refused.Cookies()
	if len(cookies) != 1 {
		t.Fatalf("cookies %v with %d", cookies, refused.StatusCode)
	}
	query := address.Query()
	p := b.post("/enter", "app", query.Get("app"), "to", query.Get("to"), "way", query.Get("way"), "nonce", query.Get("nonce"), "account", "bob", "continue", "yes")
	_, code, found := strings.Cut(p.body, "/.latchkey/enter?code=")
	if !found {
		t.Fatalf("no way in: %d", p.status)
	}
	code, _, _ = strings.Cut(code, "&")
	entered, _ := g.ask(t, http.MethodGet, host, "/.latchkey/enter?code="+code, "", withHeader(navigation, http.Header{"Cookie": {cookies[0].Name + "=" + cookies[0].Value}}))
	for _, cookie := range entered.Cookies() {
		if cookie.Name == "latchkey" {
			return http.Header{"Accept": {"*/*"}, "Cookie": {"latchkey=" + cookie.Value}}
		}
	}
	t.Fatalf("entered with %d and %v", entered.StatusCode, entered.Cookies())
	return nil
}

func withHeader(header, more http.Header) http.Header {
	both := header.Clone()
	for name, values := range more {
		both[name] = values
	}
	return both
}

// toldBy is what the app says that it got.
func toldBy(body string) (told echoed) {
	_, text, _ := strings.Cut(body, "<pre id=echo>")
	text, _, _ = strings.Cut(text, "</pre>")
	_ = json.Unmarshal([]byte(text), &told)
	return told
}

// webSocket says hello to the app, and returns the answer.
func (g *guarded) webSocket(t *testing.T, header http.Header) string {
	t.Helper()
	connection, err := net.Dial("tcp", "127.0.0.1:"+port(g.photos))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	fmt.Fprintf(connection, "GET /ws HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nCookie: %s\r\n\r\n", g.photos, header.Get("Cookie"))
	reader := bufio.NewReader(connection)
	response, err := http.ReadResponse(reader, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("%v %v", response, err)
	}
	fmt.Fprint(connection, "hello\n")
	line, err := reader.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return line
}
