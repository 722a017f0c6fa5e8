package main

import (
	"net/http"
	"sync/atomic"
	"testing"

	"latchkey/internal/totp"
)

// counted is what the limits have counted so far, and the events.
func (s *site) counted() string {
	s.t.Helper()
	return s.query("SELECT (SELECT coalesce(sum(failures), 0) FROM throttle) || ' ' || (SELECT count(*) FROM events)")
}

func TestLoginTriesASecondStepOfAnotherTabAgainstNobody(t *testing.T) {
	t.Parallel()
	s, _, bobs, bobsRecovery := newSiteWithCodes(t)
	s.signUp("alice")
	alices, _ := s.signedIn("alice").setUpCodes("alice")
	for _, htmx := range []bool{false, true} {
		b := s.browser()
		send := b
		if htmx {
			send = b.htmx()
		}
		b.logIn("bob").wantPath("/login/second")
		b.logIn("alice").wantPath("/login/second") // in another tab
		before := s.counted()
		for _, form := range [][]string{
			{"/login/second", "one_time_code", bobs.next()},
			{"/login/second", "one_time_code", "000000"},
			{"/login/second/recovery", "recovery_code", bobsRecovery},
			{"/login/second/recovery", "recovery_code", "AAAAA"},
		} {
			send.post(form[0], "account", "bob", "next", "/user/bob/activity", form[1], form[2]).wantPath("/login/second").wantStatus(http.StatusOK).
				wantText("flash", "You are logging in as Alice in another tab. For another account, go back to log in.").
				wantAttribute("one_time_code", "autocomplete", "one-time-code")
		}
		if got := s.counted(); got != before {
			t.Errorf("counted %s, want %s as before", got, before)
		}
		b.get("/user/bob").wantStatus(http.StatusUnauthorized)
		b.post("/login/second", "account", "alice", "one_time_code", alices.next()).wantPath("/user/alice")
	}
}

func TestPasskeyOfAnotherTabIsAskedForAndTriedAgainstNobody(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "alice", "bob")
	_, bobs := s.withPasskey("bob")
	_, alices := s.withPasskey("alice")
	b := s.half("bob")
	options := b.challenge("second", "account", "bob")
	b.logIn("alice").wantPath("/login/second")
	before := s.counted()
	b.post("/passkey/challenge", "purpose", "second", "account", "bob").wantStatus(http.StatusUnauthorized)
	b.post("/login/second", "account", "bob", "passkey", bobs.Get(options)).wantPath("/login/second").
		wantText("flash", "You are logging in as Alice in another tab. For another account, go back to log in.")
	if got := s.counted(); got != before {
		t.Errorf("counted %s, want %s as before", got, before)
	}
	b.post("/login/second", "account", "alice", "passkey", alices.Get(b.challenge("second", "account", "alice"))).wantPath("/user/alice")
}

func TestLoginWithBothStepsInTwoBrowsersSignsNobodyIn(t *testing.T) {
	t.Parallel()
	s, _, bobs, _ := newSiteWithCodes(t)
	s.signUp("alice")
	s.signedIn("alice").setUpCodes("alice")
	first, none, hers := s.browser(), s.browser(), s.browser()
	first.logIn("bob").wantPath("/login/second")
	hers.logIn("alice").wantPath("/login/second")
	none.post("/login/second", "account", "bob", "one_time_code", bobs.next()).wantStatus(http.StatusUnauthorized).want(tookTooLong)
	hers.post("/login/second", "account", "bob", "one_time_code", bobs.code()).wantPath("/login/second")
	hers.post("/login/second", "one_time_code", bobs.code()).wantStatus(http.StatusUnauthorized).want("Wrong code.")
	for _, b := range []*browser{none, hers} {
		b.get("/user/bob").wantStatus(http.StatusUnauthorized)
		b.get("/user/alice").wantStatus(http.StatusUnauthorized)
	}
	first.post("/login/second", "account", "bob", "one_time_code", bobs.code()).wantPath("/user/bob") // nothing used it up
}

func TestLoginWhoseSessionWasCopiedHalfWaySignsInOneBrowserAtMost(t *testing.T) {
	t.Parallel()
	s, _, p, _ := newSiteWithCodes(t, "--known-browser-failures=1000", "--unknown-browser-failures=90")
	for range 20 {
		s.clock.Advance(3 * totp.Period)
		browsers := []*browser{s.browser(), s.browser()}
		browsers[0].logIn("bob").wantPath("/login/second")
		browsers[1].setCookie("session", browsers[0].cookie("session"))
		step := totp.Step(s.clock.Now())
		codes := []string{totp.Code(p.secret, step), totp.Code(p.secret, step+1)} // both are good
		before := s.query("SELECT count(*) + 1 FROM sign_ins")
		var next atomic.Int32
		s.atOnce(2, func() {
			i := next.Add(1) - 1
			browsers[i].stay().post("/login/second", "account", "bob", "one_time_code", codes[i])
		})
		if got := s.query("SELECT count(*) FROM sign_ins"); got != before {
			t.Fatalf("%s sign-ins, want %s", got, before)
		}
		in := 0
		for _, b := range browsers {
			if b.get("/user/bob").status == http.StatusOK {
				in++
			}
		}
		if in != 1 {
			t.Fatalf("signed in in %d browsers", in)
		}
		s.clock.Advance(3 * totp.Period)
	}
}
