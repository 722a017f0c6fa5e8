//go:build linux

package main

import (
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/security"
)

// tabThatTrusts opens a tab in which the test's own certificate is as good as any.
func (g *guarded) tabThatTrusts(scripts bool) *tab {
	g.t.Helper()
	b := g.emptyTab()
	if !scripts {
		b.turnScriptsOff()
	}
	tell(b, security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: true})
	return b
}

func TestAppBehindARealProxyWithTLSIsEnteredAndLeftInTheBrowser(t *testing.T) {
	t.Parallel()
	for _, proxy := range []string{"caddy", "nginx"} {
		for way, scripts := range map[string]bool{"with htmx": true, "without scripts": false} {
			t.Run(proxy+" "+way, func(t *testing.T) {
				t.Parallel()
				g := newGuardedByTLS(t, eachAppProxy[proxy])
				b := g.tabThatTrusts(scripts)
				g.signUpByTLS("bob")
				g.enterPhotos(b, "/album/1?x=%20y")
				b.wantHeading("The app")
				b.want("the page asked for", "/album/1?x=%20y", "return location.pathname + location.search")
				b.want("who the app is told", "bob", `return JSON.parse(document.getElementById("echo").textContent).Header["Remote-User"][0]`)
				g.wantHostCookie(b, g.photos)

				// Another domain: no password.
				b.openAddress(g.origin(g.wiki) + "/")
				b.wantHeading("Open Wiki")
				b.press("Continue to Wiki as Bob")
				b.wantHeading("The app")
				g.wantHostCookie(b, g.wiki)
				b.openAddress(g.origin(g.wiki) + handOverPath)
				b.wantHeading("You are Bob here")

				// An app that clears all cookies of its site: the next page is there without a question.
				b.openAddress(g.origin(g.photos) + "/forget")
				b.wantHeading("Forgotten")
				b.openAddress(g.origin(g.photos) + "/album/2")
				b.wantHeading("The app")
				b.want("the page asked for", "/album/2", "return location.pathname")
				b.openAddress(g.origin(g.wiki) + handOverPath)

				// Out of all of them at once; the log-out asks first.
				b.follow("Log out")
				b.wantHeading("Log out")
				b.send("Log out")
				b.wantFlash("Successfully logged out.")
				b.openAddress(g.origin(g.photos) + "/")
				b.wantHeading("Log in")
				b.openAddress(g.origin(g.wiki) + handOverPath)
				b.wantHeading("You are not logged in here")
				b.follow("Log in")
				b.submit("Log in", "bob", goodPassword)
				b.wantHeading("The app")
				b.want("the app's first page", g.origin(g.wiki)+"/", "return location.href")
			})
		}
	}
}

// signUpByTLS makes an account of the family, in another browser.
func (g *guarded) signUpByTLS(username string) {
	g.t.Helper()
	b := g.tabThatTrusts(true)
	b.goTo("/signup")
	b.submit("Create account", username, goodPassword)
	b.wantFlash("User account has been created. Log in to continue.")
	g.exec("INSERT INTO group_members (group_name, uid) SELECT 'family', uid FROM users WHERE username = '" + username + "'")
}

// wantHostCookie wants that the app's cookie is one that no other host can read or set, and no script.
func (g *guarded) wantHostCookie(b *tab, host string) {
	b.t.Helper()
	for _, cookie := range tell(b, network.GetCookies, network.GetCookiesParams{URLs: []string{g.origin(host)}}).Cookies {
		if cookie.Name == "__Host-latchkey" && cookie.Secure && cookie.HTTPOnly && cookie.Path == "/" && cookie.Domain == hostOnly(host) && cookie.SameSite == network.CookieSameSiteLax {
			return
		}
	}
	b.t.Errorf("no such cookie on %s", host)
}

func TestAppEnteredByAnotherAccountHasNoSessionOfTheOldOneInTheBrowser(t *testing.T) {
	t.Parallel()
	for _, proxy := range []string{"caddy", "nginx"} {
		for way, scripts := range map[string]bool{"with htmx": true, "without scripts": false} {
			t.Run(proxy+" "+way, func(t *testing.T) {
				t.Parallel()
				g := newGuardedByTLS(t, eachAppProxy[proxy])
				b := g.tabThatTrusts(scripts)
				g.signUpByTLS("alice")
				g.signUpByTLS("bob")
				const keep = "document.cookie = 'own=1; Secure'; localStorage.setItem('own', 'kept'); return true"
				const kept = "return document.cookie.includes('own=1') + ' ' + localStorage.getItem('own')"
				b.expectComplaints("BounceTrackingIssue", "NavigationEntryMarkedSkippable", "PerformanceIssue") // the last of document.cookie
				enter := func(username string) {
					t.Helper()
					b.openAddress(g.origin(g.photos) + "/session")
					b.wantHeading("Log in")
					b.submit("Log in", username, goodPassword)
				}
				enter("bob")
				b.press("Continue to Photos as Bob")
				b.wantHeading("The session of bob")
				result[bool](b, keep)
				// Nothing is lost to the same account.
				g.mustRun("user", "sign-out", "bob")
				enter("bob")
				b.wantHeading("The session of bob")
				b.want("what the app kept", "true kept", kept)
				// Nothing of bob's is left to alice, who would see his session, when he has gone.
				g.mustRun("user", "sign-out", "bob")
				enter("alice")
				b.press("Continue to Photos as Alice")
				b.wantHeading("The session of alice")
				b.want("what the app kept", "false null", kept)
				// Nor to bob, when he comes beside her.
				b.openAddress(g.origin(g.photos) + handOverPath)
				b.wantHeading("You are Alice here")
				b.follow("Use another account")
				b.wantHeading("Open Photos")
				b.follow("Add account")
				b.submit("Log in", "bob", goodPassword)
				b.wantHeading("Open Photos")
				b.press("Bob")
				b.wantHeading("The app")
				b.openAddress(g.origin(g.photos) + "/session")
				b.wantHeading("The session of bob")
				b.goTo("/user/alice") // where she is still logged in
				b.wantHeading("Hello Alice")
			})
		}
	}
}
