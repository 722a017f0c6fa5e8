package main

import (
	"maps"
	"net/http"
	"slices"
	"testing"
)

func TestAppEnteredByAnotherAccountForgetsWhatItKeptInTheBrowser(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		s, bob := newAppSite(t)
		s.signUp("alice")
		alice := s.signedIn("alice")
		ours := []string{appCookie(secure), nonceCookie(secure), lastCookie(secure)}
		wiki := s.onApp(t, "wiki.example.net")
		wiki.secure = secure
		set := func() { wiki.cookies["session"], wiki.cookies["user[id]"], wiki.cookies["latchkeyish"] = "1", "2", "3" }
		wantForgotten := func(what string, forgotten bool) {
			t.Helper()
			kept, clear := ours, ""
			if !forgotten {
				kept = append([]string{"session", "user[id]", "latchkeyish"}, ours...)
			} else if secure {
				clear = `"storage", "cache"` // and never "cookies"
			}
			if got := slices.Sorted(maps.Keys(wiki.cookies)); !slices.Equal(got, slices.Sorted(slices.Values(kept))) {
				t.Errorf("%s: the browser keeps %v, want %v", what, got, kept)
			}
			if got := wiki.entered.Get("Clear-Site-Data"); got != clear {
				t.Errorf("%s: Clear-Site-Data is %q, want %q", what, got, clear)
			}
			wiki.want(http.StatusOK, "/", nil)
		}
		set()
		wiki.enter(bob, "/")
		wantForgotten("nobody before", false)
		delete(wiki.cookies, appCookie(secure))
		wiki.enter(bob, "/")
		wantForgotten("the same account", false)

		_, links := wiki.openHere(http.StatusUnauthorized)
		bobs := s.onApp(t, wiki.host)
		bobs.secure, bobs.cookies = secure, maps.Clone(wiki.cookies)
		wiki.enterFrom(alice, links["Use another account"], "account", "alice")
		wantForgotten("alice after bob", true)
		bobs.want(http.StatusUnauthorized, "/", http.Header{"Accept": {"*/*"}})

		// The account before is known also when nothing of its sign-in is left.
		set()
		alice.post("/logout/alice")
		wiki.enter(bob, "/")
		wantForgotten("bob after alice, who has logged out", true)
		set()
		bob.post("/logout/bob")
		delete(wiki.cookies, appCookie(secure))
		wiki.enter(s.signedIn("bob"), "/")
		wantForgotten("bob again", false)
	}
}
