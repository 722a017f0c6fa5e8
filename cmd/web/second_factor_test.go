package main

import (
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"

	"latchkey/internal/sealing"
)

func TestFirstSecondFactorTakesNoRecoveryCodeThatAnotherSignInMade(t *testing.T) {
	t.Parallel()
	s, owner := newSiteSignedIn(t, "bob")
	owner.saveCode("bob")
	thief := s.signedIn("bob") // knows the password
	stolen := thief.saveCode("bob")
	owner.post("/user/bob/second-factor/codes").wantPath("/user/bob/second-factor").want("First save a new recovery code")
	p, _ := owner.setUpCodes("bob") // makes a new one first
	thief = s.browser()
	thief.logIn("bob")
	thief.post("/login/second/recovery", "recovery_code", stolen).wantStatus(http.StatusUnauthorized)
	thief.post("/login/second", "one_time_code", p.next()).wantPath("/user/bob")
}

func TestFirstSecondFactorEndsAppPasswordsThatThePasswordAloneMade(t *testing.T) {
	t.Parallel()
	s, b := newAppSite(t)
	secret := b.makeAppPassword("bob", "photos.example.org", "phone")
	photos := s.onApp(t, "photos.example.org")
	photos.want(http.StatusOK, "/dav", basic(secret))
	b.setUpCodes("bob")
	photos.want(http.StatusUnauthorized, "/dav", basic(secret))
	fresh := b.makeAppPassword("bob", "photos.example.org", "phone")
	photos.want(http.StatusOK, "/dav", basic(fresh))
}

func TestPasswordChangeTakesTheSecondFactor(t *testing.T) {
	t.Parallel()
	s, b, p, _ := newSiteWithCodes(t)
	b.get("/user/bob/password").wantNot("Code from your app") // it was shown a moment ago
	s.clock.Advance(11 * time.Minute)
	b.get("/user/bob/password").want("Code from your app")
	change := func(code string) page {
		return b.post("/user/bob/password", "current_password", goodPassword, "password", "another "+goodPassword, "one_time_code", code)
	}
	change("").wantStatus(http.StatusUnprocessableEntity).want("Code cannot be empty.")
	change("000000").wantStatus(http.StatusUnauthorized).want("Wrong code.")
	b.post("/user/bob/password", "current_password", "wrong", "password", "another "+goodPassword, "one_time_code", p.code()).
		wantStatus(http.StatusUnprocessableEntity).want("Wrong password.")
	s.browser().logIn("bob").wantPath("/login/second") // nothing has changed
	change(p.code()).wantPath("/user/bob").want("Password changed.")
	change(p.code()).wantStatus(http.StatusUnprocessableEntity) // the code is spent, and the password another
}

func TestEnrolmentOfCodesIsGoodInItsSignInAlone(t *testing.T) {
	t.Parallel()
	s, b, old, _ := newSiteWithCodes(t)
	p, shown := b.startCodes("bob")
	elsewhere := s.browser()
	elsewhere.logIn("bob")
	elsewhere.post("/login/second", "one_time_code", old.next()).wantPath("/user/bob")
	elsewhere.post("/user/bob/second-factor/codes/confirm", "enrolment", enrolmentIn(shown), "one_time_code", p.code()).want("Please start again.")
	b.post("/user/bob/second-factor/codes/confirm", "enrolment", enrolmentIn(shown), "one_time_code", p.code()).wantText("flash", "Codes are on.")
}

func TestHalfLoginEndsWithALogOutInItsBrowser(t *testing.T) {
	t.Parallel()
	s, _, p, _ := newSiteWithCodes(t)
	s.signUp("alice")
	for _, path := range []string{"/logout/alice", "/logout"} {
		b := s.signedIn("alice")
		b.logIn("bob").wantPath("/login/second")
		b.post(path).wantStatus(http.StatusOK)
		b.post("/login/second", "one_time_code", p.next()).wantStatus(http.StatusUnauthorized)
		b.get("/user/bob").wantStatus(http.StatusUnauthorized)
	}
}

func TestHalfLoginOfAWrongClockIsOver(t *testing.T) {
	t.Parallel()
	s, _, p, _ := newSiteWithCodes(t)
	s.clock.Advance(30 * 24 * time.Hour)
	b := s.browser()
	b.logIn("bob").wantPath("/login/second")
	s.clock.Advance(-30 * 24 * time.Hour)
	b.post("/login/second", "one_time_code", p.next()).wantStatus(http.StatusUnauthorized)
	b.get("/user/bob").wantStatus(http.StatusUnauthorized)
}

func TestOwnerIsNotToldOfALoginThatTheSameBrowserBeganAgain(t *testing.T) {
	t.Parallel()
	s, _, p, recoveryCode := newSiteWithCodes(t)
	b := s.browser()
	b.logIn("bob")
	b.logIn("bob") // went back, and typed it once more
	b.post("/login/second", "one_time_code", p.next()).wantPath("/user/bob").wantNot("Somebody knew your password")
	b.get("/user/bob/activity").wantNot("Right password, but no second factor")
	s.clock.Advance(time.Minute)
	other := s.browser()
	other.logIn("bob")
	b.get("/user/bob").want("Somebody knew your password")
	other.post("/login/second/recovery", "recovery_code", recoveryCode).wantStatus(http.StatusOK)
	b.get("/user/bob").wantNot("Somebody knew your password")
}

func TestOwnerSeesThatARecoveryCodeWasRightAndTheSecondFactorMissing(t *testing.T) {
	t.Parallel()
	s, b, _, recoveryCode := newSiteWithCodes(t)
	thief := s.browser()
	thief.post("/recover", "username", "bob", "code", recoveryCode).wantStatus(http.StatusOK)
	b.get("/user/bob/activity").want("Right recovery code; the second factor was asked for")
}

func TestCodesAreNotSetUpUnderAnotherKeyThanThoseOfOthers(t *testing.T) {
	t.Parallel()
	s, _, _, _ := newSiteWithCodes(t)
	s.signUp("alice")
	alice := s.signedIn("alice")
	alice.saveCode("alice")
	path := s.app.settings.keyFile()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	for _, make := range []func() error{
		func() error { return nil },
		func() error { _, err := sealing.MakeKey(path); return err },
		func() error { return os.Rename(path, path+".other") },
		func() error { return syscall.Mkfifo(path, 0o600) },
	} {
		if err := make(); err != nil {
			t.Fatal(err)
		}
		alice.post("/user/alice/second-factor/codes").wantText("flash", "Codes cannot be set up at this moment. Contact the administrator.").wantNot("Scan this")
	}
}
