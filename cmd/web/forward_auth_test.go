package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"latchkey/internal/forward"
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

func TestAppLetsInWhoIsSignedInAndMayEnter(t *testing.T) {
	t.Parallel()
	for _, nginx := range []bool{false, true} {
		s, b := newAppSite(t, "--email-domain=example.org")
		photos := s.onApp(t, "photos.example.org")
		photos.nginx = nginx
		if end := photos.enter(b, "/album/1?x=%20y"); end != "/album/1?x=%20y" {
			t.Errorf("ended at %s", end)
		}
		passed := photos.want(http.StatusOK, "/", nil)
		for name, want := range map[string]string{"Remote-User": "bob", "Remote-Name": "bob", "Remote-Groups": "family", "Remote-Email": "bob@example.org", "Content-Length": "0"} {
			if got := passed.Header.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		// The second app asks once more whether it may know the person, and no password.
		wiki := s.onApp(t, "wiki.example.net")
		wiki.nginx = nginx
		wiki.enter(b, "/")
		wiki.want(http.StatusOK, "/page", nil)
		// A cookie is good on its own host alone.
		stolen := s.onApp(t, "photos.example.org")
		stolen.cookies["latchkey"] = wiki.cookies["latchkey"]
		stolen.want(http.StatusUnauthorized, "/", http.Header{"Accept": {"*/*"}})
		// Signing out is true at the next request, on every host.
		b.post("/logout/bob")
		photos.want(http.StatusUnauthorized, "/", http.Header{"Accept": {"*/*"}})
		wiki.want(http.StatusUnauthorized, "/", http.Header{"Accept": {"*/*"}})
	}
}

func TestAppRefusesWhoIsNotInItsGroupsAtTheNextRequest(t *testing.T) {
	t.Parallel()
	s, b := newAppSite(t)
	photos := s.onApp(t, "photos.example.org")
	photos.enter(b, "/")
	photos.want(http.StatusOK, "/", nil)
	s.exec("DELETE FROM group_members")
	photos.want(http.StatusForbidden, "/", navigation)
	photos.want(http.StatusForbidden, "/", http.Header{"Accept": {"*/*"}})
	photos.nginx = true
	photos.want(http.StatusForbidden, "/", navigation)
	page := photos.askAt(handOverPath+"refused", http.MethodGet, "/", navigation)
	if body, err := io.ReadAll(page.Body); page.StatusCode != http.StatusForbidden || !strings.Contains(string(body), "logged in as Bob") || err != nil {
		t.Errorf("%d %s %v", page.StatusCode, body, err)
	}
	address := s.onApp(t, "photos.example.org").ask(http.MethodGet, "/", navigation).Header.Get("Location")
	b.get(strings.TrimPrefix(address, s.app.site.String())).wantStatus(http.StatusForbidden).want("Bob may not open Photos")
	// Another account that may gets in from there.
	s.signUp("alice")
	s.exec("INSERT INTO group_members (group_name, uid) SELECT 'family', uid FROM users WHERE username = 'alice'")
	refused := b.get(strings.TrimPrefix(address, s.app.site.String()))
	login := refused.find(func(n *html.Node) bool {
		return n.Data == "a" && strings.HasPrefix(attribute(n, "href"), "/login?next=")
	})
	next := attribute(b.get(attribute(login, "href")).find(hiddenField("next")), "value")
	b.post("/login", "username", "alice", "password", goodPassword, "next", next).wantStatus(http.StatusOK).want("Choose an account", "Alice", "Bob")
}

func TestAppGivesEachRefusedRequestWhatItCanUse(t *testing.T) {
	t.Parallel()
	s, _ := newAppSite(t)
	photos := s.onApp(t, "photos.example.org")
	for name, test := range map[string]struct {
		method string
		header http.Header
		status int
	}{
		"a page":          {http.MethodGet, navigation, http.StatusFound},
		"an old browser":  {http.MethodGet, http.Header{"Accept": {"text/html,*/*"}}, http.StatusFound},
		"a form":          {http.MethodPost, navigation, http.StatusUnauthorized},
		"a frame":         {http.MethodGet, http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"iframe"}}, http.StatusUnauthorized},
		"fetch":           {http.MethodGet, http.Header{"Sec-Fetch-Mode": {"cors"}, "Accept": {"text/html"}}, http.StatusUnauthorized},
		"XHR":             {http.MethodGet, http.Header{"X-Requested-With": {"XMLHttpRequest"}, "Accept": {"text/html"}}, http.StatusUnauthorized},
		"a WebSocket":     {http.MethodGet, http.Header{"Upgrade": {"websocket"}, "Accept": {"text/html"}}, http.StatusUnauthorized},
		"an event stream": {http.MethodGet, http.Header{"Accept": {"text/event-stream"}}, http.StatusUnauthorized},
		"an image":        {http.MethodGet, http.Header{"Sec-Fetch-Mode": {"no-cors"}, "Sec-Fetch-Dest": {"image"}}, http.StatusUnauthorized},
		"a preflight":     {http.MethodOptions, http.Header{"Sec-Fetch-Mode": {"cors"}}, http.StatusUnauthorized},
		"a prefetch":      {http.MethodGet, http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}, "Sec-Purpose": {"prefetch"}}, http.StatusUnauthorized},
		"git":             {http.MethodGet, http.Header{"Accept": {"*/*"}}, http.StatusUnauthorized},
	} {
		response := photos.ask(test.method, "/x", test.header)
		if response.StatusCode != test.status || response.Header.Get("Www-Authenticate") != "" || response.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", name, response.StatusCode, response.Header)
		}
	}
}

func TestAppBelievesNobodyWhoSaysWhoTheyAre(t *testing.T) {
	t.Parallel()
	s, b := newAppSite(t)
	photos := s.onApp(t, "photos.example.org")
	photos.enter(b, "/")
	for _, name := range []string{"Remote-User", "Remote_User", "remote.user", "REMOTE-GROUPS", "Remote_Email", "remote-NAME"} {
		photos.want(http.StatusForbidden, "/", http.Header{name: {"alice"}})
	}
	photos.want(http.StatusOK, "/", http.Header{"Remote-Addr": {"1.2.3.4"}})
}

func TestAppCodeIsGoodOnceForOneBrowserOneHostAndAMinute(t *testing.T) {
	t.Parallel()
	s, b := newAppSite(t)
	photos := s.onApp(t, "photos.example.org")
	photos.enter(b, "/")
	code := func() (uri string) {
		p := b.get(strings.TrimPrefix(s.onAppWith(t, photos).ask(http.MethodGet, "/", navigation).Header.Get("Location"), s.app.site.String()))
		_, uri, _ = strings.Cut(attribute(p.find(func(n *html.Node) bool { return attribute(n, "http-equiv") == "refresh" }), "content"), "photos.example.org")
		return uri
	}
	in := func(b *appBrowser, uri string, header http.Header) bool {
		b.ask(http.MethodGet, uri, header)
		_, ok := b.cookies["latchkey"]
		return ok
	}
	uri := code()
	if in(s.onApp(t, "photos.example.org"), uri, navigation) {
		t.Error("a code is good in another browser")
	}
	if other := s.onAppWith(t, photos); in(&appBrowser{t: t, site: s, host: "wiki.example.net", cookies: other.cookies}, uri, navigation) {
		t.Error("a code is good on another host")
	}
	fresh := s.onAppWith(t, photos)
	for _, header := range []http.Header{{"Sec-Purpose": {"prefetch"}}, {"Sec-Fetch-Mode": {"no-cors"}}} {
		if in(fresh, uri, header) {
			t.Errorf("%v spends a code", header)
		}
	}
	if !in(fresh, uri, navigation) {
		t.Error("the code is not good")
	}
	if in(s.onAppWith(t, photos), uri, navigation) {
		t.Error("a code is good twice")
	}
	late := code()
	s.clock.Advance(appCodeMaxAge)
	if in(s.onAppWith(t, photos), late, navigation) {
		t.Error("a code is good after a minute")
	}
	ended := code()
	b.post("/logout/bob")
	if in(s.onAppWith(t, photos), ended, navigation) {
		t.Error("a code is good after the sign-in has ended")
	}
}

// onAppWith is the same browser on an app, without the app's cookie.
func (s *site) onAppWith(t *testing.T, b *appBrowser) *appBrowser {
	again := s.onApp(t, b.host)
	again.cookies["latchkey-nonce"] = b.cookies["latchkey-nonce"]
	return again
}

func TestAppOpenedInTenTabsAtOnceShowsEachItsPage(t *testing.T) {
	t.Parallel()
	s, b := newAppSite(t)
	photos := s.onApp(t, "photos.example.org")
	photos.enter(b, "/")
	clear(photos.cookies)
	// No tab has an answer when the others ask: each gets a nonce of its own, and the browser keeps the last one.
	var addresses []string
	for i := range 10 {
		tab := s.onApp(t, photos.host)
		addresses = append(addresses, tab.ask(http.MethodGet, fmt.Sprintf("/album/%d?x=%%20y", i), navigation).Header.Get("Location"))
		photos.cookies["latchkey-nonce"] = tab.cookies["latchkey-nonce"]
	}
	for i, address := range addresses {
		uri, want := "", fmt.Sprintf("/album/%d?x=%%20y", i)
		for hops := 0; address != "" && hops < 10; hops++ {
			if path, ours := strings.CutPrefix(address, s.app.site.String()); ours {
				p := b.get(path)
				_, address, _ = strings.Cut(attribute(p.find(func(n *html.Node) bool { return attribute(n, "http-equiv") == "refresh" }), "content"), "url=")
				continue
			}
			uri = strings.TrimPrefix(address, "http://"+photos.host)
			address = photos.ask(http.MethodGet, uri, navigation).Header.Get("Location")
		}
		if uri != want || address != "" {
			t.Errorf("the tab of %s ends at %s, and is led on to %q", want, uri, address)
		}
	}
}

func TestAppEnteredByAnOldCodeLeadsToItsOwnPagesAlone(t *testing.T) {
	t.Parallel()
	s, b := newAppSite(t)
	photos := s.onApp(t, "photos.example.org")
	photos.enter(b, "/")
	for to, want := range map[string]string{
		"/a?b=c": "/a?b=c", "": "/", "//evil.example": "/", "https://evil.example/": "/", "/\\evil.example": "/", "@evil.example": "/", ".evil.example/": "/",
	} {
		uri := handOverPath + "enter?" + url.Values{"code": {"none"}, "to": {to}}.Encode()
		if got := photos.want(http.StatusSeeOther, uri, navigation).Header.Get("Location"); got != "http://photos.example.org"+want {
			t.Errorf("%q leads to %s", to, got)
		}
	}
}

func TestAppRefusalOpenedByHandLeadsNowhere(t *testing.T) {
	t.Parallel()
	s, b := newAppSite(t)
	photos := s.onApp(t, "photos.example.org")
	photos.enter(b, "/")
	for _, photos.nginx = range []bool{false, true} {
		photos.want(http.StatusNotFound, handOverPath+"refused", navigation)
	}
}

func TestForwardAuthSaysWhatTheProxyHasWrong(t *testing.T) {
	t.Parallel()
	s, _ := newAppSite(t)
	ask := func(path, from string, header http.Header) int {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.RemoteAddr, r.Header = from, header
		recorder := httptest.NewRecorder()
		s.app.forwardAuthHandler().ServeHTTP(recorder, r)
		return recorder.Code
	}
	whole := func() http.Header {
		return http.Header{"X-Forwarded-Proto": {"http"}, "X-Forwarded-Host": {"photos.example.org"}, "X-Forwarded-Uri": {"/"}, "X-Forwarded-Method": {"GET"}}
	}
	for name := range whole() {
		header := whole()
		header.Del(name)
		if status := ask("/check", "127.0.0.1:1", header); status != http.StatusInternalServerError || !strings.Contains(s.log.String(), "the proxy sends no "+name) {
			t.Errorf("without %s: %d", name, status)
		}
		header = whole()
		header.Add(name, header.Get(name))
		if status := ask("/check", "127.0.0.1:1", header); status != http.StatusForbidden {
			t.Errorf("with two %s: %d", name, status)
		}
	}
	list := whole()
	list.Set("X-Forwarded-Host", "photos.example.org, wiki.example.net")
	if status := ask("/check", "127.0.0.1:1", list); status != http.StatusForbidden {
		t.Errorf("a list of hosts: %d", status)
	}
	if status := ask("/check", "192.0.2.7:1", whole()); status != http.StatusForbidden {
		t.Errorf("from an address that is no proxy: %d", status)
	}
	if status := ask("/check/nginx", "127.0.0.1:1", whole()); status != http.StatusInternalServerError {
		t.Errorf("nginx's path with Caddy's headers: %d", status)
	}
}

func TestAppIsClosedWhileTheDatabaseIs(t *testing.T) {
	t.Parallel()
	s, b := newAppSite(t, "--busy-timeout=0s")
	photos := s.onApp(t, "photos.example.org")
	photos.enter(b, "/")
	if err := s.app.store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, header := range []http.Header{navigation, {"Accept": {"*/*"}}} {
		photos.want(http.StatusServiceUnavailable, "/", header)
	}
}

// What an attacker tries is the guard of the first request.
func FuzzForwardAuthLetsNobodyInWithoutACookie(f *testing.F) {
	for _, seed := range []string{"photos.example.org", "PHOTOS.example.org.", "photos.example.org:443", "", "x, photos.example.org"} {
		f.Add(seed, "/", "GET", "Remote_User", "alice", "latchkey=x")
	}
	s := newSite(f)
	s.addApp("photos.example.org", "Photos", "everyone")
	handler := s.app.forwardAuthHandler()
	f.Fuzz(func(t *testing.T, host, uri, method, name, value, cookie string) {
		for _, path := range []string{"/check", "/check/nginx", handOverPath, handOverPath + "enter", handOverPath + "refused"} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.RemoteAddr = "127.0.0.1:1"
			r.Header = http.Header{
				"X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {host}, "X-Forwarded-Uri": {uri}, "X-Forwarded-Method": {method},
				"X-Original-Url": {"https://" + host + uri}, "X-Original-Method": {method}, "Cookie": {cookie}, name: {value},
			}
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, r)
			if recorder.Code < 300 {
				t.Errorf("%s: %d for %v", path, recorder.Code, r.Header)
			}
		}
	})
}

func TestIdentityOfTwoPeopleIsNeverTheSame(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, name := range []string{"bob", "b%6fb", "bo b", "zoë", "zoe", "a@b", "a%40b", "a,b", "a;b", "\"x\""} {
		header := http.Header{}
		forward.Identity{Username: name, EmailDomain: "example.org"}.Set(header)
		key := fmt.Sprint(header)
		if other, known := seen[key]; known {
			t.Errorf("%q and %q are one: %s", name, other, key)
		}
		seen[key] = name
	}
}

func TestHomeListsTheAppsThatThePersonMayEnter(t *testing.T) {
	t.Parallel()
	s, b := newAppSite(t, "--forward-auth-addr=localhost:0")
	s.addApp("secret.example.org", "Secret")
	home := b.get("/user/bob").want("Photos photos.example.org", "Wiki wiki.example.net").wantNot("Secret")
	if link := home.find(func(n *html.Node) bool { return attribute(n, "href") == "http://photos.example.org/" }); link == nil {
		t.Error("no link to the app")
	}
	b.get("/user/bob/sign-ins").wantNot("Apps:")
	s.onApp(t, "photos.example.org").enter(b, "/")
	b.get("/user/bob/sign-ins").want("Apps: Photos")
}

func TestEnterLeadsToNamedAppsAlone(t *testing.T) {
	t.Parallel()
	_, b := newAppSite(t)
	nonce := nonceHash("x")
	for _, app := range []string{"evil.example", "photos.example.org.evil.example", "evil.photos.example.org", "photos.example.org@evil.example", "PHOTOS.example.org", "photos.example.org:444", "photos.example.org.", ""} {
		b.get("/enter?" + url.Values{"app": {app}, "to": {"/"}, "way": {"http"}, "nonce": {nonce}}.Encode()).wantStatus(http.StatusNotFound)
	}
	for _, to := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ".evil.example/", "@evil.example", ""} {
		p := b.post("/enter", "app", "photos.example.org", "to", to, "way", "http", "nonce", nonce, "account", "bob").wantStatus(http.StatusOK).wantNot("evil")
		if !strings.Contains(p.body, "http://photos.example.org/.latchkey/enter?code=") {
			t.Errorf("%q does not lead to the app", to)
		}
	}
	for _, odd := range [][2]string{{"ftp", nonce}, {"", nonce}, {"http", "x"}, {"http", nonce + "A"}} {
		b.get("/enter?" + url.Values{"app": {"photos.example.org"}, "to": {"/"}, "way": {odd[0]}, "nonce": {odd[1]}}.Encode()).wantStatus(http.StatusBadRequest)
	}
	// Whoever is not signed in here logs in first, and comes back.
	s, _ := newAppSite(t)
	stranger := s.browser().get("/enter?" + url.Values{"app": {"photos.example.org"}, "to": {"/"}, "way": {"http"}, "nonce": {nonce}}.Encode())
	stranger.wantStatus(http.StatusUnauthorized).wantText("notice", "Log in to continue.")
	if next := attribute(stranger.find(isNext), "value"); !strings.HasPrefix(next, "/enter?app=photos.example.org") {
		t.Errorf("leads to %q", next)
	}
}

func TestWayIntoAnAppComesBackWhenTheSessionEndedInTheMiddle(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob", "--forward-auth-addr=127.0.0.1:0")
	s.addApp("photos.example.org", "Photos", "everyone")
	s.exec("DELETE FROM sign_ins")
	ended := b.post("/enter", "app", "photos.example.org", "to", "/a?b=c", "way", "http", "nonce", "", "account", "bob").
		wantStatus(http.StatusUnauthorized)
	b.post("/login", "username", "bob", "password", goodPassword, "next", attribute(ended.find(hiddenField("next")), "value")).
		wantStatus(http.StatusOK).wantPath("/enter").want("Open Photos")
}
