package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

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
