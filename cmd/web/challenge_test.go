package main

import (
	"net/http"
	"testing"

	"github.com/chromedp/cdproto/fetch"
)

func TestLoginChallengesInHTTPsOwnTermsWhereItIsNeeded(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	for _, b := range []*browser{s.browser(), s.browser().htmx()} {
		for _, answer := range []page{
			b.post("/login", "username", "bob", "password", "wrong"), b.get("/user/bob"), b.get("/user/nobody/password"),
			b.post("/user/bob/delete"), b.send(http.MethodHead, "/user/bob", "", nil),
		} {
			answer.wantStatus(http.StatusUnauthorized).wantHeader("Www-Authenticate", `Cookie realm="Latchkey"`)
		}
		b.get("/login").wantHeader("Www-Authenticate", "")
		b.get("/nothing").wantHeader("Www-Authenticate", "")
	}
}

func TestLoginThatFailsMakesTheBrowserAskForNothingByItself(t *testing.T) {
	t.Parallel()
	for name, newTab := range eachTab {
		t.Run(name, func(t *testing.T) {
			s := newSiteFor(t, "bob")
			b := newTab(s, "/login")
			watch := true
			tell(b, fetch.Enable, fetch.EnableParams{HandleAuthRequests: &watch})
			b.submit("Log in", "bob", "not the password")
			b.wantNotice("Invalid username or password.")
			b.goTo("/user/bob")
			b.wantNotice("Log in to continue.")
		})
	}
}
