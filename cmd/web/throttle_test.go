package main

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// guess is a login as somebody with a wrong password.
func (b *browser) guess(username string) page {
	b.site.t.Helper()
	return b.post("/login", "username", username, "password", "wrong password")
}

// from is a browser without cookies at another address; the site must trust 127.0.0.1.
func (s *site) from(address string) *browser {
	s.t.Helper()
	return s.browser().with("X-Forwarded-For", address)
}

func TestLoginOfUnknownBrowsersWaitsLongerWithEachFailureAndTheOwnersNever(t *testing.T) {
	t.Parallel()
	s, owner := newSiteSignedIn(t, "bob")
	owner.post("/logout")
	for range 5 {
		s.browser().guess("bob").wantStatus(http.StatusUnauthorized)
	}
	for _, wait := range []int{30, 60, 120} {
		s.browser().guess("bob").wantStatus(http.StatusTooManyRequests).wantHeader("Retry-After", strconv.Itoa(wait)).
			want("Too many failed logins with this username. Please wait").wantAttribute("username", "value", "bob").wantNot("wrong password")
		s.browser().post("/login", "username", "bob", "password", goodPassword).wantStatus(http.StatusTooManyRequests) // right, but too early
		s.clock.Advance(time.Duration(wait)*time.Second - time.Second)
		s.browser().guess("BOB ").wantStatus(http.StatusTooManyRequests).wantHeader("Retry-After", "1")
		s.clock.Advance(time.Second)
		s.browser().guess("bob").wantStatus(http.StatusUnauthorized)
	}
	owner.logIn("bob") // in a browser that is known, at any time; and that resets the limit
	owner.get("/user/bob/activity").want("A login was refused: too many failed ones before it")
	if !strings.Contains(s.log.String(), `event="login throttled" address=127.0.0.1`) {
		t.Error("nothing in the log")
	}
	for range 5 {
		s.browser().guess("bob").wantStatus(http.StatusUnauthorized)
	}
	s.browser().guess("bob").wantStatus(http.StatusTooManyRequests).wantHeader("Retry-After", "30")
}

func TestLoginOfAnUnknownBrowserIsTakenAfterTheWait(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	for range 5 {
		s.browser().guess("bob")
	}
	s.clock.Advance(30 * time.Second)
	s.signedIn("bob")
	for range 5 {
		s.browser().guess("bob").wantStatus(http.StatusUnauthorized)
	}
}

func TestLoginAfterAHundredFailuresIsOpenToTheOwnerOnly(t *testing.T) {
	t.Parallel()
	for name, wayIn := range map[string]func(s *site, owner *browser, code string){
		"a known browser": func(s *site, owner *browser, code string) { owner.logIn("bob") },
		"the recovery code": func(s *site, owner *browser, code string) {
			s.browser().post("/recover", "username", "bob", "code", code, "password", goodPassword).wantStatus(http.StatusOK)
			s.signedIn("bob")
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, owner := newSiteSignedIn(t, "bob")
			code := owner.makeCode("bob")
			owner.post("/logout")
			for range 100 {
				s.browser().guess("bob").wantStatus(http.StatusUnauthorized)
				s.clock.Advance(time.Hour)
			}
			for range 3 {
				s.browser().post("/login", "username", "bob", "password", goodPassword).wantStatus(http.StatusTooManyRequests).
					want("Locked after too many failed logins").wantHeader("Retry-After", "3600")
				s.clock.Advance(365 * 24 * time.Hour / 4)
				s.app.cleanUp(t.Context())
				s.keepSessions()
			}
			wayIn(s, owner, code)
			s.browser().guess("bob").wantStatus(http.StatusUnauthorized)
		})
	}
}

func TestKnownBrowserHasASmallLimitOfItsOwn(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "alice")
	s.signUp("bob")
	known, other := s.signedIn("bob"), s.signedIn("bob")
	for _, b := range []*browser{known, other} {
		b.post("/logout")
	}
	for range 10 {
		known.guess("bob").wantStatus(http.StatusUnauthorized)
	}
	known.guess("bob").wantStatus(http.StatusTooManyRequests).wantHeader("Retry-After", "60")
	other.guess("bob").wantStatus(http.StatusUnauthorized) // each has its own
	s.browser().guess("bob").wantStatus(http.StatusUnauthorized)
	known.guess("alice").wantStatus(http.StatusUnauthorized) // to which it is unknown
	s.clock.Advance(time.Minute)
	known.logIn("bob")
	for range 10 {
		known.guess("bob").wantStatus(http.StatusUnauthorized)
	}
}

func TestLimitsOutliveARestart(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob", "--signups-per-hour=1")
	for range nameChecksPerMinute {
		s.browser().post("/signup/username", "username", "x").wantStatus(http.StatusOK)
	}
	for range recoveriesPerHour {
		s.browser().post("/recover", "username", "bob", "code", "x").wantStatus(http.StatusUnauthorized)
	}
	for range 5 {
		s.browser().guess("bob").wantStatus(http.StatusUnauthorized)
	}
	s.restart()
	s.browser().guess("bob").wantStatus(http.StatusTooManyRequests)
	s.browser().post("/signup/username", "username", "x").wantStatus(http.StatusTooManyRequests)
	s.browser().post("/recover", "username", "bob", "code", "x").wantStatus(http.StatusTooManyRequests)
	s.browser().post("/signup", "username", "carol", "password", goodPassword).wantStatus(http.StatusTooManyRequests)
}

func TestLimitsStopOneAddressThatTriesManyAccounts(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob", "--failures-per-hour=20", "--trusted-proxy=127.0.0.1")
	owner := s.from("203.0.113.7")
	owner.logIn("bob")
	for i := range 20 {
		s.from("203.0.113.7").guess(fmt.Sprintf("name%d", i)).wantStatus(http.StatusUnauthorized)
	}
	s.from("203.0.113.7").guess("another").wantStatus(http.StatusTooManyRequests).wantHeader("Retry-After", "180").
		want("Too many tries from your address. Please wait 3 minutes and try again.")
	s.from("203.0.113.8").guess("another").wantStatus(http.StatusUnauthorized)
	s.clock.Advance(3 * time.Minute)
	s.from("203.0.113.7").guess("another").wantStatus(http.StatusUnauthorized)
	for range 30 { // logins that go well cost the address nothing
		s.from("203.0.113.9").logIn("bob")
	}
}

func TestLimitsHoldForEveryFormThatTakesThePassword(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	for range 10 {
		b.post("/user/bob/password", "current_password", "wrong password", "password", newPassword).wantStatus(http.StatusUnprocessableEntity)
	}
	b.post("/user/bob/password", "current_password", goodPassword, "password", newPassword).wantStatus(http.StatusTooManyRequests).
		wantHeader("Retry-After", "60").wantText("notice", "Too many failed logins with this username. Please wait 60 seconds and try again.")
	s.clock.Advance(11 * time.Minute)
	for range 10 {
		b.post("/user/bob/delete", "username", "bob", confirmField, "wrong password").wantStatus(http.StatusUnauthorized)
	}
	b.post("/user/bob/delete", "username", "bob", confirmField, goodPassword).wantStatus(http.StatusTooManyRequests).
		wantText("notice", "Too many failed logins with this username. Please wait 60 seconds and try again.")
	s.signedIn("bob") // unknown browsers are not affected by it
}

func TestLimitsHoldForAttemptsAtOnce(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	var group sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for range 40 {
		b := s.browser()
		group.Go(func() {
			status := b.guess("bob").status
			mu.Lock()
			defer mu.Unlock()
			statuses[status]++
		})
	}
	group.Wait()
	if statuses[http.StatusUnauthorized] != 5 || statuses[http.StatusTooManyRequests] != 35 {
		t.Errorf("answers %v, want five 401 and 429 for the rest", statuses)
	}
}

func TestLimitsLetTheOwnerInAfterTheClockIsSetBackOrCountersAreGone(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	s.clock.Advance(1000 * time.Hour)
	for range 7 {
		s.browser().guess("bob")
	}
	s.clock.Advance(-1000 * time.Hour)
	s.browser().guess("bob").wantStatus(http.StatusTooManyRequests).wantHeader("Retry-After", "3600") // the longest wait, and no more
	s.exec("DELETE FROM throttle")
	s.signedIn("bob")
}
