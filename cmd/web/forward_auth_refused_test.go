package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

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

func TestAppRefusalOpenedByHandLeadsNowhere(t *testing.T) {
	t.Parallel()
	s, b := newAppSite(t)
	photos := s.onApp(t, "photos.example.org")
	photos.enter(b, "/")
	for _, photos.nginx = range []bool{false, true} {
		photos.want(http.StatusNotFound, handOverPath+"refused", navigation)
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

func TestAppOpenedByHTTPBesideAnHTTPSSiteSaysSoAndLoopsNowhere(t *testing.T) {
	t.Parallel()
	s := newSecureSite(t)
	s.addApp("photos.example.org", "Photos", "everyone")
	photos := s.onApp(t, "photos.example.org")
	for _, path := range []string{"/album?x=1", handOverPath} {
		page := photos.want(http.StatusForbidden, path, navigation)
		body, err := io.ReadAll(page.Body)
		if err != nil || !strings.Contains(string(body), "Open this app by https") || !strings.Contains(string(body), `href="https://photos.example.org/`) || len(page.Cookies()) > 0 {
			t.Errorf("%s: %s %v %v", path, body, page.Cookies(), err)
		}
	}
	photos.secure = true
	photos.want(http.StatusFound, "/album?x=1", navigation)
}

func TestAppIsClosedToPeopleInItOnceItIsRemoved(t *testing.T) {
	t.Parallel()
	s, b := newAppSite(t)
	photos, wiki := s.onApp(t, "photos.example.org"), s.onApp(t, "wiki.example.net")
	photos.enter(b, "/")
	wiki.enter(b, "/")
	s.mustRun("app", "remove", "photos.example.org")
	photos.want(http.StatusUnauthorized, "/", http.Header{"Accept": {"*/*"}})
	address := photos.want(http.StatusFound, "/", navigation).Header.Get("Location")
	b.get(strings.TrimPrefix(address, s.app.site.String())).wantStatus(http.StatusNotFound)
	photos.want(http.StatusNotFound, handOverPath, navigation)
	wiki.want(http.StatusOK, "/", nil)
	b.get("/user/bob/sign-ins").want("Apps: Wiki").wantNot("Photos")
}
