package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// addSignIns adds sign-ins of uid 1 that were last used 1, 2 and so on seconds ago, from 192.0.2.1, 192.0.2.2 and so on.
func (s *site) addSignIns(number int) {
	s.t.Helper()
	s.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		INSERT INTO sign_ins (id, uid, created_at, last_seen_at, remembered, address, user_agent)
		SELECT 'added' || i, 1, $2 - i, $2 - i, FALSE, '192.0.2.' || i, '' FROM n`, number, s.clock.Now().Unix())
}

func TestSignInsHavePages(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	s.clock.Advance(time.Minute)
	s.addSignIns(45)
	s.exec("UPDATE sign_ins SET last_seen_at = 0 WHERE id IN ('added3', 'added7')") // have ended
	page := func(address string, rows int) page {
		t.Helper()
		p := b.get(address).wantStatus(http.StatusOK).want("Log out everywhere else")
		if got := rowsOf(p); len(got) != rows {
			t.Fatalf("%s: %d rows, want %d", address, len(got), rows)
		}
		return p
	}
	first := page("/user/bob/sign-ins", 20)
	if rows := rowsOf(first); !strings.Contains(rows[0], "This browser") || !strings.Contains(rows[1], "192.0.2.1,") || !strings.Contains(rows[19], "192.0.2.21,") {
		t.Errorf("the first page: %q", rows)
	}
	second := page(first.link("Older"), 20)
	third := page(second.link("Older"), 4)
	if rows := rowsOf(third); !strings.Contains(rows[3], "192.0.2.45,") {
		t.Errorf("the last page: %q", rows)
	}
	if first.link("Newer") != "" || third.link("Older") != "" || second.link("Newer") != "/user/bob/sign-ins" {
		t.Errorf("links %q %q %q", first.link("Newer"), third.link("Older"), second.link("Newer"))
	}
	page(third.link("Newer"), 20)
	for _, odd := range []string{"x", "-1", "0", "1.5", "99999999999999999999"} {
		b.get("/user/bob/sign-ins?page=" + odd).wantStatus(http.StatusNotFound)
	}
	page("/user/bob/sign-ins?page=9223372036854775807", 4)
	b.htmx().post("/user/bob/sign-ins", "id", "added45").wantStatus(http.StatusOK).wantText("flash", "Logged out An unknown browser.")

	b.post("/user/bob/sign-ins/others").wantStatus(http.StatusOK).wantPath("/user/bob/sign-ins").
		wantText("flash", "Logged out 44 other sessions.").want("No other sessions.").wantNot("Log out everywhere else")
	b.get("/user/bob/sign-ins?page=3").want("This browser")
	rows := rowsOf(b.get("/user/bob/activity"))
	if !strings.HasPrefix(rows[0], "A session was ended, 44 times ") || !strings.HasPrefix(rows[1], "A session was ended ") {
		t.Errorf("activity %q", rows)
	}
	if lines := strings.Count(s.log.String(), `event="sign-in ended"`); lines != 2 {
		t.Errorf("%d lines in the log, want 2", lines)
	}
}

func TestSignInsOfAScriptDoNotFillThePageNorTheDisk(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	for range 120 {
		s.clock.Advance(4 * time.Minute)
		s.signedIn("bob")
		b.get("/user/bob").wantStatus(http.StatusOK) // is used, and so remains
	}
	if rows := s.query("SELECT count(*) FROM sign_ins"); rows != "100" {
		t.Errorf("%s sign-ins, want 100", rows)
	}
	s.addSignIns(20_000) // behind the program's back
	for path := range map[string]int{"": 1, "?page=2": 2, "?page=1000": 1000} {
		if p := b.get("/user/bob/sign-ins" + path).wantStatus(http.StatusOK); len(p.body) > 40_000 || len(rowsOf(p)) != 20 {
			t.Errorf("%s: %d bytes", p.what, len(p.body))
		}
	}
	s.signedIn("bob")
	if rows := s.query("SELECT count(*) FROM sign_ins"); rows != "100" {
		t.Errorf("%s sign-ins after one more login, want 100", rows)
	}
}

func TestLoginTellsOfTheLoginBeforeIt(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "alice", "--trusted-proxy=127.0.0.1")
	s.signUp("bob")
	moment := func() string { return s.clock.Now().UTC().Format("2 January 2006 at 15:04 UTC") }
	told := func(p page) string {
		t.Helper()
		return readableText(p.wantStatus(http.StatusOK).find(func(n *html.Node) bool {
			return n.Data == "a" && attribute(n, "href") == "/user/bob/activity"
		}))
	}
	s.browser().guess("bob") // was none
	office := s.from("203.0.113.1")
	if got := told(office.logIn("bob")); got != "Previous login None before this one" {
		t.Errorf("the first login is told %q", got)
	}
	s.signedIn("alice") // of another account
	atOffice := moment()
	s.clock.Advance(25 * time.Hour)
	s.browser().guess("bob")
	phone, atPhone := s.from("203.0.113.2"), moment()
	want := fmt.Sprintf("Previous login %s , Go-http-client, from 203.0.113.1", atOffice)
	if got := told(phone.logIn("bob")); got != want {
		t.Errorf("told %q, want %q", got, want)
	}
	s.clock.Advance(5 * time.Minute)
	if got := told(phone.get("/user/bob")); got != want {
		t.Errorf("later in the same sign-in: told %q, want %q", got, want)
	}
	// Nothing of the logins before is kept but what the account says.
	phone.post("/logout/bob")
	s.clock.Advance(100 * 24 * time.Hour)
	s.app.cleanUp(t.Context())
	if left := s.query("SELECT (SELECT count(*) FROM sign_ins) + (SELECT count(*) FROM events)"); left != "0" {
		t.Fatalf("%s rows left", left)
	}
	want = fmt.Sprintf("Previous login %s , Go-http-client, from 203.0.113.2", atPhone)
	if got := told(office.logIn("bob")); got != want {
		t.Errorf("a hundred days later: told %q, want %q", got, want)
	}
	// Again in the same browser, where the new sign-in replaces the old one.
	want = fmt.Sprintf("Previous login %s , Go-http-client, from 203.0.113.1", moment())
	s.clock.Advance(time.Minute)
	if got := told(office.logIn("bob")); got != want {
		t.Errorf("in the same browser: told %q, want %q", got, want)
	}
}

// A script that logs in again and again and never logs out.
func TestLoginAgainAndAgainLeavesABoundedNumberOfSessions(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	for range 120 {
		s.signedIn("bob")
	}
	if rows := s.query("SELECT (SELECT count(*) FROM sign_ins) || ' ' || (SELECT count(*) FROM sessions)"); rows != "100 100" {
		t.Errorf("sign-ins and sessions: %s", rows)
	}
}
