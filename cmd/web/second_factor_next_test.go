package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// next is where a page says that the person was going.
func (p page) next() string {
	p.t.Helper()
	return attribute(p.find(hiddenField("next")), "value")
}

// linkTo is the address of the link or button with this text.
func (p page) linkTo(text string) string {
	p.t.Helper()
	found := p.find(func(n *html.Node) bool {
		return n.Data == "a" && strings.Join(strings.Fields(readableText(n)), " ") == text
	})
	if found == nil {
		p.t.Fatalf("%s: no link %q in: %s", p.what, text, p.body)
	}
	return attribute(found, "href")
}

// enrolOnTheWay sets codes up as a person does who is led there on the way to somewhere else, and returns the last page.
func (b *browser) enrolOnTheWay(led page) page {
	b.site.t.Helper()
	saving := b.get(led.wantPath("/user/bob/second-factor").linkTo("Create recovery code"))
	made := b.post("/user/bob/recovery", "next", saving.next()).wantStatus(http.StatusOK)
	setting := b.post("/user/bob/recovery/saved", "next", made.next()).wantPath("/user/bob/second-factor").want("Set up codes")
	b.site.clock.Advance(11 * time.Minute)
	asked := b.post("/user/bob/second-factor/codes", "next", setting.next()).wantStatus(http.StatusUnauthorized).want("Confirm it's you")
	shown := b.post("/user/bob/second-factor/codes", "next", asked.next(), confirmField, goodPassword).wantStatus(http.StatusOK)
	again := b.get(shown.linkTo("Cancel"))
	shown = b.post("/user/bob/second-factor/codes", "next", again.next()).wantStatus(http.StatusOK)
	confirm := "/user/bob/second-factor/codes/confirm"
	wrong := b.post(confirm, "next", shown.next(), "enrolment", enrolmentIn(shown), "one_time_code", "1").wantStatus(http.StatusUnprocessableEntity)
	return b.post(confirm, "next", wrong.next(), "enrolment", enrolmentIn(wrong), "one_time_code", phoneOf(wrong, b.site.clock).code()).
		wantPath("/user/bob/second-factor")
}

func TestSecondFactorSetUpOnTheWayLeadsOnToThePage(t *testing.T) {
	t.Parallel()
	for _, htmx := range []bool{false, true} {
		s, b := newSiteSignedIn(t, "bob")
		s.app.settings.SecondFactor = "required"
		if htmx {
			b = b.htmx()
		}
		done := b.enrolOnTheWay(b.get("/user/bob/activity?before=9"))
		if got := done.linkTo("Continue"); got != "/user/bob/activity?before=9" {
			t.Errorf("leads on to %q", got)
		}
		b.get(done.linkTo("Continue")).wantStatus(http.StatusOK).wantPath("/user/bob/activity")
	}
}

func TestSecondFactorSetUpOnTheWayLeadsOnToTheApp(t *testing.T) {
	t.Parallel()
	for _, required := range []string{"optional", "required"} {
		s, b := newAppSite(t, "--forward-auth-addr=127.0.0.1:0")
		s.app.settings.SecondFactor = required
		s.mustRun("app", "set", "photos.example.org", "--require-second-factor")
		way := "/enter?" + url.Values{"app": {"photos.example.org"}, "to": {"/album?x=1"}, "way": {"http"}, "nonce": {nonceHash("x")}}.Encode()
		done := b.enrolOnTheWay(b.get(way))
		b.get(done.linkTo("Continue to Photos")).wantStatus(http.StatusOK).want("Open Photos", "Continue to Photos as Bob")
	}
}

func TestSecondFactorSetUpOnTheWayByPasskeyLeadsOn(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "bob")
	b := s.signedIn("bob")
	s.app.settings.SecondFactor = "required"
	led := b.get("/user/bob/sign-ins").wantPath("/user/bob/second-factor")
	adding := b.post("/user/bob/second-factor/passkeys", "next", led.next()).wantStatus(http.StatusOK)
	done := b.post("/user/bob/second-factor/passkeys/confirm", "next", adding.next(), "passkey", s.device().Create(adding.creation()))
	b.get(done.wantPath("/user/bob/second-factor").linkTo("Continue")).wantPath("/user/bob/sign-ins").wantStatus(http.StatusOK)
}

func TestLoginByRecoveryCodeLeadsOnToWhereThePersonWasGoing(t *testing.T) {
	t.Parallel()
	s, _, _, recoveryCode := newSiteWithCodes(t)
	b := s.browser()
	b.logIn("bob", "next", "/user/bob/activity")
	in := b.post("/login/second/recovery", "next", "/user/bob/activity", "recovery_code", recoveryCode).wantStatus(http.StatusOK)
	b.post("/user/bob/recovery/saved", "next", in.next()).wantPath("/user/bob/activity")
}

func TestSecondFactorLeadsOnToThisSiteAlone(t *testing.T) {
	t.Parallel()
	s, b, _, _ := newSiteWithCodes(t)
	for _, next := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/user/alice", "/login", ""} {
		b.get("/user/bob/second-factor?next="+url.QueryEscape(next)).wantStatus(http.StatusOK).wantNot("evil", "alice", "Continue")
		b.post("/user/bob/recovery/saved", "next", next).wantPath("/user/bob")
	}
	s.exec("DELETE FROM sign_ins")
	ended := b.post("/user/bob/second-factor/codes", "next", "/user/bob/activity").wantStatus(http.StatusUnauthorized)
	if got := ended.next(); got != "/user/bob/second-factor?next=%2Fuser%2Fbob%2Factivity" {
		t.Errorf("after a session that ended: %q", got)
	}
}
