package main

import (
	"net/http"
	"strings"
	"testing"
)

// withoutFetchMetadata is a browser on plain http, or an old one: it does not send Sec-Fetch-Site.
func (s *site) withoutFetchMetadata() *browser {
	b := s.browser()
	b.header.Del("Sec-Fetch-Site")
	return b
}

func TestFormWithAnEmptyTokenIsRefused(t *testing.T) {
	t.Parallel()
	for cookie, s := range map[string]*site{"csrf": newSite(t), "__Host-csrf": newSecureSite(t)} {
		for _, token := range []string{"", "x", " ", strings.Repeat("x", 31), strings.Repeat("x", 33)} {
			forged := s.withoutFetchMetadata().with("Cookie", cookie+"="+token)
			forged.post("/signup", "username", "bob", "password", goodPassword, "csrf", token).wantStatus(http.StatusForbidden)
			forged.post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusForbidden)
			twice := s.withoutFetchMetadata().with("Cookie", cookie+"="+token+"; "+cookie+"="+strings.Repeat("y", 32))
			twice.post("/signup", "username", "bob", "password", goodPassword, "csrf", token).wantStatus(http.StatusForbidden)
			// It does not keep the owner of the browser out, either.
			if fresh := forged.get("/signup"); len(fresh.csrf()) != 32 || fresh.cookie(cookie).Value != fresh.csrf() {
				t.Errorf("the cookie %q is not replaced", token)
			}
		}
		if count := s.query("SELECT count(*) FROM users"); count != "0" {
			t.Errorf("%s accounts", count)
		}
	}
}

func TestFormWhoseOriginIsTheSiteNeedsNoToken(t *testing.T) {
	t.Parallel()
	s := newSite(t, "--addr=0.0.0.0:8080")
	b := s.withoutFetchMetadata().at("myhost:8080")
	for _, origin := range []string{
		"http://evil.example", "http://myhost", "http://myhost:8081", "http://myhost:8080.evil.example", "null", "http://localhost:8080",
		"myhost:8080", "http://evil.example/myhost:8080",
	} {
		b.with("Origin", origin).post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusForbidden)
		// The token of another page does not help against what the browser says.
		b.with("Origin", origin).post("/signup", "username", "bob", "password", goodPassword, "csrf", b.get("/signup").csrf()).
			wantStatus(http.StatusForbidden)
	}
	b.with("Sec-Fetch-Site", "cross-site").with("Origin", "http://myhost:8080").post("/signup", "username", "bob", "password", goodPassword).
		wantStatus(http.StatusForbidden)
	ours := b.with("Origin", "http://myhost:8080")
	ours.post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK).wantPath("/login")

	given := newSite(t, "--url=http://Login.example.org:8080").withoutFetchMetadata()
	// A proxy that leaves the port out of the Host.
	given.at("login.example.org").with("Origin", "http://login.example.org:8080").
		post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
	given.with("Origin", "http://login.example.org:9090").post("/signup", "username", "eve", "password", goodPassword).
		wantStatus(http.StatusForbidden)
	newSite(t, "--url=http://login.example.org:80").withoutFetchMetadata().with("Origin", "http://login.example.org").
		post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
}

func TestFormWithNeitherOriginNorTokenIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, path := range []string{"/signup", "/login", "/recover", "/logout", "/logout/bob", "/user/bob/password", "/choose-password/x"} {
		s.withoutFetchMetadata().post(path, "username", "bob").wantStatus(http.StatusForbidden).want("This page is out of date")
	}
}

// openerPolicyIgnored is what Chromium says of plain http on another host than localhost.
const openerPolicyIgnored = "The Cross-Origin-Opener-Policy header has been ignored"

func TestFormOfTwoTabsOpenedAtOnceIsTakenFromBoth(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "alice", "--addr=0.0.0.0:8080")
	s.signUp("bob")
	s.server.URL = strings.Replace(s.server.URL, "127.0.0.1", "myhost.internal", 1)
	for name, newTab := range eachTab {
		t.Run(name, func(t *testing.T) {
			first := newTab(s, "/login")
			first.expectComplaints(openerPolicyIgnored)
			// As when the second one was asked for before the first one's cookie had come.
			wait(first, "the token of another tab", func(done bool) bool { return done }, `
				document.querySelectorAll("input[name=csrf]").forEach((field) => { field.value = "y".repeat(32) });
				return true`)
			first.submit("Log in", "bob", goodPassword)
			first.wantAddress("/user/bob")
			first.press("Log out")
			first.wantFlash("Successfully logged out.")
		})
	}
}

func TestFormOfAnHTTPSSiteSentByPlainHTTPSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob", "--url=https://login.internal")
	s.server.URL = strings.Replace(s.server.URL, "127.0.0.1", "login.internal", 1)
	b := s.newTabWithoutScripts("/login")
	b.expectComplaints(openerPolicyIgnored)
	b.submit("Log in", "bob", goodPassword)
	b.wantHeading("Use https here")
	b.wantText("This form was opened by http://, where your browser cannot stay signed in. Open the site by https:// and send the form from there.")
	b.wantText("Go to https://login.internal")

	htmx := s.newTab("/login")
	htmx.expectComplaints(openerPolicyIgnored)
	htmx.fill("Username", "bob")
	htmx.fill("Password", goodPassword)
	htmx.press("Log in")
	htmx.wantNotice("This form was opened by http://, where your browser cannot stay signed in. Open the site by https:// and send the form from there.")
	htmx.wantValue("Username", "bob")

	log := s.log.String()
	if lines := strings.Count(log, `level=WARN msg="refused a form that was opened by plain http`); lines != 1 {
		t.Errorf("%d lines tell of it, want one:\n%s", lines, log)
	}
	if count := s.query("SELECT count(*) FROM sign_ins"); count != "0" {
		t.Errorf("%s sign-ins", count)
	}
}
