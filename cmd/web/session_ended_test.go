package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func hiddenField(name string) func(*html.Node) bool {
	return func(n *html.Node) bool { return attribute(n, "type") == "hidden" && attribute(n, "name") == name }
}

func TestSessionEndedAsksToLogInAndBringsBackWhatWasTyped(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	s.exec("DELETE FROM sign_ins")
	ended := b.post("/user/bob/delete", "username", "bob & co", "confirm_password", goodPassword).wantStatus(http.StatusUnauthorized).
		wantText("notice", "Your session has ended. Log in to continue.").wantAttribute("username", "value", "bob").wantNot(goodPassword)
	carried := attribute(ended.find(hiddenField("carried.username")), "value")
	wrong := b.post("/login", "username", "bob", "password", "wrong password", "next", "/user/bob/delete", "carried.username", carried).
		wantStatus(http.StatusUnauthorized)
	carried = attribute(wrong.find(hiddenField("carried.username")), "value")
	back := b.post("/login", "username", "bob", "password", goodPassword, "next", "/user/bob/delete", "carried.username", carried)
	back.wantPath("/user/bob/delete").wantAttribute("username", "value", "bob & co")
	b.get("/user/bob/delete").wantAttribute("username", "value", "") // once
	b.get("/user/bob").wantStatus(http.StatusOK)
}

func TestSessionEndedBringsBackNothingThatWasNotTyped(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	s.exec("DELETE FROM sign_ins")
	for path, form := range accountForms {
		p := b.post(path, form...).wantStatus(http.StatusUnauthorized).wantNot(goodPassword, newPassword)
		if strings.HasSuffix(path, "/delete") || strings.HasSuffix(path, "/app-passwords") {
			continue
		}
		if found := p.find(func(n *html.Node) bool { return strings.HasPrefix(attribute(n, "name"), "carried.") }); found != nil {
			t.Errorf("%s carries %s", path, attribute(found, "name"))
		}
	}
	b.post("/login", "username", "bob", "password", goodPassword, "next", "/user/bob/delete",
		"carried.username", strings.Repeat("x", 5000), "carried.id", "y", "carried.password", "z").
		wantPath("/user/bob/delete").wantAttribute("username", "value", "")
	if data := s.query("SELECT group_concat(data) FROM sessions"); strings.Contains(data, "draft") {
		t.Errorf("the session keeps %s", data)
	}
}

func TestSessionThatNeverWasIsNotCalledEnded(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	s.browser().get("/user/bob").wantStatus(http.StatusUnauthorized).wantText("notice", "Log in to continue.")
}

func TestSessionEndedFormHasATokenThatGoes(t *testing.T) {
	t.Parallel()
	b := newSiteFor(t, "bob").withoutFetchMetadata()
	token := b.get("/user/bob").wantStatus(http.StatusUnauthorized).csrf()
	b.post("/login", "username", "bob", "password", goodPassword, "csrf", token).wantStatus(http.StatusOK)
}

func TestNextComesAlongThroughSignupAndTheUsernameThroughForgotPassword(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	next := "/user/carol/activity"
	form := s.browser().get("/login?next=" + url.QueryEscape(next))
	link := form.find(func(n *html.Node) bool { return n.Data == "a" && strings.HasPrefix(attribute(n, "href"), "/signup") })
	b := s.browser()
	signup := b.get(attribute(link, "href"))
	login := b.post("/signup", "username", "carol", "password", goodPassword, "next", attribute(signup.find(hiddenField("next")), "value"))
	b.post("/login", "username", "carol", "password", goodPassword, "next", attribute(login.find(hiddenField("next")), "value")).wantPath(next)
	b.get("/signup?next=https://evil.example").wantStatus(http.StatusOK).wantNot("evil.example")

	wrong := s.browser().guess("carol")
	forgot := wrong.find(func(n *html.Node) bool { return n.Data == "a" && strings.HasPrefix(attribute(n, "href"), "/recover") })
	s.browser().get(attribute(forgot, "href")).wantAttribute("username", "value", "carol")
}

func TestLoginPageSaysWhoIsSignedIn(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	p := b.get("/login").want("You are logged in as Bob")
	if p.find(func(n *html.Node) bool { return n.Data == "a" && attribute(n, "href") == "/user/bob" }) == nil {
		t.Error("no link to the account")
	}
	s.browser().get("/login").wantNot("You are logged in")
}

func TestNameIsShownAsItWasTypedAtSignup(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for typed, shown := range map[string]string{
		"bob": "Bob", " J.Doe+x@Example.com ": "J.Doe+x@Example.com", "ALICE": "ALICE", "j.roe@example.com": "j.roe@example.com", "zoë": "Zoë",
	} {
		b := s.browser()
		b.post("/signup", "username", typed, "password", goodPassword).wantStatus(http.StatusOK)
		b.post("/login", "username", strings.ToUpper(typed), "password", goodPassword).wantStatus(http.StatusOK).want("Hello "+shown, shown+" · Latchkey")
		b.get("/logout/" + url.PathEscape(strings.ToLower(strings.TrimSpace(typed)))).want("This logs " + shown + " out")
	}
}

func TestFactsDoNotLookLikeErrors(t *testing.T) {
	t.Parallel()
	s := newSite(t, "--signup=closed")
	for _, path := range []string{"/nowhere", "/choose-password/x", "/signup"} {
		if notice := s.browser().get(path).element("notice"); attribute(notice, "class") != "fact" || attribute(notice, "role") != "" {
			t.Errorf("%s: %v", path, notice)
		}
	}
}
