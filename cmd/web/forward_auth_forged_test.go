package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"latchkey/internal/forward"
)

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
