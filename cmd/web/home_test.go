package main

import (
	"latchkey/components"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestHomeOfAnotherUserLooksTheSameWhetherTheAccountExistsOrNot(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "alice")
	s.signUp("bob")
	answer := func(b *browser, path string) string {
		p := b.get(path).wantStatus(http.StatusUnauthorized).wantHeader("Cache-Control", "no-store").want("Log in to continue.")
		if next := attribute(p.find(isNext), "value"); next != path {
			t.Errorf("%s: the login leads to %q", path, next)
		}
		name := attribute(p.element("username"), "value") // of the path, when an account may have it
		body := p.body
		for _, typed := range []string{components.SignupPath(path), path, components.RecoverPath(name), `value="` + name + `"`} {
			body = strings.ReplaceAll(body, typed, "")
		}
		return body
	}
	for _, b := range []*browser{s.browser(), s.signedIn("alice")} {
		want := answer(b, "/user/bob")
		for _, path := range []string{"/user/nobody", "/user/..."} {
			if got := answer(b, path); got != want {
				t.Errorf("%s: answers differ:\n%s\n%s", path, want, got)
			}
		}
		for _, path := range []string{"/user/a%20b", "/user/%00"} {
			answer(b, path) // names that no account can have
		}
	}
}

func TestHomeHasNoPagesBelowIt(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	s.signedIn("bob").get("/user/bob/nothing").wantStatus(http.StatusNotFound)
	s.signedIn("bob").get("/logout/bob/nothing").wantStatus(http.StatusNotFound)
}

func TestHomeOfSeveralAccountsWorksInOneBrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, name := range []string{"alice", "bob", "carol"} {
		s.signUp(name)
	}
	b := s.browser()
	b.get("/").wantPath("/login")
	b.logIn("alice").wantNot("Log out of all accounts")
	b.logIn("bob").want("Hello Bob", "Alice", "Log out of all accounts")
	b.logIn("carol")
	b.get("/").wantPath("/user/carol")
	b.logIn("alice") // once more
	b.get("/").wantPath("/user/alice")
	b.get("/user/alice").want("Hello Alice", "Bob", "Carol")
	b.get("/user/bob").want("Hello Bob", "Alice", "Carol")
	if count := s.query("SELECT count(*) FROM sign_ins"); count != "3" {
		t.Errorf("%s sign-ins, want one for each account", count)
	}

	b.post("/logout/alice").wantPath("/login").wantText("flash", "Successfully logged out.")
	b.get("/user/alice").wantStatus(http.StatusUnauthorized)
	b.get("/user/bob").want("Hello Bob", "Carol").wantNot("Alice")

	b.post("/logout").wantPath("/login").wantText("flash", "Successfully logged out.")
	b.get("/user/bob").wantStatus(http.StatusUnauthorized)
	b.get("/user/carol").wantStatus(http.StatusUnauthorized)
	b.get("/").wantPath("/login")
}

func TestAccountDeletedWhileSignedInIsSignedOut(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "alice")
	s.signUp("bob")
	b := s.signedIn("alice")
	b.logIn("bob")
	s.exec("PRAGMA foreign_keys = 1; DELETE FROM users WHERE username = 'bob'")
	b.get("/user/bob").wantStatus(http.StatusUnauthorized)
	b.get("/user/alice").wantStatus(http.StatusOK).wantNot("Bob")
	b.post("/logout/bob").wantStatus(http.StatusOK)
	b.get("/user/alice").wantStatus(http.StatusOK)
}

func TestLogoutEndsTheSignInOnTheServer(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	here, elsewhere := s.signedIn("bob"), s.signedIn("bob")
	stolen := here.cookie("session")
	here.post("/logout/bob").wantStatus(http.StatusOK).wantPath("/login")
	if here.cookie("session") != "" {
		t.Error("the cookie is still there after the last page of the session")
	}
	thief := s.browser()
	thief.setCookie("session", stolen)
	thief.get("/user/bob").wantStatus(http.StatusUnauthorized)
	elsewhere.get("/user/bob").wantStatus(http.StatusOK)
	if rows := s.query("SELECT (SELECT count(*) FROM sign_ins) || ' ' || (SELECT count(*) FROM sessions)"); rows != "1 1" {
		t.Errorf("sign-ins and sessions left: %s, want those of the other browser", rows)
	}
}

func TestLogoutNeedsMoreThanALink(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	b.get("/logout/bob").wantStatus(http.StatusOK).want("Log out", "This logs Bob out in this browser.")
	b.get("/user/bob").wantStatus(http.StatusOK)
	b.get("/logout").wantStatus(http.StatusMethodNotAllowed)
	s.browser().get("/logout/nobody").wantStatus(http.StatusOK)
}

func TestLogoutTwiceIsNoError(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	for range 2 {
		b.post("/logout/bob").wantStatus(http.StatusOK).wantText("flash", "Successfully logged out.")
	}
	s.browser().post("/logout").wantStatus(http.StatusOK)
	if rows := s.query("SELECT count(*) FROM sessions"); rows != "0" {
		t.Errorf("%s sessions left", rows)
	}
}

func TestLogoutIsNotUndoneByAnOverlappingRequest(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	var token, data string
	if err := s.db.QueryRow("SELECT token, data FROM sessions").Scan(&token, &data); err != nil {
		t.Fatal(err)
	}
	stolen := b.cookie("session")
	b.post("/logout/bob").wantStatus(http.StatusOK)
	// What a slow request does that loaded the session before the logout and saves it after.
	if err := s.app.store.SessionStore().Commit(token, []byte(data), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	thief := s.browser()
	thief.setCookie("session", stolen)
	thief.get("/user/bob").wantStatus(http.StatusUnauthorized)
}
