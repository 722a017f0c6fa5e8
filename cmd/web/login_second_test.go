package main

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/totp"
)

func TestLoginWithCodesTakesTwoSteps(t *testing.T) {
	t.Parallel()
	s, _, p, _ := newSiteWithCodes(t)
	for _, htmx := range []bool{false, true} {
		b := s.browser()
		send := b
		if htmx {
			send = b.htmx()
		}
		p.next()
		s.exec("DELETE FROM events")
		send.post("/login", "username", "Bob", "password", goodPassword, "next", "/user/bob/activity").
			wantPath("/login/second").want("Your password was right.", "Code from your app").wantAttribute("one_time_code", "autocomplete", "one-time-code")
		if b.cookie("device") != "" {
			t.Error("the browser is known before the second step")
		}
		if got := s.query("SELECT string_agg(kind, ',' ORDER BY id) FROM events"); got != "second step missing" {
			t.Errorf("events %s", got)
		}
		b.get("/user/bob").wantStatus(http.StatusUnauthorized)
		b.get("/").wantPath("/login")
		half := b.cookie("session")
		send.post("/login/second", "one_time_code", p.code(), "next", "/user/bob/activity").wantPath("/user/bob/activity").wantStatus(http.StatusOK)
		if got := s.query("SELECT string_agg(kind, ',' ORDER BY id) FROM events"); got != "login succeeded" {
			t.Errorf("events %s", got)
		}
		if b.cookie("device") == "" || b.cookie("session") == half {
			t.Error("the second step brought no new cookies")
		}
		b.get("/user/bob").wantStatus(http.StatusOK).wantNot("Somebody knew your password")
	}
	if got := s.query("SELECT count(*) FROM half_logins"); got != "0" {
		t.Errorf("%s logins are half done", got)
	}
}

func TestLoginRefusesCodesThatAreNotTheAccounts(t *testing.T) {
	t.Parallel()
	s, _, p, _ := newSiteWithCodes(t, "--known-browser-failures=1000", "--unknown-browser-failures=90")
	s.signUp("alice")
	other, _ := s.signedIn("alice").setUpCodes("alice")
	b := s.browser()
	b.logIn("bob")
	s.clock.Advance(2 * totp.Period)
	step := totp.Step(s.clock.Now())
	for code, want := range map[string]struct {
		status  int
		message string
	}{
		"":                           {422, "Code cannot be empty."},
		"12345":                      {422, "A code has 6 digits."},
		"1234567":                    {422, "A code has 6 digits."},
		"12345a":                     {422, "A code has 6 digits."},
		other.code():                 {401, "Wrong code."},
		totp.Code(p.secret, step-2):  {401, "Wrong code."},
		totp.Code(p.secret, step+2):  {401, "Wrong code."},
		totp.Code(p.secret, step+50): {401, "Wrong code."},
	} {
		b.post("/login/second", "one_time_code", code).wantStatus(want.status).want(want.message)
		b.get("/user/bob").wantStatus(http.StatusUnauthorized)
	}
	wide := strings.NewReplacer("0", "０", "1", "１", "2", "２", "3", "３", "4", "４", "5", "５", "6", "６", "7", "７", "8", "８", "9", "９").Replace(p.code())
	b.post("/login/second", "one_time_code", wide).wantPath("/user/bob")
}

func TestLoginTakesEachCodeOnce(t *testing.T) {
	t.Parallel()
	s, _, p, _ := newSiteWithCodes(t)
	first := s.browser()
	first.logIn("bob")
	first.post("/login/second", "one_time_code", p.code()).wantStatus(http.StatusUnauthorized).want("This code was used before.") // at enrolment
	code := p.next()
	first.post("/login/second", "one_time_code", code).wantPath("/user/bob")
	second := s.browser()
	second.logIn("bob")
	second.post("/login/second", "one_time_code", code).wantStatus(http.StatusUnauthorized).want("This code was used before.")
	s.clock.Advance(totp.Period) // it would still be in time
	second.post("/login/second", "one_time_code", code).wantStatus(http.StatusUnauthorized)
	second.post("/login/second", "one_time_code", p.code()).wantPath("/user/bob")
}

func TestLoginTakesACodeOnceOfManyAtTheSameMoment(t *testing.T) {
	t.Parallel()
	s, _, p, _ := newSiteWithCodes(t, "--unknown-browser-failures=90")
	browsers := make([]*browser, 20)
	for i := range browsers {
		browsers[i] = s.browser()
		browsers[i].logIn("bob")
	}
	code := p.next()
	var group sync.WaitGroup
	var mu sync.Mutex
	in := 0
	for _, b := range browsers {
		group.Go(func() {
			if b.stay().post("/login/second", "one_time_code", code).status == http.StatusSeeOther {
				mu.Lock()
				in++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if in != 1 {
		t.Errorf("one code signed in %d browsers", in)
	}
}

func TestLoginsSecondStepNeedsTheFirstInThisBrowser(t *testing.T) {
	t.Parallel()
	s, _, p, recoveryCode := newSiteWithCodes(t)
	stranger := s.browser()
	stranger.get("/login/second?next=%2Fuser%2Fbob").wantPath("/login")
	stranger.get("/login/second/recovery").wantPath("/login")
	stranger.post("/login/second", "one_time_code", p.next()).wantStatus(http.StatusUnauthorized).want(tookTooLong)
	stranger.post("/login/second/recovery", "recovery_code", recoveryCode).wantStatus(http.StatusUnauthorized).want(tookTooLong)

	// The session of a half login, copied, is worth nothing once the login is whole.
	b, thief := s.browser(), s.browser()
	b.logIn("bob")
	thief.setCookie("session", b.cookie("session"))
	b.post("/login/second", "one_time_code", p.code()).wantPath("/user/bob")
	thief.get("/user/bob").wantStatus(http.StatusUnauthorized)
	thief.post("/login/second", "one_time_code", p.next()).wantStatus(http.StatusUnauthorized).want(tookTooLong)
}

func TestLoginThatIsHalfDoneEndsWithWhatEndsSignIns(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*site, *browser){
		"ten minutes":          func(s *site, _ *browser) { s.clock.Advance(10 * time.Minute) },
		"a new password":       func(_ *site, b *browser) { b.changePassword(goodPassword, goodPassword+" 2").wantStatus(http.StatusOK) },
		"disabling":            func(s *site, _ *browser) { s.mustRun("user", "disable", "bob") },
		"deleting":             func(s *site, _ *browser) { s.mustRun("user", "delete", "bob") },
		"user sign-out":        func(s *site, _ *browser) { s.mustRun("user", "sign-out", "bob") },
		"user sign-out --all":  func(s *site, _ *browser) { s.mustRun("user", "sign-out", "--all") },
		"log out everywhere":   func(_ *site, b *browser) { b.post("/user/bob/sign-ins/others").wantStatus(http.StatusOK) },
		"another's hash":       func(s *site, _ *browser) { s.exec("UPDATE users SET pass_hash = 'x' WHERE username = 'bob'") },
		"a link that was used": func(s *site, _ *browser) { s.exec("DELETE FROM half_logins") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, b, p, _ := newSiteWithCodes(t)
			half := s.browser()
			half.logIn("bob").wantPath("/login/second")
			end(s, b)
			half.post("/login/second", "one_time_code", p.next()).wantStatus(http.StatusUnauthorized).want(tookTooLong)
			half.get("/user/bob").wantStatus(http.StatusUnauthorized)
		})
	}
}

func TestLoginOfASecondAccountKeepsTheFirstSignedIn(t *testing.T) {
	t.Parallel()
	s, _, p, _ := newSiteWithCodes(t)
	s.signUp("alice")
	b := s.signedIn("alice", "remember", "yes")
	b.logIn("bob").wantPath("/login/second")
	s.clock.Advance(9 * time.Minute)
	b.get("/user/alice").wantStatus(http.StatusOK)
	b.post("/login/second", "one_time_code", p.code()).wantPath("/user/bob")
	b.get("/user/alice").wantStatus(http.StatusOK)
	s.clock.Advance(3 * time.Hour) // bob's is not remembered
	b.get("/user/alice").wantStatus(http.StatusOK)
	b.get("/user/bob").wantStatus(http.StatusUnauthorized)
}

func TestLoginByPasswordAndRecoveryCodeAsksToReplaceTheFactor(t *testing.T) {
	t.Parallel()
	s, _, p, recoveryCode := newSiteWithCodes(t)
	s.clock.Advance(time.Minute)
	b := s.browser()
	b.logIn("bob").want("Use your recovery code")
	b.get("/login/second/recovery").want("It works once.")
	b.post("/login/second/recovery", "recovery_code", " ").wantStatus(http.StatusUnprocessableEntity)
	b.post("/login/second/recovery", "recovery_code", "AAAAA-AAAAA").wantStatus(http.StatusUnauthorized).want("Wrong recovery code.")
	fresh := recoveryCodeIn(b.post("/login/second/recovery", "recovery_code", strings.ToLower(recoveryCode)).wantStatus(http.StatusOK).
		want("You are logged in", "Here is a new one.", "Replace your second factor"))
	b.post("/user/bob/recovery/saved")
	b.get("/user/bob").want("Replace your second factor", "You logged in with a recovery code.")
	b.get("/user/bob/activity").want("The recovery code was used")
	// The new phone: the recovery code stood in for the old one.
	newPhone, shown := b.startCodes("bob")
	b.post("/user/bob/second-factor/codes/confirm", "enrolment", enrolmentIn(shown), "one_time_code", newPhone.code()).wantStatus(http.StatusOK)
	b.get("/user/bob").wantNot("You logged in with a recovery code.")

	again := s.browser()
	again.logIn("bob")
	again.post("/login/second/recovery", "recovery_code", recoveryCode).wantStatus(http.StatusUnauthorized)
	again.post("/login/second", "one_time_code", p.next()).wantStatus(http.StatusUnauthorized)
	again.post("/login/second/recovery", "recovery_code", fresh).wantStatus(http.StatusOK)
}

func TestRecoveryOfAnAccountWithCodesTakesOneOfThem(t *testing.T) {
	t.Parallel()
	s, _, p, recoveryCode := newSiteWithCodes(t)
	b := s.browser()
	b.post("/recover", "username", "bob", "code", "AAAAA").wantStatus(http.StatusUnauthorized).wantNot("Code from your app")
	b.post("/recover", "username", "bob", "code", recoveryCode).wantStatus(http.StatusOK).want("Choose a new password", "Code from your app")
	set := func(code string) page {
		return b.post("/recover", "username", "bob", "code", recoveryCode, "password", "another "+goodPassword, "one_time_code", code)
	}
	set("").wantStatus(http.StatusUnprocessableEntity).want("Code cannot be empty.")
	set("000000").wantStatus(http.StatusUnauthorized).want("Wrong code.")
	s.browser().logIn("bob").wantPath("/login/second") // nothing has changed
	set(p.next()).wantStatus(http.StatusOK).want("Password set")
	b.get("/user/bob").wantStatus(http.StatusOK).want("Second factor Codes from an app")
}

func TestPasswordLinkTakesACodeUnlessTheSecondFactorIsLost(t *testing.T) {
	t.Parallel()
	s, _, p, _ := newSiteWithCodes(t)
	path := func(more ...string) string {
		link := strings.TrimSpace(s.mustRun(append([]string{"user", "reset", "bob"}, more...)...))
		return link[strings.Index(link, "/choose-password/"):]
	}
	b, link := s.browser(), path()
	b.get(link).want("Code from your app")
	b.post(link, "password", "another "+goodPassword).wantStatus(http.StatusUnprocessableEntity).want("Code cannot be empty.")
	b.post(link, "password", "another "+goodPassword, "one_time_code", "000000").wantStatus(http.StatusUnauthorized)
	b.post(link, "password", "another "+goodPassword, "one_time_code", p.next()).wantPath("/user/bob")
	b.get("/user/bob").want("Second factor Codes from an app")

	lost, link := s.browser(), path("--lost-second-factor")
	lost.get(link).wantNot("Code from your app")
	b.get("/user/bob").want("Second factor Codes from an app") // until it is used
	lost.post(link, "password", "a third "+goodPassword).wantPath("/user/bob").want("Second factor None yet")
	lost.get("/user/bob/activity").want("The second factors were removed as lost")
}

func TestOwnerIsToldThatSomebodyKnewThePasswordAndHadNoCode(t *testing.T) {
	t.Parallel()
	s, b, p, _ := newSiteWithCodes(t)
	s.clock.Advance(time.Minute)
	thief := s.browser().with("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0")
	thief.logIn("bob")
	thief.post("/login/second", "one_time_code", "000000").wantStatus(http.StatusUnauthorized)
	s.clock.Advance(time.Hour)
	login := s.browser()
	login.logIn("bob")
	login.post("/login/second", "one_time_code", p.code()).want("Somebody knew your password", "Firefox on Linux, from 127.0.0.1", "change your password")
	login.get("/user/bob/activity").want("Right password, but no second factor", "A wrong code was tried")
	b.post("/user/bob/seen").wantPath("/user/bob").wantNot("Somebody knew your password")
	login.get("/user/bob").wantNot("Somebody knew your password")
	login.get("/user/bob/activity").want("Right password, but no second factor")
}

func TestSecondFactorWhereItIsRequiredComesBeforeAllElse(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	s.app.settings.SecondFactor = "required" // as after a restart: the sign-in is older
	for _, path := range []string{"/", "/user/bob", "/user/bob/sign-ins", "/user/bob/password", "/user/bob/activity", "/user/bob/delete", "/user/bob/app-passwords"} {
		b.get(path).wantPath("/user/bob/second-factor").want("You need a second factor to go on.", "Create recovery code").wantNot("Back to your account")
	}
	b.post("/user/bob/sign-ins/others").wantPath("/user/bob/second-factor")
	p, _ := b.setUpCodes("bob")
	b.get("/user/bob").wantPath("/user/bob").wantStatus(http.StatusOK)
	s.browser().get("/user/bob").wantStatus(http.StatusUnauthorized)

	again := s.browser()
	again.logIn("bob").wantPath("/login/second")
	again.post("/login/second", "one_time_code", p.next()).wantPath("/user/bob")
	b.post("/logout/bob").wantStatus(http.StatusOK)
}

func TestSecondFactorThatAGroupRequiresComesBeforeAllElse(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	s.mustRun("group", "add", "family", "bob")
	b.get("/user/bob").wantPath("/user/bob")
	s.mustRun("group", "set", "family", "--require-second-factor")
	b.get("/user/bob").wantPath("/user/bob/second-factor")
	s.signUp("alice")
	s.signedIn("alice").get("/user/alice").wantPath("/user/alice")
}

func TestAppThatRequiresASecondFactorLetsInOnlyWhoHasOne(t *testing.T) {
	t.Parallel()
	s, b := newAppSite(t)
	photos := s.onApp(t, "photos.example.org")
	photos.enter(b, "/album")
	photos.want(http.StatusOK, "/album", navigation)
	s.mustRun("app", "set", "photos.example.org", "--require-second-factor")
	photos.want(http.StatusFound, "/album", navigation) // existing sign-ins included
	photos.want(http.StatusUnauthorized, "/album.json", http.Header{"Sec-Fetch-Mode": {"cors"}, "Sec-Fetch-Dest": {"empty"}})
	b.get("/enter?app=photos.example.org&to=%2Falbum&way=http").wantPath("/user/bob/second-factor").wantText("flash", "Photos needs a second factor.")
	b.get("/user/bob").wantPath("/user/bob") // the rest goes on
	b.setUpCodes("bob")
	photos.want(http.StatusOK, "/album", navigation)

	s.mustRun("app", "set", "photos.example.org", "--no-require-second-factor")
	s.exec("DELETE FROM totp")
	photos.want(http.StatusOK, "/album", navigation)
	s.app.settings.SecondFactor = "required"
	photos.want(http.StatusFound, "/album", navigation)
	b.get("/enter?app=photos.example.org&to=%2Falbum&way=http").wantPath("/user/bob/second-factor")
}

func TestAppPasswordOfAnAccountWithoutTheRequiredSecondFactorIsWorthNothing(t *testing.T) {
	t.Parallel()
	s, b := newAppSite(t)
	secret := b.makeAppPassword("bob", "photos.example.org", "phone")
	photos := s.onApp(t, "photos.example.org")
	photos.want(http.StatusOK, "/dav", basic(secret))
	s.mustRun("app", "set", "photos.example.org", "--require-second-factor")
	photos.want(http.StatusForbidden, "/dav", basic(secret))
	b.setUpCodes("bob")
	photos.want(http.StatusOK, "/dav", basic(b.makeAppPassword("bob", "photos.example.org", "phone")))
}
