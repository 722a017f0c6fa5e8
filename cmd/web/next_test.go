package main

import (
	"net/http"
	"net/url"
	"testing"
)

func TestLoginAsSomebodyElseLeadsToOnesOwnHomePage(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "alice")
	s.signUp("bob")
	for _, next := range []string{
		"/user/alice", "/user/alice/", "/user/alice/activity", "/user/alice/activity?before=7#x", "/user/ALICE", "/user/%61lice/password",
		"/user/%41LICE", "/user/ａｌｉｃｅ", "/user/" + url.PathEscape("ａｌｉｃｅ"), "/user/%20alice%20", "/user/bob/../alice", "/user/bob/%2e%2e/alice/delete",
		"/./user/alice", "/user/nobody", "/user/...", "/user/%00", "/logout/alice", "/logout/%61LICE/",
		"/login", "/login/", "/login?next=%2Fuser%2Fbob", "/%6cogin", "/user/bob/../../login",
	} {
		for _, b := range []*browser{s.browser(), s.browser().htmx()} {
			b.post("/login", "username", "bob", "password", goodPassword, "next", next).
				wantStatus(http.StatusOK).wantPath("/user/bob").want("Hello Bob")
		}
	}
}

func TestLoginLeadsToAnyPageOfTheAccountItself(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	for _, next := range []string{
		"/user/bob", "/user/BOB/activity?before=7", "/user/%62ob/password", "/user/%20Bob%20/", "/user/alice/../bob", "/logout/bob", "/",
		"/.well-known/change-password", "/signup", "/user", "/nothing",
	} {
		s.browser().stay().post("/login", "username", "bob", "password", goodPassword, "next", next).
			wantStatus(http.StatusSeeOther).wantHeader("Location", next)
	}
}

func TestLoginWithBothAccountsInOneBrowserLeadsToTheOneJustUsed(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "alice")
	s.signUp("bob")
	b := s.signedIn("alice")
	b.logIn("bob", "next", "/user/alice/activity").wantPath("/user/bob")
	b.get("/user/alice").wantStatus(http.StatusOK)
}
