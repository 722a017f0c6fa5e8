package main

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// codeAttempts is how many codes somebody can try who knows the password, uses as many addresses, and tries as soon as the
// limits allow.
func codeAttempts(t *testing.T, addresses int) (firstDay, inAll int) {
	t.Helper()
	s, _, _, _ := newSiteWithCodes(t, "--trusted-proxy=127.0.0.1")
	start := s.clock.Now()
	b := s.browser()
	for try := 0; ; try++ {
		from := b.with("X-Forwarded-For", fmt.Sprintf("10.0.%d.%d", try%addresses/256, try%addresses%256))
		from.logIn("bob").wantPath("/login/second") // the password is right each time, and resets nothing
		p := from.post("/login/second", "one_time_code", "000000")
		switch {
		case p.status == http.StatusUnauthorized:
			p.want("Wrong code.")
			inAll++
			if s.clock.Now().Sub(start) < 24*time.Hour {
				firstDay++
			}
		case strings.Contains(p.body, "Locked after too many failed logins"):
			return firstDay, inAll
		default:
			wait, err := strconv.Atoi(p.wantStatus(http.StatusTooManyRequests).header.Get("Retry-After"))
			if err != nil {
				t.Fatal(err)
			}
			s.clock.Advance(time.Duration(wait) * time.Second)
		}
	}
}

func TestSecurityMDSaysHowManyCodesSomebodyCanTryWhoKnowsThePassword(t *testing.T) {
	t.Parallel()
	for _, addresses := range []int{1, 10_000} {
		day, inAll := codeAttempts(t, addresses)
		// Three of a million codes are right at each moment.
		sentence := fmt.Sprintf("Somebody who knows the password can try %d codes on the first day and %d in all: a chance of 1 in %d", day, inAll, 1_000_000/(3*inAll))
		text, err := os.ReadFile("../../SECURITY.md")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(strings.Join(strings.Fields(string(text)), " "), sentence) {
			t.Errorf("from %d addresses: %s; SECURITY.md says otherwise", addresses, sentence)
		}
	}
}

func TestCodesThatOthersTryKeepNoOwnerOutOfAKnownBrowser(t *testing.T) {
	t.Parallel()
	s, b, p, _ := newSiteWithCodes(t)
	b.post("/logout")
	thief := s.browser()
	thief.logIn("bob")
	for range 5 {
		thief.post("/login/second", "one_time_code", "000000").wantStatus(http.StatusUnauthorized)
	}
	thief.post("/login/second", "one_time_code", p.code()).wantStatus(http.StatusTooManyRequests).want("Too many failed logins")
	b.logIn("bob")
	b.post("/login/second", "one_time_code", p.next()).wantPath("/user/bob")
	// It resets what others tried.
	thief.post("/login/second", "one_time_code", "000000").wantStatus(http.StatusUnauthorized)
}

func TestUserUnlockLetsCodesBeTriedAgain(t *testing.T) {
	t.Parallel()
	s, _, p, _ := newSiteWithCodes(t)
	b := s.browser()
	b.logIn("bob")
	for range 5 {
		b.post("/login/second", "one_time_code", "000000").wantStatus(http.StatusUnauthorized)
	}
	b.post("/login/second", "one_time_code", p.code()).wantStatus(http.StatusTooManyRequests)
	s.mustRun("user", "unlock", "bob")
	b.post("/login/second", "one_time_code", p.next()).wantPath("/user/bob")
}

func TestCodesGoOnWhenTheServersClockWasWrong(t *testing.T) {
	t.Parallel()
	s, _, p, _ := newSiteWithCodes(t)
	s.clock.Advance(365 * 24 * time.Hour) // a clock that is far ahead …
	b := s.browser()
	b.logIn("bob")
	b.post("/login/second", "one_time_code", p.code()).wantPath("/user/bob")
	s.clock.Advance(-365 * 24 * time.Hour) // … and set right
	b = s.browser()
	b.logIn("bob")
	b.post("/login/second", "one_time_code", p.next()).wantPath("/user/bob")
	s.clock.Advance(-time.Minute) // set back a little: what was used stays used
	again := s.browser()
	again.logIn("bob")
	again.post("/login/second", "one_time_code", p.code()).wantStatus(http.StatusUnauthorized).want("This code was used before.")
}

// closedForCodes tries codes until even waiting does not help. It returns how many were looked at without a wait, and in all.
func (s *site) closedForCodes(try func() page) (atOnce, inAll int) {
	s.t.Helper()
	for waited := false; ; inAll++ {
		p := try()
		for p.status == http.StatusTooManyRequests && !strings.Contains(p.body, "Locked after too many failed logins") {
			waited = true
			s.clock.Advance(time.Minute)
			p = try()
		}
		switch {
		case p.status == http.StatusTooManyRequests:
			return atOnce, inAll
		case !waited:
			atOnce++
		}
		p.wantStatus(http.StatusUnauthorized).want("Wrong code.")
	}
}

func TestSecurityMDSaysHowManyCodesAStolenDeviceCookieGives(t *testing.T) {
	t.Parallel()
	s, stolen, p, _ := newSiteWithCodes(t)
	other := s.browser()
	other.logIn("bob")
	other.post("/login/second", "one_time_code", p.next()).wantPath("/user/bob")
	stolen.post("/logout")
	atOnce, inAll := s.closedForCodes(func() page {
		stolen.logIn("bob").wantPath("/login/second")
		return stolen.post("/login/second", "one_time_code", "000000")
	})
	if atOnce != 10 {
		t.Errorf("%d codes were looked at in 10 minutes, want 10", atOnce)
	}
	sentence := fmt.Sprintf("A device cookie stolen as well gives %d codes more, once", inAll)
	text, err := os.ReadFile("../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(strings.Fields(string(text)), " "), sentence) {
		t.Errorf("SECURITY.md does not say: %s", sentence)
	}
	// Other browsers, known and unknown, have limits of their own.
	other.post("/logout")
	for _, b := range []*browser{other, s.browser()} {
		b.logIn("bob")
		b.post("/login/second", "one_time_code", "000000").wantStatus(http.StatusUnauthorized)
	}
}

func TestConfirmTakesAsManyCodesAsAKnownBrowserHasInEachSignIn(t *testing.T) {
	t.Parallel()
	s, owner, p, _ := newSiteWithCodes(t)
	s.clock.Advance(11 * time.Minute)
	owner.logIn("bob")
	owner.post("/login/second", "one_time_code", p.code()).wantPath("/user/bob")
	thief := s.browser()
	thief.setCookie("session", owner.cookie("session")) // and the password is known
	s.clock.Advance(11 * time.Minute)
	confirm := func(b *browser, code string) page {
		return b.post("/user/bob/second-factor/codes/remove", confirmField, goodPassword, "one_time_code", code)
	}
	atOnce, inAll := s.closedForCodes(func() page {
		thief.get("/user/bob").wantStatus(http.StatusOK) // keeps it in use
		return confirm(thief, "000000")
	})
	if atOnce != 10 || inAll != 100 {
		t.Errorf("%d codes were looked at in 10 minutes, and %d in all; want 10 and 100", atOnce, inAll)
	}
	// The owner logs in again, in the same browser, and has none of this.
	owner.post("/logout")
	owner.logIn("bob")
	owner.post("/login/second", "one_time_code", p.next()).wantPath("/user/bob")
	s.clock.Advance(11 * time.Minute)
	confirm(owner, p.next()).wantText("flash", "Codes removed.")
}

func TestLoginByPasswordAndRecoveryCodeOpensAllLimitsOfTheAccount(t *testing.T) {
	t.Parallel()
	s, known, p, recoveryCode := newSiteWithCodes(t, "--close-after=5")
	known.post("/logout")
	s.closedForCodes(func() page {
		known.logIn("bob")
		return known.post("/login/second", "one_time_code", "000000")
	})
	attacker := s.browser()
	s.closedForCodes(func() page {
		attacker.logIn("bob")
		return attacker.post("/login/second", "one_time_code", "000000")
	})
	owner := s.half("bob")
	owner.post("/login/second", "one_time_code", p.code()).wantStatus(http.StatusTooManyRequests).want("or use your recovery code")
	if got := s.browser().closedFor("bob"); got != 5 {
		t.Errorf("%d passwords were looked at", got)
	}
	owner.post("/login/second/recovery", "recovery_code", recoveryCode).wantStatus(http.StatusOK)
	s.clock.Advance(24 * time.Hour)
	for _, b := range []*browser{s.browser(), known} {
		b.logIn("bob").wantPath("/login/second")
		b.post("/login/second", "one_time_code", p.next()).wantStatus(http.StatusOK).wantPath("/user/bob")
	}
}
