package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

const (
	firefoxOnWindows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
	safariOnIPhone   = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
	chromeOnLinux    = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)

func rowsOf(p page) []string {
	list := p.find(func(n *html.Node) bool { return attribute(n, "class") == "rows" })
	if list == nil {
		p.t.Fatalf("%s: no rows in: %s", p.what, p.body)
	}
	var rows []string
	for item := range list.ChildNodes() {
		if item.Data == "li" {
			rows = append(rows, readableText(item))
		}
	}
	return rows
}

func TestSignInsAreShownToTheirOwner(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "alice")
	s.signUp("bob")
	s.signedIn("alice")
	begin := s.clock.Now().UTC().Format("2 January 2006 at 15:04 UTC")
	office := s.browser().with("User-Agent", firefoxOnWindows)
	office.logIn("bob")
	s.clock.Advance(time.Hour)
	phone := s.browser().with("User-Agent", safariOnIPhone)
	phone.logIn("bob")
	strange := s.browser().with("User-Agent", "")
	strange.logIn("bob")
	office.get("/user/bob")
	now := s.clock.Now().UTC().Format("2 January 2006 at 15:04 UTC")

	rows := rowsOf(office.get("/user/bob/sign-ins"))
	if len(rows) != 3 || rows[0] != "Firefox on Windows This browser 127.0.0.1, since "+begin+" , last used "+now {
		t.Fatalf("rows %q", rows)
	}
	if all := strings.Join(rows[1:], "\n"); !strings.Contains(all, "Safari on iOS 127.0.0.1, since "+now) || !strings.Contains(all, "An unknown browser 127.0.0.1") {
		t.Errorf("rows %q", rows)
	}
	if rows := rowsOf(phone.get("/user/bob/sign-ins")); !strings.HasPrefix(rows[0], "Safari on iOS This browser") {
		t.Errorf("rows %q", rows)
	}
	s.clock.Advance(3 * time.Hour) // all but a new one have ended unused
	office.logIn("bob")
	if rows := rowsOf(office.get("/user/bob/sign-ins")); len(rows) != 1 {
		t.Errorf("rows %q, want this browser alone", rows)
	}
}

func TestSignInOfAnotherBrowserCanBeEnded(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "alice")
	s.signUp("bob")
	alice, here, there, third := s.signedIn("alice"), s.signedIn("bob"), s.signedIn("bob"), s.signedIn("bob")
	id := s.query("SELECT id FROM sign_ins WHERE uid = 2 ORDER BY rowid LIMIT 1 OFFSET 1")
	foreign := s.query("SELECT id FROM sign_ins WHERE uid = 1")
	here.post("/user/bob/sign-ins", "id", id).wantStatus(http.StatusOK).wantPath("/user/bob/sign-ins").wantText("flash", "Logged out Go-http-client.")
	there.get("/user/bob").wantStatus(http.StatusUnauthorized)
	third.get("/user/bob").wantStatus(http.StatusOK)
	for _, gone := range []string{id, foreign, "", "nonsense", "' OR 1=1 --"} {
		here.post("/user/bob/sign-ins", "id", gone).wantStatus(http.StatusOK).wantText("flash", "That session had ended already.")
	}
	alice.get("/user/alice").wantStatus(http.StatusOK)

	here.post("/user/bob/sign-ins/others").wantStatus(http.StatusOK)
	third.get("/user/bob").wantStatus(http.StatusUnauthorized)
	here.get("/user/bob/sign-ins").want("No other sessions.")
	alice.get("/user/alice").wantStatus(http.StatusOK)
}

func TestActivityShowsWhatHappenedToTheAccount(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	b := s.browser().with("User-Agent", chromeOnLinux)
	s.browser().with("User-Agent", firefoxOnWindows).post("/login", "username", "bob", "password", "wrong password")
	b.logIn("bob")
	other := s.signedIn("bob")
	b.makeCode("bob")
	b.post("/user/bob/sign-ins/others")
	other.get("/")
	b.post("/user/bob/password", "current_password", "wrong password", "password", newPassword)
	s.browser().post("/recover", "username", "bob", "code", "wrong")
	b.post("/user/bob/password", "current_password", goodPassword, "password", newPassword)
	b.post("/logout/bob")
	s.browser().post("/login", "username", "nobody", "password", "x")
	code := b.post("/login", "username", "bob", "password", newPassword)
	code.wantStatus(http.StatusOK)

	var what []string
	now := s.clock.Now().UTC().Format("2 January 2006 at 15:04 UTC")
	for _, row := range rowsOf(b.get("/user/bob/activity").want("Not you?")) {
		words, _, _ := strings.Cut(row, " "+now)
		if !strings.Contains(row, now+" , from 127.0.0.1, ") {
			t.Errorf("row %q lacks time or address", row)
		}
		what = append(what, words)
	}
	want := []string{
		"Login", "Logout", "The password was changed", "The recovery code stopped working: the password was changed", "A wrong recovery code was tried", "Failed login: wrong password", "A session was ended",
		"A recovery code was made", "Login", "Login", "Failed login: wrong password", "The account was created",
	}
	if strings.Join(what, "\n") != strings.Join(want, "\n") {
		t.Errorf("activity %q, want %q", what, want)
	}
	if row := rowsOf(b.get("/user/bob/activity"))[10]; !strings.HasSuffix(row, "Firefox on Windows") {
		t.Errorf("row %q", row)
	}
	s.exec("UPDATE events SET actor = 'admin' WHERE kind = 'sign-in ended'")
	b.get("/user/bob/activity").want("A session was ended, by an administrator")
}

func TestActivityShowsTheLastFiftyEvents(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	s.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
		INSERT INTO events (uid, at, last_at, kind, actor, address, user_agent) SELECT 1, i, i, 'login failed', 'owner', '192.0.2.' || i, '' FROM n`)
	rows := rowsOf(b.get("/user/bob/activity"))
	if len(rows) != 50 || !strings.Contains(rows[0], "192.0.2.60") || !strings.Contains(rows[49], "192.0.2.11,") {
		t.Errorf("%d rows, from %q to %q", len(rows), rows[0], rows[len(rows)-1])
	}
}

func TestActivityFoldsRepeatedFailuresIntoOneRow(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob", "--unknown-browser-failures=1000", "--close-after=1000", "--failures-per-hour=1000")
	rows := func() string {
		return s.query("SELECT string_agg(coalesce(uid, 0) || ' ' || kind || ' ' || repeats, ', ' ORDER BY id) FROM events")
	}
	guess := func(times int) {
		for range times {
			s.browser().guess("bob")
			s.browser().guess("nobody")
		}
	}
	guess(50)
	if got := rows(); got != "1 account created 1, 1 login failed 50, 0 login failed 50" && got != "1 account created 1, 0 login failed 50, 1 login failed 50" {
		t.Errorf("after 50 wrong passwords: %s", got)
	}
	s.signedIn("bob")
	guess(10)
	s.browser().post("/recover", "username", "bob", "code", "wrong")
	guess(10)
	s.clock.Advance(25 * time.Hour)
	guess(10)
	if got := s.query(`SELECT string_agg(kind || ' ' || repeats, ', ' ORDER BY id) FROM events WHERE uid = 1`); got !=
		"account created 1, login failed 50, login succeeded 1, recovery failed 1, login failed 20, login failed 10" {
		t.Errorf("around a login: %s", got)
	}
	s.signedIn("bob").get("/user/bob/activity").want("Login")
}

func TestActivityOfOneKindDoesNotGrowWithoutBound(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	for range keptOfAKind + 10 {
		b.makeCode("bob")
	}
	if got := s.query("SELECT count(*) || ' ' || (SELECT count(*) FROM events WHERE kind <> 'recovery code made') FROM events WHERE kind = 'recovery code made'"); got != "200 2" {
		t.Errorf("recovery codes made and other events kept: %s", got)
	}
}

// keptOfAKind is store.keptPerKind.
const keptOfAKind = 200

func TestActivityIsRemovedAfterNinetyDays(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	s.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
		INSERT INTO events (uid, last_at, at, kind, actor, address, user_agent) SELECT 1, ?, 0, 'password changed', 'owner', 'old', '' FROM n`,
		s.clock.Now().Add(-90*24*time.Hour-time.Minute).Unix())
	s.exec("INSERT INTO events (uid, last_at, at, kind, actor, address, user_agent) VALUES (1, ?, 0, 'logout', 'owner', '', '')",
		s.clock.Now().Add(-90*24*time.Hour+time.Minute).Unix())
	s.app.cleanUp(t.Context())
	if left := s.query("SELECT string_agg(kind, ',' ORDER BY id) FROM events"); left != "account created,login succeeded,logout" {
		t.Errorf("left: %s", left)
	}
	b.get("/user/bob").wantStatus(http.StatusOK)
}

func TestActivityCutsALongUserAgentOfAnUnknownBrowser(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	long := strings.Repeat("Browser", 40)
	s.browser().with("User-Agent", long+"/1.0").post("/login", "username", "bob", "password", "wrong").wantStatus(http.StatusUnauthorized)
	s.signedIn("bob").get("/user/bob/activity").wantStatus(http.StatusOK).want("BrowserBrowser", "…").wantNot(long)
}
