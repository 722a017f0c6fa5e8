package main

import (
	"encoding/base32"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"latchkey/internal/totp"

	"golang.org/x/net/html"
)

// A phone shows the codes of one secret.
type phone struct {
	secret []byte
	clock  *clock
}

// code is what the phone shows now.
func (p phone) code() string { return totp.Code(p.secret, totp.Step(p.clock.Now())) }

// next waits until the phone shows another code, and returns that.
func (p phone) next() string {
	p.clock.Advance(totp.Period)
	return p.code()
}

// saveCode makes a recovery code for somebody who is signed in, and says that it is safe.
func (b *browser) saveCode(username string) string {
	b.site.t.Helper()
	code := b.makeCode(username)
	b.post("/user/" + username + "/recovery/saved").wantStatus(http.StatusOK)
	return code
}

// startCodes shows the secret of new codes to somebody who confirmed lately.
func (b *browser) startCodes(username string) (phone, page) {
	b.site.t.Helper()
	p := b.post("/user/" + username + "/second-factor/codes").wantStatus(http.StatusOK)
	return phoneOf(p, b.site.clock), p
}

func phoneOf(p page, clock *clock) phone {
	p.t.Helper()
	element := p.element("secret")
	if element == nil {
		p.t.Fatalf("%s: no secret in: %s", p.what, p.body)
	}
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(readableText(element), " ", ""))
	if err != nil {
		p.t.Fatal(err)
	}
	return phone{secret, clock}
}

// phone takes the secret that the page on screen shows.
func (b *tab) phone() phone {
	b.t.Helper()
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(result[string](b, `return document.getElementById("secret").textContent.replaceAll(" ", "")`))
	if err != nil {
		b.t.Fatal(err)
	}
	return phone{secret, b.site.clock}
}

// enrolmentIn is the hidden field that carries a secret that is not stored yet.
func enrolmentIn(p page) string {
	p.t.Helper()
	return attribute(p.find(func(n *html.Node) bool { return attribute(n, "name") == "enrolment" }), "value")
}

// setUpCodes gives the account a recovery code and codes of an app.
func (b *browser) setUpCodes(username string) (p phone, recoveryCode string) {
	b.site.t.Helper()
	recoveryCode = b.saveCode(username)
	p, shown := b.startCodes(username)
	b.post("/user/"+username+"/second-factor/codes/confirm", "enrolment", enrolmentIn(shown), "one_time_code", p.code()).
		wantStatus(http.StatusOK).wantPath("/user/" + username + "/second-factor")
	return p, recoveryCode
}

// newSiteWithCodes starts a site on which bob has codes of an app, and is signed in.
func newSiteWithCodes(t testing.TB, flags ...string) (s *site, b *browser, p phone, recoveryCode string) {
	t.Helper()
	s, b = newSiteSignedIn(t, "bob", flags...)
	p, recoveryCode = b.setUpCodes("bob")
	return s, b, p, recoveryCode
}

func TestCodesAreTurnedOnByTypingOneOfThem(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	elsewhere := s.signedIn("bob")
	b.get("/user/bob").want("Second factor None yet")
	b.get("/user/bob/second-factor").want("First save a new recovery code").wantNot("Set up codes")
	b.post("/user/bob/second-factor/codes").wantPath("/user/bob/second-factor").want("First save a new recovery code")
	b.makeCode("bob")
	b.post("/user/bob/second-factor/codes").want("First save a new recovery code") // shown, but not said to be safe
	b.post("/user/bob/recovery/saved")

	p, shown := b.startCodes("bob")
	shown.want("Scan this", "This logs you out everywhere else and ends your app passwords.", "here it is "+s.clock.Now().UTC().Format("15:04:05")+" UTC")
	address := attribute(shown.find(func(n *html.Node) bool { return strings.HasPrefix(attribute(n, "href"), "otpauth:") }), "href")
	if address != totp.URI("Latchkey", "bob", p.secret) {
		t.Errorf("address %q", address)
	}
	confirm := func(code string) page {
		return b.post("/user/bob/second-factor/codes/confirm", "enrolment", enrolmentIn(shown), "one_time_code", code)
	}
	for code, message := range map[string]string{
		"": "A code has 6 digits.", "12345": "A code has 6 digits.", "1234567": "A code has 6 digits.", "12345a": "A code has 6 digits.",
		totp.Code(p.secret, totp.Step(s.clock.Now())+2): "Wrong code.",
	} {
		again := confirm(code).wantStatus(http.StatusUnprocessableEntity).want(message)
		if got := phoneOf(again, s.clock); string(got.secret) != string(p.secret) {
			t.Fatalf("after %q another secret is shown", code)
		}
	}
	b.get("/user/bob").want("Second factor None yet")
	confirm(" "+p.code()[:3]+" "+p.code()[3:]+" ").wantPath("/user/bob/second-factor").
		wantText("flash", "Your second factor is on. You are logged out everywhere else.").want("Codes from an app")
	b.get("/user/bob").want("Second factor Codes from an app")
	elsewhere.get("/user/bob").wantStatus(http.StatusUnauthorized)
	b.get("/user/bob/activity").want("Codes from an app were set up")
}

func TestCodesAreConfirmedWithinAQuarterOfAnHourByTheirOwnerAlone(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	b.saveCode("bob")
	s.signUp("alice")
	alice := s.signedIn("alice")
	alice.saveCode("alice")
	p, shown := b.startCodes("bob")
	enrolment := enrolmentIn(shown)
	alice.post("/user/alice/second-factor/codes/confirm", "enrolment", enrolment, "one_time_code", p.code()).
		wantPath("/user/alice/second-factor").want("Please start again.")
	for _, damaged := range []string{"", "!", "AAAA", enrolment[:len(enrolment)-2]} {
		b.post("/user/bob/second-factor/codes/confirm", "enrolment", damaged, "one_time_code", p.code()).want("Please start again.")
	}
	s.clock.Advance(16 * time.Minute)
	b.post("/user/bob/second-factor/codes/confirm", "enrolment", enrolment, "one_time_code", p.code()).want("Please start again.")
	if count := s.query("SELECT count(*) FROM totp"); count != "0" {
		t.Errorf("%s accounts have codes", count)
	}
}

func TestCodesAreSetUpAndRemovedOnlyAfterBothFactors(t *testing.T) {
	t.Parallel()
	s, b, p, _ := newSiteWithCodes(t)
	s.clock.Advance(11 * time.Minute)
	for _, path := range []string{"/user/bob/second-factor/codes", "/user/bob/second-factor/codes/remove", "/user/bob/recovery"} {
		b.post(path).wantStatus(http.StatusUnauthorized).want("Confirm it's you", "Code from your app")
		b.post(path, "confirm_password", goodPassword).wantStatus(http.StatusUnprocessableEntity).want("Code cannot be empty.")
		b.post(path, "confirm_password", goodPassword, "one_time_code", "000000").wantStatus(http.StatusUnauthorized).want("Wrong code.")
		b.post(path, "confirm_password", "wrong", "one_time_code", p.code()).wantStatus(http.StatusUnauthorized).want("Wrong password.")
	}
	// The password alone is enough for what changes no factor, and does not help with what does.
	b.post("/user/bob/delete", "username", "bob", "confirm_password", "wrong").wantStatus(http.StatusUnauthorized).wantNot("Code from your app")
	s.addApp("photos.example.org", "Photos", "everyone")
	b.post("/user/bob/app-passwords", "host", "photos.example.org", "name", "Phone", "confirm_password", goodPassword).
		wantStatus(http.StatusUnprocessableEntity).want("Code cannot be empty.")
	b.post("/user/bob/second-factor/codes", "confirm_password", goodPassword, "one_time_code", p.code()).wantStatus(http.StatusOK).want("Scan this")
	b.post("/user/bob/second-factor/codes/remove").wantPath("/user/bob/second-factor").wantText("flash", "Codes removed.")
	b.get("/user/bob/activity").want("Codes from an app were removed")
	s.browser().logIn("bob").wantPath("/user/bob")
}

func TestCodesOfAnotherPhoneReplaceTheOldOnes(t *testing.T) {
	t.Parallel()
	s, b, old, _ := newSiteWithCodes(t)
	p, shown := b.startCodes("bob")
	shown.wantNot("logs you out everywhere else")
	b.post("/user/bob/second-factor/codes/confirm", "enrolment", enrolmentIn(shown), "one_time_code", p.code()).wantText("flash", "Codes are on.")
	login := s.browser()
	login.logIn("bob")
	login.post("/login/second", "one_time_code", old.next()).wantStatus(http.StatusUnauthorized)
	login.post("/login/second", "one_time_code", p.code()).wantPath("/user/bob")
}

func TestCodesSecretIsSealedWithAKeyBesideTheDatabase(t *testing.T) {
	t.Parallel()
	s, _, p, recoveryCode := newSiteWithCodes(t)
	info, err := os.Stat(s.app.settings.DB + ".key")
	if err != nil || info.Mode() != 0o600 {
		t.Fatalf("key file: %v, %v", info, err)
	}
	login := s.browser()
	login.logIn("bob")
	used := p.next()
	pages := login.post("/login/second", "one_time_code", used).body
	for _, path := range []string{"/user/bob", "/user/bob/second-factor", "/user/bob/activity", "/user/bob/recovery", "/user/bob/sign-ins"} {
		pages += login.get(path).wantStatus(http.StatusOK).body
	}
	again := s.browser()
	again.logIn("bob")
	for _, code := range []string{used, "000000"} {
		pages += again.post("/login/second", "one_time_code", code).wantStatus(http.StatusUnauthorized).body
	}
	pages += again.post("/login/second/recovery", "recovery_code", "wrong").wantStatus(http.StatusUnauthorized).body
	pages += again.get("/nothing").wantStatus(http.StatusNotFound).body
	pages += again.post("/recover", "username", "bob", "code", "wrong").wantStatus(http.StatusUnauthorized).body
	pages += again.post("/recover", "username", "nobody", "code", recoveryCode).wantStatus(http.StatusUnauthorized).body
	// The second form of a recovery carries the code, which has to come back with it.
	pages += strings.ReplaceAll(again.post("/recover", "username", "bob", "code", recoveryCode).wantStatus(http.StatusOK).body, recoveryCode, "")
	pages += strings.ReplaceAll(again.post("/recover", "username", "bob", "code", recoveryCode, "password", newPassword, "one_time_code", used).
		wantStatus(http.StatusUnauthorized).body, recoveryCode, "")
	s.clock.Advance(11 * time.Minute)
	for _, code := range []string{used, "000000", ""} {
		refused := login.post("/user/bob/second-factor/codes", confirmField, goodPassword, "one_time_code", code)
		pages += refused.want("Confirm it's you").body
	}
	if err := os.Rename(s.app.settings.keyFile(), s.app.settings.keyFile()+".moved"); err != nil {
		t.Fatal(err)
	}
	again.logIn("bob")
	pages += again.post("/login/second", "one_time_code", p.code()).wantStatus(http.StatusServiceUnavailable).body
	copied := s.app.settings.DB + ".copy"
	if err := s.app.store.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(copied)
	if err != nil {
		t.Fatal(err)
	}
	groups := totp.Groups(p.secret)
	for place, text := range map[string]string{"the pages": pages, "the log": s.log.String(), "a copy of the database": string(content), "the metrics": fmt.Sprint(s.metrics()), "the events": s.mustRun("events", "--json")} {
		for _, secret := range []string{string(p.secret), groups, strings.ReplaceAll(groups, " ", ""), used, recoveryCode, goodPassword, newPassword} {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds a secret", place)
			}
		}
	}
}
