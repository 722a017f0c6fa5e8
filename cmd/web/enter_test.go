package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func TestHomeListsTheAppsThatThePersonMayEnter(t *testing.T) {
	t.Parallel()
	s, b := newAppSite(t, "--forward-auth-addr=localhost:0")
	s.addApp("secret.example.org", "Secret")
	home := b.get("/user/bob").want("Photos photos.example.org", "Wiki wiki.example.net").wantNot("Secret")
	if link := home.find(func(n *html.Node) bool { return attribute(n, "href") == "http://photos.example.org/" }); link == nil {
		t.Error("no link to the app")
	}
	b.get("/user/bob/sign-ins").wantNot("Apps:")
	s.onApp(t, "photos.example.org").enter(b, "/")
	b.get("/user/bob/sign-ins").want("Apps: Photos")
}

func TestEnterLeadsToNamedAppsAlone(t *testing.T) {
	t.Parallel()
	_, b := newAppSite(t)
	nonce := nonceHash("x")
	for _, app := range []string{"evil.example", "photos.example.org.evil.example", "evil.photos.example.org", "photos.example.org@evil.example", "PHOTOS.example.org", "photos.example.org:444", "photos.example.org.", ""} {
		b.get("/enter?" + url.Values{"app": {app}, "to": {"/"}, "way": {"http"}, "nonce": {nonce}}.Encode()).wantStatus(http.StatusNotFound)
	}
	for _, to := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ".evil.example/", "@evil.example", ""} {
		p := b.post("/enter", "app", "photos.example.org", "to", to, "way", "http", "nonce", nonce, "account", "bob", "continue", "yes").wantStatus(http.StatusOK).wantNot("evil")
		if !strings.Contains(p.body, "http://photos.example.org/.latchkey/enter?code=") {
			t.Errorf("%q does not lead to the app", to)
		}
	}
	for _, odd := range [][2]string{{"ftp", nonce}, {"", nonce}, {"http", "x"}, {"http", nonce + "A"}} {
		b.get("/enter?" + url.Values{"app": {"photos.example.org"}, "to": {"/"}, "way": {odd[0]}, "nonce": {odd[1]}}.Encode()).wantStatus(http.StatusBadRequest)
	}
	// Whoever is not signed in here logs in first, and comes back.
	s, _ := newAppSite(t)
	stranger := s.browser().get("/enter?" + url.Values{"app": {"photos.example.org"}, "to": {"/"}, "way": {"http"}, "nonce": {nonce}}.Encode())
	stranger.wantStatus(http.StatusUnauthorized).wantText("notice", "Log in to continue.")
	if next := attribute(stranger.find(isNext), "value"); !strings.HasPrefix(next, "/enter?app=photos.example.org") {
		t.Errorf("leads to %q", next)
	}
}

func TestWayIntoAnAppComesBackWhenTheSessionEndedInTheMiddle(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob", "--forward-auth-addr=127.0.0.1:0")
	s.addApp("photos.example.org", "Photos", "everyone")
	s.exec("DELETE FROM sign_ins")
	ended := b.post("/enter", "app", "photos.example.org", "to", "/a?b=c", "way", "http", "nonce", "", "account", "bob").
		wantStatus(http.StatusUnauthorized)
	b.post("/login", "username", "bob", "password", goodPassword, "next", attribute(ended.find(hiddenField("next")), "value")).
		wantStatus(http.StatusOK).wantPath("/enter").want("Open Photos")
}

func TestEnterAsksBeforeAnAppLearnsOfTheAccountThatWasChosen(t *testing.T) {
	t.Parallel()
	s, b := newAppSite(t)
	s.signUp("alice")
	b.logIn("alice")
	form := []string{"app", "wiki.example.net", "to", "/", "way", "http", "nonce", nonceHash("x")}
	b.get("/enter?"+encoded(form...)).wantStatus(http.StatusOK).want("Choose an account", "Alice", "Bob")
	chosen := b.post("/enter", append(form, "account", "alice")...).wantStatus(http.StatusOK).want("Continue to Wiki as Alice")
	if strings.Contains(chosen.body, "code=") || s.query("SELECT count(*) FROM app_people") != "0" {
		t.Error("the app may know of her before she says so")
	}
	b.post("/enter", append(form, "account", "alice", "continue", "yes")...).wantStatus(http.StatusOK).want("Opening Wiki")
	b.post("/enter", append(form, "account", "alice")...).wantStatus(http.StatusOK).want("Opening Wiki") // the second time
}
