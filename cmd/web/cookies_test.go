package main

import (
	"net/http"
	"testing"
)

// withoutCookies is the same browser, which keeps no cookies.
func (b *browser) withoutCookies() *browser {
	other := *b
	client := *b.client
	client.Jar = nil
	other.client = &client
	return &other
}

func TestLoginSaysThatCookiesAreNeeded(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	b := s.browser().withoutCookies()
	for range 2 { // no round ends elsewhere
		b.post("/login", "username", "bob", "password", goodPassword).wantStatus(http.StatusUnauthorized).
			wantPath("/user/bob").want("Cookies are needed").wantText("notice", cookiesNeeded)
		p := b.htmx().post("/login", "username", "bob", "password", goodPassword, "next", "/user/bob/activity").
			wantStatus(http.StatusUnauthorized).wantHeader("HX-Redirect", "").wantHeader("HX-Retarget", "#notice").
			wantHeader("HX-Push-Url", "false").wantText("notice", cookiesNeeded)
		if isWhole(p) {
			t.Error("a whole page would stand within the one on screen")
		}
	}
}

func TestLoginBlamesNoCookiesThatAreKept(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	here := s.server.URL
	loggedOut := s.signedIn("bob")
	loggedOut.post("/logout/bob")
	for name, p := range map[string]page{
		"after a logout, back":  loggedOut.with("Referer", here+"/login").get("/user/bob"),
		"from the address bar":  s.browser().get("/user/bob"),
		"from another site":     s.browser().with("Referer", "https://evil.example/login").get("/user/bob"),
		"from another page":     s.browser().with("Referer", here+"/recover").get("/user/bob"),
		"from an odd address":   s.browser().with("Referer", "%zz").get("/user/bob"),
		"asked for by the link": s.browser().with("Referer", here+"/user/bob").get("/user/bob/activity"),
	} {
		p.wantStatus(http.StatusUnauthorized).want("Log in to continue.").wantNot("ookies")
		if p.url.Path == "/login" {
			t.Errorf("%s: ended at the login form", name)
		}
	}
}

func TestLoginInABrowserThatKeepsNoCookiesSaysSo(t *testing.T) {
	t.Parallel()
	for name, newTab := range eachTab {
		t.Run(name, func(t *testing.T) {
			s, proxy := newSiteBehindProxy(t)
			s.signUp("bob")
			proxy.instead(func(w http.ResponseWriter, r *http.Request, site http.Handler) {
				r.Header.Del("Cookie")
				site.ServeHTTP(w, r)
			})
			b := newTab(s, "/user/bob/activity")
			b.wantValue("Username", "bob")
			b.fill("Password", goodPassword)
			b.press("Log in")
			b.wantNotice(cookiesNeeded)
			if name == "with htmx" {
				b.wantHeading("Log in")
				b.wantValue("Username", "bob")
				b.press("Log in") // once more, without a change
				b.wantNotice(cookiesNeeded)
				return
			}
			b.wantHeading("Cookies are needed")
			b.follow("Log in")
			b.wantHeading("Log in")
		})
	}
}
