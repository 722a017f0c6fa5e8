package main

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestSignInEndsByAgeAndForLackOfUse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		remember string
		visits   []time.Duration // how long after the one before
		ends     time.Duration   // after the last visit
	}{
		{"unticked, unused", "", nil, 2 * time.Hour},
		{"unticked, in use", "", repeated(110*time.Minute, 6), time.Hour},
		{"ticked, unused", "yes", nil, 14 * 24 * time.Hour},
		{"ticked, in use", "yes", repeated(13*24*time.Hour, 2), 4 * 24 * time.Hour},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSiteFor(t, "bob")
			b := s.signedIn("bob", "remember", test.remember)
			for _, pause := range test.visits {
				s.clock.Advance(pause)
				b.get("/user/bob").wantStatus(http.StatusOK)
			}
			s.clock.Advance(test.ends - time.Second)
			s.keepSessions()
			stillIn := s.browser()
			stillIn.setCookie("session", b.cookie("session"))
			signIn := s.query("SELECT last_seen_at FROM sign_ins")
			stillIn.get("/user/bob").wantStatus(http.StatusOK)
			s.exec("UPDATE sign_ins SET last_seen_at = ?", signIn)
			s.clock.Advance(2 * time.Second)
			b.get("/user/bob").wantStatus(http.StatusUnauthorized)
			b.get("/").wantPath("/login")
		})
	}
}

func repeated(pause time.Duration, times int) []time.Duration {
	pauses := make([]time.Duration, times)
	for i := range pauses {
		pauses[i] = pause
	}
	return pauses
}

// keepSessions keeps scs, which goes by the real clock, out of the way of a test of our own rules.
func (s *site) keepSessions() {
	later := "expiry + 1000"
	if onPostgres(s.t) {
		later = "expiry + interval '1000 days'"
	}
	s.exec("UPDATE sessions SET expiry = " + later)
}

func TestSignInEndsAfterTheTimesOfTheSettings(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "alice", "--sign-in-lifetime=3h", "--sign-in-idle=30m", "--remembered-lifetime=48h", "--remembered-idle=24h")
	s.signUp("bob")
	unticked, ticked := s.signedIn("alice"), s.signedIn("bob", "remember", "yes")
	s.clock.Advance(30 * time.Minute)
	unticked.get("/user/alice").wantStatus(http.StatusUnauthorized)
	ticked.get("/user/bob").wantStatus(http.StatusOK)
	s.clock.Advance(24 * time.Hour)
	ticked.get("/user/bob").wantStatus(http.StatusUnauthorized)
}

func TestSessionCookieLastsAsLongAsAnAccountInTheBrowserChose(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, name := range []string{"alice", "bob"} {
		s.signUp(name)
	}
	b := s.browser().stay()
	wantMaxAge := func(what string, p page, want time.Duration) {
		t.Helper()
		cookie := p.cookie("session")
		if got := time.Duration(cookie.MaxAge) * time.Second; got < want-time.Minute || got > want+time.Minute {
			t.Errorf("%s: cookie for %v, want %v", what, got, want)
		}
	}
	month := 30 * 24 * time.Hour
	wantMaxAge("alice, ticked", b.post("/login", "username", "alice", "password", goodPassword, "remember", "yes"), month)
	wantMaxAge("bob, unticked", b.post("/login", "username", "bob", "password", goodPassword), month)
	wantMaxAge("alice alone again", b.post("/logout/bob"), month)
}

func TestSessionTokenIsNewAfterEachLoginAndLogout(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "alice")
	s.signUp("bob")
	b := s.browser()
	seen := map[string]bool{}
	for _, step := range []func(){
		func() { b.logIn("alice") },
		func() { b.logIn("bob") },
		func() { b.logIn("bob") },
		func() { b.post("/logout/bob") },
	} {
		old := b.cookie("session")
		step()
		token := b.cookie("session")
		if len(token) < 22 || seen[token] { // 22 characters of base64 hold 128 bits
			t.Errorf("token %q", token)
		}
		seen[token] = true
		if old == "" {
			continue
		}
		stale := s.browser()
		stale.setCookie("session", old)
		stale.get("/user/alice").wantStatus(http.StatusUnauthorized)
	}
	b.get("/user/alice").wantStatus(http.StatusOK)
}

func TestSessionTokenPlantedByAnAttackerIsReplacedAtLogin(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	attacker := s.browser()
	attacker.stay().post("/signup", "username", "mallory", "password", goodPassword) // a visitor's session, with a flash
	planted := attacker.cookie("session")
	if planted == "" {
		t.Fatal("no session to plant")
	}
	victim := s.browser()
	victim.setCookie("session", planted)
	victim.logIn("bob")
	attacker.get("/user/bob").wantStatus(http.StatusUnauthorized)
	victim.get("/user/bob").wantStatus(http.StatusOK)
}

func TestSessionCookieThatNamesNoSessionIsTheSameAsNone(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	good := b.cookie("session")
	for _, cookie := range []string{"garbage", good[:len(good)-1], good + "x", strings.Repeat("x", 4000), "%00", "..", "-1"} {
		other := s.browser()
		other.setCookie("session", cookie)
		other.get("/").wantStatus(http.StatusOK).wantPath("/login")
		other.get("/user/bob").wantStatus(http.StatusUnauthorized)
		other.logIn("bob")
		if other.cookie("session") == cookie {
			t.Errorf("%q was taken as a token", cookie)
		}
	}
	// What stands in the database is not the token.
	thief := s.browser()
	thief.setCookie("session", s.query("SELECT token FROM sessions LIMIT 1"))
	thief.get("/user/bob").wantStatus(http.StatusUnauthorized)
}

func TestSessionRowThatIsDamagedOrExpiredIsTheSameAsNone(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	for _, damage := range []string{
		"UPDATE sessions SET data = x'00ff00'", "UPDATE sessions SET data = x''", "UPDATE sessions SET data = CAST('[1]' AS BLOB)",
		`UPDATE sessions SET data = CAST('{"sign_ins":["x", "y"]}' AS BLOB)`, "UPDATE sessions SET expiry = 0",
	} {
		b := s.signedIn("bob")
		s.exec(damage)
		b.get("/").wantStatus(http.StatusOK).wantPath("/login")
		b.get("/user/bob").wantStatus(http.StatusUnauthorized)
		b.post("/logout/bob").wantStatus(http.StatusOK)
		b.logIn("bob")
		b.get("/user/bob").wantStatus(http.StatusOK)
		b.post("/logout/bob").wantStatus(http.StatusOK)
		s.exec("DELETE FROM sessions")
	}
}

func TestSessionIsNotWrittenWhenPagesAreRead(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	changes := func() string { return s.query("PRAGMA data_version") }
	before := changes()
	visitor := s.browser()
	for _, path := range []string{"/", "/login", "/signup", "/logout/bob", "/user/bob", "/nothing", "/healthz"} {
		visitor.get(path)
		b.get(path)
	}
	if after := changes(); after != before {
		t.Error("a GET wrote to the database")
	}
	if visitor.cookie("session") != "" {
		t.Error("a visitor who has done nothing got a session")
	}
	s.clock.Advance(touchEvery)
	b.get("/user/bob")
	if after := changes(); after == before {
		t.Error("the last use was not recorded after five minutes")
	}
	before = changes()
	s.clock.Advance(touchEvery - time.Second)
	b.get("/user/bob")
	if after := changes(); after != before {
		t.Error("the last use was recorded twice in five minutes")
	}
}

func TestSessionKeepsItsFlashMessageAfterHEAD(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.browser()
	b.stay().post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusSeeOther)
	b.send(http.MethodHead, "/login", "", nil).wantStatus(http.StatusOK)
	b.get("/login").wantText("flash", "User account has been created. Log in to continue.")
}

func TestSessionCookieSaysNothingAndIsForTheServerOnly(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		site   *site
		cookie string
		secure bool
	}{
		{"http", newSite(t), "session", false},
		{"https", newSecureSite(t), "__Host-session", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.site.signUp("bob")
			p := test.site.browser().stay().post("/login", "username", "bob", "password", goodPassword)
			cookie := p.cookie(test.cookie)
			if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Domain != "" || cookie.Secure != test.secure {
				t.Errorf("cookie %v", cookie)
			}
			if len(cookie.Value) != 43 || strings.Contains(cookie.Value, "bob") {
				t.Errorf("value %q", cookie.Value)
			}
			p.wantHeader("Cache-Control", "no-store")
		})
	}
}

func (p page) cookie(name string) *http.Cookie {
	p.t.Helper()
	for _, cookie := range p.cookies {
		if cookie.Name == name {
			return cookie
		}
	}
	p.t.Fatalf("%s: no cookie %s in %v", p.what, name, p.cookies)
	return nil
}

func TestSessionHoldsOnlySignInsAndFlashMessages(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	s.signedIn("bob")
	data := s.query("SELECT CAST(data AS TEXT) FROM sessions")
	if id := s.query("SELECT id FROM sign_ins"); !strings.Contains(data, "sign-in "+id+"\n") || strings.Contains(data, "bob") {
		t.Errorf("session %s", data)
	}
}
