package main

import (
	"net/http"
	"testing"
	"time"
)

func TestLoginWhoseSecondStepComesTooLateStartsAgainAndGoesWhereItShould(t *testing.T) {
	t.Parallel()
	s, _, p, recoveryCode := newSiteWithCodes(t)
	const next = "/user/bob/activity"
	for _, htmx := range []bool{false, true} {
		for path, send := range map[string]func(*browser) page{
			"/login/second": func(b *browser) page {
				return b.post("/login/second", "account", "bob", "next", next, "one_time_code", p.code())
			},
			"/login/second/recovery": func(b *browser) page {
				return b.post("/login/second/recovery", "account", "bob", "next", next, "recovery_code", recoveryCode)
			},
		} {
			for _, closed := range []bool{false, true} { // the session ends as late as the login
				b := s.browser()
				b.logIn("bob", "next", next).wantPath("/login/second")
				s.clock.Advance(10 * time.Minute)
				if closed {
					b.setCookie("session", "")
				}
				send := send
				from := b.with("Referer", s.server.URL+path+"?next=x")
				if htmx {
					from = from.htmx()
				}
				late := send(from).wantStatus(http.StatusUnauthorized).wantText("notice", tookTooLong).wantNot("ookies")
				if got := attribute(late.find(hiddenField("next")), "value"); got != next {
					t.Errorf("%s: leads to %q", path, got)
				}
				linked := from.get("/login/second/recovery?next=%2Fuser%2Fbob%2Factivity").wantStatus(http.StatusUnauthorized).wantText("notice", tookTooLong)
				if got := attribute(linked.find(hiddenField("next")), "value"); got != next {
					t.Errorf("%s, by the link: leads to %q", path, got)
				}
				b.get("/login/second?next=%2Fuser%2Fbob%2Factivity").wantPath("/login").wantNot(tookTooLong) // from a bookmark
				b.logIn("bob", "next", next).wantPath("/login/second")
				b.post("/login/second", "account", "bob", "next", next, "one_time_code", p.next()).wantPath(next)
			}
		}
	}
}

func TestLoginWithASecondStepInABrowserThatKeepsNoCookiesSaysSo(t *testing.T) {
	t.Parallel()
	s, _, _, _ := newSiteWithCodes(t)
	b := s.browser().withoutCookies()
	b.post("/login", "username", "bob", "password", goodPassword).wantPath("/login/second").
		wantStatus(http.StatusUnauthorized).want("Cookies are needed").wantText("notice", cookiesNeeded)
}

func TestLoginThatIsHalfDoneOutlivesAMessageOnThePage(t *testing.T) {
	t.Parallel()
	s, b, p, _ := newSiteWithCodes(t)
	b.stay().post("/logout/bob") // another tab shows the message later
	b.stay().post("/login", "username", "bob", "password", goodPassword)
	b.get("/login/second").wantText("flash", "Successfully logged out.")
	b.post("/login/second", "one_time_code", p.next()).wantPath("/user/bob")
	if got := s.query("SELECT count(*) FROM half_logins"); got != "0" {
		t.Errorf("%s logins are half done", got)
	}
}
