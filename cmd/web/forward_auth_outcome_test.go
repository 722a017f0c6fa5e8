package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestAppChecksAreCountedByAppAndOutcome(t *testing.T) {
	t.Parallel()
	for _, nginx := range []bool{false, true} {
		s, b := newAppSite(t)
		photos := s.onApp(t, "photos.example.org")
		photos.nginx = nginx
		photos.enter(b, "/") // refused once
		photos.want(http.StatusOK, "/", nil)
		photos.want(http.StatusOK, "/", nil)
		photos.want(http.StatusForbidden, "/", http.Header{"Remote-User": {"alice"}})
		s.exec("DELETE FROM group_members")
		photos.want(http.StatusForbidden, "/", nil)
		s.wantMetrics(map[string]string{
			`latchkey_checks_total{app="photos.example.org",outcome="not signed in"}`: "1",
			`latchkey_checks_total{app="photos.example.org",outcome="allowed"}`:       "2",
			`latchkey_checks_total{app="photos.example.org",outcome="forged"}`:        "1",
			`latchkey_checks_total{app="photos.example.org",outcome="not allowed"}`:   "1",
		})
		before := len(s.metrics())
		for i := range 500 {
			made := s.onApp(t, fmt.Sprintf("made-up-%d.example.org", i))
			made.nginx, made.cookies = nginx, map[string]string{"latchkey": "x"}
			for _, header := range []http.Header{navigation, {"Remote-User": {"alice"}}, {"Authorization": {"Basic YTpi"}}} {
				made.ask(http.MethodGet, fmt.Sprintf("/%d", i), header)
			}
			made.host = fmt.Sprintf("not a host %d", i)
			made.ask(http.MethodGet, "/", navigation)
		}
		after := s.metrics()
		if len(after) > before+3 {
			t.Errorf("visitors make series: there are %d after %d", len(after), before)
		}
		for series := range after {
			if strings.Contains(series, "made-up") || strings.Contains(series, "not a host") {
				t.Errorf("a visitor chose %s", series)
			}
		}
		s.wantMetrics(map[string]string{
			`latchkey_checks_total{app="(none)",outcome="not signed in"}`: "1000",
			`latchkey_checks_total{app="(none)",outcome="forged"}`:        "500",
			`latchkey_checks_total{app="(none)",outcome="malformed"}`:     "500",
		})
		// An app that is there from now on is counted by name from now on.
		s.addApp("made-up-1.example.org", "Made", "everyone")
		s.onApp(t, "made-up-1.example.org").want(http.StatusFound, "/", navigation)
		s.wantMetrics(map[string]string{`latchkey_checks_total{app="made-up-1.example.org",outcome="not signed in"}`: "1"})
	}
}

func TestAppRefusalIsToldOnceInTheLogWithHostAndReason(t *testing.T) {
	t.Parallel()
	for _, nginx := range []bool{false, true} {
		s, b := newAppSite(t)
		photos := s.onApp(t, "photos.example.org")
		photos.nginx = nginx
		photos.enter(b, "/")
		refuse := func(header http.Header) {
			photos.ask(http.MethodGet, "/", header)
			if nginx { // which asks once more, for the page
				photos.askAt(handOverPath+"refused", http.MethodGet, "/", header)
			}
		}
		refuse(http.Header{"Remote_User": {"al\nice"}})
		photos.want(http.StatusOK, "/", navigation)
		s.exec("DELETE FROM group_members")
		refuse(navigation)
		b.post("/logout/bob")
		refuse(navigation)
		s.exec("ALTER TABLE app_sign_ins RENAME TO gone")
		refuse(navigation)
		refusals := ""
		for line := range strings.Lines(s.log.String()) {
			if strings.Contains(line, `msg="request to an app refused" app=photos.example.org reason=`) {
				_, reason, _ := strings.Cut(line, "reason=")
				refusals += reason
			}
		}
		failure := strings.Count(refusals, "no such table")
		want := "\"not signed in\"\n" + "\"the request says itself who it is: Remote_User\"\n" + "\"the app does not let this account in\"\n" + "\"not signed in\"\n"
		if !strings.HasPrefix(refusals, want) || failure == 0 || strings.Contains(s.log.String(), "alice") {
			t.Errorf("nginx: %v\n%s\nwant\n%s", nginx, refusals, want)
		}
	}
}
