package main

import (
	"net/http"
	"os"
	"testing"
	"time"
)

func TestSecondFactorWhereItIsRequiredIsReplacedWhenTheKeyFileIsLost(t *testing.T) {
	t.Parallel()
	s, old, p, recoveryCode := newSiteWithCodes(t)
	s.app.settings.SecondFactor = "required"
	key, err := os.ReadFile(s.app.settings.keyFile())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(s.app.settings.keyFile()); err != nil {
		t.Fatal(err)
	}
	s.clock.Advance(time.Minute)
	b := s.browser()
	b.logIn("bob").wantPath("/login/second")
	b.post("/login/second/recovery", "recovery_code", recoveryCode).wantStatus(http.StatusOK).want("You are logged in")
	b.post("/user/bob/recovery/saved").wantPath("/user/bob/second-factor").want("You logged in with a recovery code. Set up a new second factor to go on.").
		wantNot("Back to your account")
	for _, path := range []string{"/", "/user/bob", "/user/bob/sign-ins", "/user/bob/password", "/user/bob/app-passwords"} {
		b.get(path).wantPath("/user/bob/second-factor")
	}
	b.post("/user/bob/sign-ins/others").wantPath("/user/bob/second-factor")
	old.get("/user/bob").wantPath("/user/bob").wantStatus(http.StatusOK) // it was proved with the factor

	if err := os.WriteFile(s.app.settings.keyFile(), key, 0o600); err != nil {
		t.Fatal(err)
	}
	withCode := s.browser()
	withCode.logIn("bob")
	withCode.post("/login/second", "one_time_code", p.code()).wantPath("/user/bob")
	newPhone, shown := b.startCodes("bob")
	b.post("/user/bob/second-factor/codes/confirm", "enrolment", enrolmentIn(shown), "one_time_code", newPhone.code()).wantStatus(http.StatusOK)
	b.get("/user/bob").wantPath("/user/bob").wantStatus(http.StatusOK)
}

func TestSecondFactorWhereItIsRequiredIsReplacedWhenPasskeysAreOfAnOldHost(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "bob")
	_, device := s.withPasskey("bob")
	code := s.saveRecoveryCodeBy(device, "bob")
	s.exec("UPDATE passkeys SET rp_id = 'old.example.org'")
	s.clock.Advance(time.Minute)
	b := s.half("bob")
	b.post("/login/second/recovery", "recovery_code", code).wantStatus(http.StatusOK).want("You are logged in")
	b.get("/user/bob").wantPath("/user/bob") // nothing is required
	s.mustRun("group", "add", "family", "bob")
	s.mustRun("group", "set", "family", "--require-second-factor")
	b.get("/user/bob").wantPath("/user/bob/second-factor").want("Set up a new second factor to go on.", "old.example.org")
	b.addPasskey("bob", s.device())
	b.get("/user/bob").wantPath("/user/bob").wantStatus(http.StatusOK)
}

func TestAppThatRequiresASecondFactorLetsInNobodyByRecoveryCode(t *testing.T) {
	t.Parallel()
	s, b := newAppSite(t)
	_, recoveryCode := b.setUpCodes("bob")
	s.clock.Advance(time.Minute)
	lost := s.browser()
	lost.logIn("bob")
	lost.post("/login/second/recovery", "recovery_code", recoveryCode).wantStatus(http.StatusOK)
	photos := s.onApp(t, "photos.example.org")
	photos.enter(lost, "/album")
	photos.want(http.StatusOK, "/album", navigation)
	s.mustRun("app", "set", "photos.example.org", "--require-second-factor")
	photos.want(http.StatusFound, "/album", navigation)
	lost.get("/enter?app=photos.example.org&to=%2Falbum&way=http").wantPath("/user/bob/second-factor").wantText("flash", "Photos needs a second factor.")
	lost.post("/user/bob/recovery/saved")
	newPhone, shown := lost.startCodes("bob")
	lost.post("/user/bob/second-factor/codes/confirm", "enrolment", enrolmentIn(shown), "one_time_code", newPhone.code()).wantStatus(http.StatusOK)
	photos.want(http.StatusOK, "/album", navigation)
}
