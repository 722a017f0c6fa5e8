package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"latchkey/internal/store"
)

// An appBrowser is a browser on an app's host, as the site learns of it from the proxy: by what it is asked.
type appBrowser struct {
	t       *testing.T
	site    *site
	host    string
	nginx   bool
	secure  bool // comes by https
	cookies map[string]string
	entered http.Header // of the answer that gave the app's cookie
}

// addApp adds an app that these groups may enter; "everyone" is none.
func (s *site) addApp(host, name string, groups ...string) {
	s.t.Helper()
	app := store.App{Host: host, Name: name, Groups: groups}
	if len(groups) == 1 && groups[0] == "everyone" {
		app.Everyone, app.Groups = true, nil
	}
	if err := s.app.store.AddApp(s.t.Context(), app, s.clock.Now()); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) onApp(t *testing.T, host string) *appBrowser {
	return &appBrowser{t: t, site: s, host: host, cookies: map[string]string{}}
}

func (b *appBrowser) origin() string {
	if b.secure {
		return "https://" + b.host
	}
	return "http://" + b.host
}

// navigation is what browsers send with the request for a page.
var navigation = http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}, "Accept": {"text/html"}}

// ask asks as Caddy and Traefik do, or as nginx does.
func (b *appBrowser) ask(method, uri string, header http.Header) *http.Response {
	b.t.Helper()
	path := "/check"
	if b.nginx {
		path = "/check/nginx"
		if strings.HasPrefix(uri, handOverPath) {
			path, _, _ = strings.Cut(uri, "?")
		}
	}
	return b.askAt(path, method, uri, header)
}

func (b *appBrowser) askAt(path, method, uri string, header http.Header) *http.Response {
	b.t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.RemoteAddr = "127.0.0.1:4711"
	if b.nginx {
		r.Header.Set("X-Original-URL", b.origin()+uri)
		r.Header.Set("X-Original-Method", method)
	} else {
		r.Header.Set("X-Forwarded-Proto", strings.TrimSuffix(b.origin(), "://"+b.host))
		r.Header.Set("X-Forwarded-Host", b.host)
		r.Header.Set("X-Forwarded-Uri", uri)
		r.Header.Set("X-Forwarded-Method", method)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	recorder := httptest.NewRecorder()
	b.site.app.forwardAuthHandler().ServeHTTP(recorder, r)
	if err := b.site.app.store.WriteCollected(b.t.Context()); err != nil && recorder.Code < 500 {
		b.t.Error(err)
	}
	response := recorder.Result()
	for _, cookie := range response.Cookies() {
		b.cookies[cookie.Name] = cookie.Value
	}
	for _, line := range response.Header.Values("Set-Cookie") { // also of names that net/http does not read
		if name, _, _ := strings.Cut(line, "="); strings.Contains(line, "; Max-Age=0") {
			delete(b.cookies, name)
		}
	}
	return response
}

// enter goes the whole way in, as a browser that is signed in at the site, and returns where it ends.
func (b *appBrowser) enter(with *browser, uri string, form ...string) string {
	b.t.Helper()
	refused := b.ask(http.MethodGet, uri, navigation)
	if b.nginx {
		if refused.StatusCode != http.StatusUnauthorized {
			b.t.Fatalf("refused with %d", refused.StatusCode)
		}
		refused = b.askAt(handOverPath+"refused", http.MethodGet, uri, navigation)
	}
	if refused.StatusCode != http.StatusFound {
		b.t.Fatalf("refused with %d", refused.StatusCode)
	}
	address, err := url.Parse(refused.Header.Get("Location"))
	if err != nil {
		b.t.Fatal(err)
	}
	return b.enterFrom(with, address.RequestURI(), form...)
}

// enterFrom goes on from the page of the site where a sign-in is handed over.
func (b *appBrowser) enterFrom(with *browser, path string, form ...string) string {
	b.t.Helper()
	p := with.get(path)
	if submit := p.find(func(n *html.Node) bool { return n.Data == "form" && attribute(n, "action") == "/enter" }); submit != nil {
		fields := []string{"account", attribute(p.find(hiddenField("account")), "value")}
		for _, name := range []string{"app", "to", "way", "nonce"} {
			fields = append(fields, name, attribute(p.find(hiddenField(name)), "value"))
		}
		p = with.post("/enter", append(fields, form...)...)
		if p.find(hiddenField("continue")) != nil {
			p = with.post("/enter", append(append(fields, form...), "continue", "yes")...)
		}
	}
	_, target, found := strings.Cut(attribute(p.find(func(n *html.Node) bool { return attribute(n, "http-equiv") == "refresh" }), "content"), "url="+b.origin())
	if !found {
		b.t.Fatalf("the site does not lead to the app: %d %s", p.status, readableText(p.parse()))
	}
	entered := b.ask(http.MethodGet, target, navigation)
	if entered.StatusCode != http.StatusSeeOther {
		b.t.Fatalf("entered with %d", entered.StatusCode)
	}
	b.entered = entered.Header
	landed, whole := strings.CutPrefix(entered.Header.Get("Location"), b.origin())
	if !whole {
		b.t.Fatalf("leads to %s: Traefik would take that for an address of ours", entered.Header.Get("Location"))
	}
	return landed
}

func (b *appBrowser) want(status int, uri string, header http.Header) *http.Response {
	b.t.Helper()
	response := b.ask(http.MethodGet, uri, header)
	if response.StatusCode != status {
		b.t.Errorf("%s on %s: status %d, want %d", uri, b.host, response.StatusCode, status)
	}
	return response
}

func newAppSite(t *testing.T, flags ...string) (*site, *browser) {
	t.Helper()
	s, b := newSiteSignedIn(t, "bob", flags...)
	s.exec("INSERT INTO groups (name) VALUES ('family')")
	s.exec("INSERT INTO group_members (group_name, uid) VALUES ('family', 1)")
	s.addApp("photos.example.org", "Photos", "family")
	s.addApp("wiki.example.net", "Wiki", "everyone")
	return s, b
}

// onAppWith is the same browser on an app, without the app's cookie.
func (s *site) onAppWith(t *testing.T, b *appBrowser) *appBrowser {
	again := s.onApp(t, b.host)
	again.cookies["latchkey-nonce"] = b.cookies["latchkey-nonce"]
	return again
}
