package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// link is where the link with this text leads, or "".
func (p page) link(text string) string {
	p.t.Helper()
	found := p.find(func(n *html.Node) bool { return n.Data == "a" && readableText(n) == text })
	if found == nil {
		return ""
	}
	return attribute(found, "href")
}

// addEvents adds events of alice and bob, uid 1 and 2, by turns, at addresses 192.0.2.1 to 192.0.2.number.
func (s *site) addEvents(number int) {
	s.t.Helper()
	s.exec("DELETE FROM events")
	s.exec(`WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO events (uid, at, kind, actor, address, user_agent)
		SELECT 1 + i % 2, i, 'login failed', 'owner', '192.0.2.' || (i / 2), '' FROM n`, 2*number+1)
}

func TestActivityHasPages(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "alice")
	s.signUp("bob")
	b := s.signedIn("bob")
	s.addEvents(120)
	address := func(row string) (n int) {
		if _, err := fmt.Sscanf(row[strings.Index(row, "192.0.2.")+len("192.0.2."):], "%d", &n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	check := func(p page, newest, oldest int) page {
		t.Helper()
		rows := rowsOf(p.wantStatus(http.StatusOK))
		if len(rows) != newest-oldest+1 {
			t.Fatalf("%s: %d rows, want %d", p.what, len(rows), newest-oldest+1)
		}
		for i, row := range rows {
			if address(row) != newest-i {
				t.Fatalf("%s: row %d is %q, want 192.0.2.%d", p.what, i, row, newest-i)
			}
		}
		return p
	}
	for _, b := range []*browser{b, b.htmx()} {
		first := check(b.get("/user/bob/activity"), 120, 71)
		if first.link("Newer") != "" {
			t.Error("the newest page leads to a newer one")
		}
		second := check(b.get(first.link("Older")), 70, 21)
		third := check(b.get(second.link("Older")), 20, 1)
		if third.link("Older") != "" {
			t.Error("the oldest page leads to an older one")
		}
		check(b.get(third.link("Newer")), 70, 21)
		if got := second.link("Newer"); got != "/user/bob/activity" {
			t.Errorf("the second page leads to %q", got)
		}
	}
	// What comes and goes between two clicks shifts no page.
	first := b.get("/user/bob/activity")
	s.exec("INSERT INTO events (uid, at, kind, actor, address, user_agent) VALUES (2, 0, 'logout', 'owner', '192.0.2.121', '')")
	second := check(b.get(first.link("Older")), 70, 21)
	check(b.get(second.link("Newer")), 120, 71)
	s.exec("DELETE FROM events WHERE at < 150")
	gone := b.get(second.link("Older")).wantStatus(http.StatusOK).want("Nothing older is kept.")
	check(b.get(gone.link("Newer")), 120, 75)
	for _, odd := range []string{"x", "-1", "0", "1.5", "99999999999999999999", "1 OR 1=1"} {
		b.get("/user/bob/activity?before=" + strings.ReplaceAll(odd, " ", "%20")).wantStatus(http.StatusNotFound)
	}
	check(b.get("/user/bob/activity?before="), 120, 75)
	check(b.get("/user/bob/activity?before=9223372036854775807"), 120, 75)
}

func TestActivityShowsHowOftenAndWhenTheLastTime(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	first := time.Date(2026, 3, 1, 9, 30, 10, 0, time.UTC)
	for _, test := range []struct {
		lasted  time.Duration
		repeats int
		by      string
		want    string
	}{
		{0, 1, "owner", "Failed login: wrong password 1 March 2026 at 09:30 UTC , from 192.0.2.1"},
		{2 * time.Hour, 37, "owner", "Failed login: wrong password, 37 times Last 1 March 2026 at 11:30 UTC , first 1 March 2026 at 09:30 UTC , from 192.0.2.1"},
		{10 * time.Second, 3, "owner", "Failed login: wrong password, 3 times 1 March 2026 at 09:30 UTC , from 192.0.2.1"},
		{0, 2, "admin", "Failed login: wrong password, by an administrator, 2 times 1 March 2026 at 09:30 UTC , from 192.0.2.1"},
	} {
		s.exec("DELETE FROM events")
		s.exec(`INSERT INTO events (uid, at, kind, actor, address, user_agent, repeats, last_at)
			VALUES (1, ?, 'login failed', ?, '192.0.2.1', '', ?, ?)`, first.Unix(), test.by, test.repeats, first.Add(test.lasted).Unix())
		if rows := rowsOf(b.get("/user/bob/activity")); len(rows) != 1 || !strings.HasPrefix(rows[0], test.want+",") {
			t.Errorf("rows %q, want %q", rows, test.want)
		}
	}
}

func TestActivityPagesWorkInTheBrowser(t *testing.T) {
	t.Parallel()
	for name, newTab := range eachTab {
		t.Run(name, func(t *testing.T) {
			s := newSiteFor(t, "alice")
			s.signUp("bob")
			b := newTab(s, "/login")
			b.logIn("bob")
			s.addEvents(60)
			b.goTo("/user/bob/activity")
			b.wantFocus("Recent activity") // focus scrolls to the top, away from the link at the end
			b.follow("Older")
			b.wantText("192.0.2.10,")
			b.wantHeading("Recent activity")
			b.wantFocus("Recent activity")
			b.want("the top", "top", `return scrollY === 0 ? "top" : String(scrollY)`)
			b.follow("Newer")
			b.wantText("192.0.2.60,")
			b.wantAddress("/user/bob/activity")
			b.back()
			b.wantText("192.0.2.10,")
		})
	}
}
