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
					want("Now it can only be used in a browser that logged in with it before").wantHeader("Retry-After", "3600")
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

func TestDeviceCookieOfAnotherAccountOrOfGarbageMakesNoBrowserKnown(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "alice")
	s.signUp("bob")
	s.signUp("carol")
	alice, carol, bob := s.signedIn("alice"), s.signedIn("carol"), s.signedIn("bob")
	carol.post("/user/carol/delete", "username", "carol").wantStatus(http.StatusOK)
	for range 5 {
		s.browser().guess("bob")
	}
	for name, cookie := range map[string]string{
		"another account's": alice.cookie("device"), "a deleted account's": carol.cookie("device"), "empty": "", "garbage": "x\x7f",
		"long": strings.Repeat("x", 4000), "from the database": s.query("SELECT hex(token_hash) FROM known_browsers WHERE uid = 2"),
	} {
		b := s.browser()
		b.setCookie("device", cookie)
		if status := b.guess("bob").status; status != http.StatusTooManyRequests {
			t.Errorf("%s: status %d", name, status)
		}
	}
	bob.guess("bob").wantStatus(http.StatusUnauthorized)
}

func TestDeviceCookieThatWasPlantedIsReplacedAtLogin(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "mallory")
	s.signUp("bob")
	mallory := s.signedIn("mallory")
	planted := mallory.cookie("device")
	victim := s.browser()
	victim.setCookie("device", planted)
	victim.logIn("bob")
	if victim.cookie("device") == planted {
		t.Error("the cookie is the planted one")
	}
	for range 5 {
		s.browser().guess("bob")
	}
	mallory.guess("bob").wantStatus(http.StatusTooManyRequests)
	victim.guess("bob").wantStatus(http.StatusUnauthorized)
}

func TestPasswordChangeForgetsTheOtherKnownBrowsers(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	here, there := s.signedIn("bob"), s.signedIn("bob")
	here.post("/user/bob/password", "current_password", goodPassword, "password", newPassword).wantStatus(http.StatusOK)
	for range 5 {
		s.browser().guess("bob")
	}
	there.guess("bob").wantStatus(http.StatusTooManyRequests)
	here.guess("bob").wantStatus(http.StatusUnauthorized)
}

func TestDeviceCookieNamesNobody(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*site{"device": newSite(t), "__Host-device": newSecureSite(t)} {
		s.signUp("bob")
		cookie := s.browser().stay().post("/login", "username", "bob", "password", goodPassword).cookie(name)
		if !cookie.HttpOnly || cookie.Path != "/" || cookie.Domain != "" || cookie.SameSite != http.SameSiteLaxMode ||
			cookie.Secure != strings.HasPrefix(name, "__Host-") || cookie.MaxAge != 365*24*60*60 || len(cookie.Value) < 26 {
			t.Errorf("cookie %v", cookie)
		}
		b := s.signedIn("bob")
		b.post("/logout/bob")
		if b.cookie(name) == "" {
			t.Error("logging out forgets the browser")
		}
		failed := s.browser().stay().guess("bob")
		for _, cookie := range failed.cookies {
			if cookie.Name == name {
				t.Error("a failed login gives a device cookie")
			}
		}
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

func TestLimitsAfterTenThousandMadeUpNamesKeepNobodyElseOut(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]func(i int) string{
		"one address":    func(int) string { return "203.0.113.7" },
		"many addresses": func(i int) string { return fmt.Sprintf("10.0.%d.%d", i/256, i%256) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSiteFor(t, "bob", "--trusted-proxy=127.0.0.1")
			statuses := map[int]int{}
			for i := range madeUpNames {
				statuses[s.serve("/login", http.Header{"X-Forwarded-For": {address(i)}}, "username", fmt.Sprint("name", i), "password", "wrong").Code]++
				if i%100 == 99 { // as the program does each second
					if err := s.app.store.WriteCollected(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
			}
			if name == "one address" && statuses[http.StatusUnauthorized] > 110 || statuses[http.StatusUnauthorized]+statuses[http.StatusTooManyRequests] != madeUpNames {
				t.Errorf("answers %v", statuses)
			}
			s.from("203.0.113.8").logIn("bob")
			s.clock.Advance(31 * 24 * time.Hour)
			s.app.cleanUp(t.Context())
			if left := s.query("SELECT (SELECT count(*) FROM throttle) || ' ' || (SELECT count(*) <= 402 FROM events)"); left != "0 1" {
				t.Errorf("counters and events left: %s", left)
			}
		})
	}
}

func TestLimitsOfMadeUpNamesDoNotFillTheDisk(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250000)
		INSERT INTO throttle (key, failures, free_at, forget_at) SELECT CAST(printf('%016d', i) AS BLOB), 1 + i % 2, 0, 9999999999 FROM n`)
	s.app.cleanUp(t.Context())
	if left := s.query("SELECT count(*) <= 200000 AND sum(failures = 2) >= 124000 FROM throttle"); left != "1" {
		t.Errorf("left: %s, of them with two failures: %s", s.query("SELECT count(*) FROM throttle"), s.query("SELECT sum(failures = 2) FROM throttle"))
	}
	s.exec("DELETE FROM throttle WHERE key NOT IN (SELECT key FROM throttle LIMIT 1000)") // cleaning up rests after each hundred
	s.exec("UPDATE throttle SET forget_at = 1")
	s.app.cleanUp(t.Context())
	if left := s.query("SELECT count(*) FROM throttle"); left != "0" {
		t.Errorf("%s counters are kept that no longer matter", left)
	}
}
