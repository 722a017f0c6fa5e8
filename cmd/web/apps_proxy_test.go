//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// appsBlock is the block of docs/apps.md in this language.
func appsBlock(t *testing.T, language string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/apps.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?ms)^```" + language + "\n(.*?)^```$").FindSubmatch(text)
	if found == nil {
		t.Fatalf("no block of %s in docs/apps.md", language)
	}
	return string(found[1])
}

// echoed is what the app of the tests got, and tells.
type echoed struct {
	Method string
	URI    string
	Header http.Header
	Body   string
}

func startEcho(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
			connection, buffered, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer connection.Close()
			fmt.Fprint(buffered, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
			buffered.Flush()
			line, _ := buffered.ReadString('\n')
			fmt.Fprint(buffered, "heard "+line)
			buffered.Flush()
			return
		}
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "text/html")
		content, _ := json.Marshal(echoed{r.Method, r.RequestURI, r.Header, string(body)})
		fmt.Fprintf(w, "<!doctype html><title>App</title><h1>The app</h1><pre id=echo>%s</pre>", content)
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// guarded is a site, and a real proxy in front of two apps that asks it.
type guarded struct {
	*site
	forwardAuth  *httptest.Server
	photos, wiki string // hosts with ports
}

// eachAppProxy starts the proxies of docs/apps.md, on plain http and loopback.
var eachAppProxy = map[string]func(t *testing.T, folder string, g *guarded, app string) *exec.Cmd{
	"caddy": func(t *testing.T, folder string, g *guarded, app string) *exec.Cmd {
		caddy := installed(t, "caddy", "caddy")
		config := "{\n\tadmin off\n\tdefault_bind 127.0.0.1\n\tauto_https off\n}\n"
		for _, host := range []string{g.photos, g.wiki} {
			config += adapted(t, appsBlock(t, "caddyfile"), "photos.example.org", "http://"+host,
				"127.0.0.1:8081", g.address(), "127.0.0.1:2342", app)
		}
		writeFile(t, filepath.Join(folder, "Caddyfile"), config)
		run := exec.CommandContext(t.Context(), caddy, "run", "--adapter", "caddyfile", "--config", filepath.Join(folder, "Caddyfile"))
		run.Env = append(os.Environ(), "HOME="+folder, "XDG_DATA_HOME="+folder, "XDG_CONFIG_HOME="+folder)
		return run
	},
	"nginx": func(t *testing.T, folder string, g *guarded, app string) *exec.Cmd {
		nginx := installed(t, "nginx", "nginx-light")
		block := appsBlock(t, "nginx")
		shared, server, _ := strings.Cut(block, "server {\n    listen")
		config := adapted(t, shared, "127.0.0.1:8081", g.address())
		for _, host := range []string{g.photos, g.wiki} {
			config += adapted(t, "server {\n    listen"+server, "listen 443 ssl http2", "listen 127.0.0.1:"+port(host),
				"server_name photos.example.org", "server_name "+strings.TrimSuffix(host, ":"+port(host)),
				"    ssl_certificate /etc/letsencrypt/live/photos.example.org/fullchain.pem;\n", "",
				"    ssl_certificate_key /etc/letsencrypt/live/photos.example.org/privkey.pem;\n", "",
				"127.0.0.1:2342", app)
		}
		writeFile(t, filepath.Join(folder, "apps"), config)
		writeFile(t, filepath.Join(folder, "nginx.conf"), `
			daemon off; master_process off; pid nginx.pid; error_log stderr; events {}
			http {
				access_log off;
				client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
				include apps;
			}`)
		return exec.CommandContext(t.Context(), nginx, "-p", folder, "-c", "nginx.conf", "-e", "stderr")
	},
}

func (g *guarded) address() string { return strings.TrimPrefix(g.forwardAuth.URL, "http://") }

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return port(listener.Addr().String())
}

func newGuarded(t *testing.T, start func(*testing.T, string, *guarded, string) *exec.Cmd) *guarded {
	t.Helper()
	g := &guarded{site: newSiteFor(t, "bob", "--forward-auth-addr=localhost:0", "--trusted-proxy=127.0.0.1")}
	site, err := url.Parse(g.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	g.app.site = site
	g.forwardAuth = httptest.NewServer(g.app.forwardAuthHandler())
	t.Cleanup(g.forwardAuth.Close)
	g.photos, g.wiki = "photos.internal:"+freePort(t), "wiki.other.internal:"+freePort(t)
	g.exec("INSERT INTO groups (name) VALUES ('family')")
	g.exec("INSERT INTO group_members (group_name, uid) VALUES ('family', 1)")
	g.addApp(g.photos, "Photos", "family")
	g.addApp(g.wiki, "Wiki", "everyone")
	process := launch(t, start(t, t.TempDir(), g, startEcho(t)))
	for _, host := range []string{g.photos, g.wiki} {
		process.waitFor("the proxy of "+host, func() bool {
			connection, err := net.Dial("tcp", "127.0.0.1:"+port(host))
			if err == nil {
				connection.Close()
			}
			return err == nil
		})
	}
	return g
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

func TestAppBehindARealProxyIsEnteredAndLeftInTheBrowser(t *testing.T) {
	t.Parallel()
	for proxy, start := range eachAppProxy {
		for way, newTab := range eachTab {
			t.Run(proxy+" "+way, func(t *testing.T) {
				t.Parallel()
				g := newGuarded(t, start)
				b := newTab(g.site, "/login")
				// A redirect by way of another host that has a cookie, and a page that leads on, which Back passes over: as meant.
				b.expectComplaints("BounceTrackingIssue", "NavigationEntryMarkedSkippable")
				open := func(address string) {
					t.Helper()
					if err := chromedp.Do(b.ctx, chromedp.Navigate(address)); err != nil {
						t.Fatal(err)
					}
				}
				open("http://" + g.photos + "/album/1?x=%20y")
				b.wantNotice("Log in to continue.")
				b.submit("Log in", "bob", goodPassword)
				b.wantHeading("Open Photos")
				b.press("Continue to Photos as Bob")
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

func TestAppBehindARealProxyGetsOnlyWhatItShould(t *testing.T) {
	t.Parallel()
	for proxy, start := range eachAppProxy {
		t.Run(proxy, func(t *testing.T) {
			t.Parallel()
			g := newGuarded(t, start)
			if said, stderr, code := g.runCommand("app", "check", g.photos, "--at=127.0.0.1:"+port(g.photos)); code != exitOK || strings.Count(said, "right: ") != 9 {
				t.Errorf("app check: %d, %s%s", code, said, stderr)
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

			response, body := g.ask(t, http.MethodPost, g.photos, "/upload?a=1", strings.Repeat("x", 1<<20), in)
			if told := toldBy(body); response.StatusCode != http.StatusOK || told.Method != http.MethodPost || told.URI != "/upload?a=1" || len(told.Body) != 1<<20 {
				t.Errorf("a form of 1 MiB: %d, %s %s with %d bytes", response.StatusCode, told.Method, told.URI, len(told.Body))
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

func TestAppCheckSaysWhenTheProxyDoesNotAsk(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	app := startEcho(t)
	host := "localhost:" + port(app)
	s.addApp(host, "Open", "everyone")
	said, stderr, code := s.runCommand("app", "check", host)
	if code != exitFailed || strings.Count(said, "WRONG: ") < 8 || !strings.Contains(said, "the app itself answers (200): the proxy does not ask Latchkey") {
		t.Errorf("%d: %s%s", code, said, stderr)
	}
	if _, stderr, code := s.runCommand("app", "check", "nowhere.example.org"); code != exitFailed || stderr != "latchkey: there is no app nowhere.example.org\n" {
		t.Errorf("%d: %s", code, stderr)
	}
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
	p := b.post("/enter", "app", query.Get("app"), "to", query.Get("to"), "way", query.Get("way"), "nonce", query.Get("nonce"), "account", "bob")
	_, code, found := strings.Cut(p.body, "/.latchkey/enter?code=")
	if !found {
		t.Fatalf("no way in: %d", p.status)
	}
	code, _, _ = strings.Cut(code, `"`)
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
