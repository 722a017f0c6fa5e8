package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/internal/store"
)

// closedFor tries until even waiting does not help, and returns how many guesses were looked at.
func (b *browser) closedFor(username string) (guesses int) {
	b.site.t.Helper()
	for {
		switch p := b.guess(username); {
		case p.status == http.StatusUnauthorized:
			guesses++
		case strings.Contains(p.body, "Locked after too many failed logins"):
			return guesses
		default:
			b.site.clock.Advance(time.Minute)
		}
	}
}

func TestKnownBrowserClosesAfterAHundredFailuresInARow(t *testing.T) {
	t.Parallel()
	for name, wayIn := range map[string]func(*site, string) *browser{
		"the recovery code": func(s *site, code string) *browser {
			b := s.browser()
			b.post("/recover", "username", "bob", "code", code, "password", goodPassword).wantStatus(http.StatusOK)
			return b
		},
		"the administrator": func(s *site, _ string) *browser {
			if err := s.app.store.Unlock(s.t.Context(), 1, store.Origin{At: s.clock.Now(), By: store.Admin}); err != nil {
				s.t.Fatal(err)
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSiteFor(t, "bob")
			stolen, other := s.signedIn("bob"), s.signedIn("bob")
			code := other.makeCode("bob")
			stolen.post("/logout")
			if got := stolen.closedFor("bob"); got != 100 {
				t.Errorf("%d guesses, want 100", got)
			}
			s.clock.Advance(300 * 24 * time.Hour)
			s.app.cleanUp(t.Context())
			stolen.post("/login", "username", "bob", "password", goodPassword).wantStatus(http.StatusTooManyRequests)
			if b := wayIn(s, code); b != nil {
				stolen = b
			}
			stolen.logIn("bob")
		})
	}
}

func TestKnownBrowserIsNotHeldByWhatOthersDoAtItsAddress(t *testing.T) {
	t.Parallel()
	s, owner := newSiteSignedIn(t, "bob", "--failures-per-hour=20")
	code := owner.makeCode("bob")
	owner.post("/logout")
	for i := range 21 {
		s.browser().guess(fmt.Sprintf("name%d", i))
	}
	for range recoveriesPerHour {
		s.browser().post("/recover", "username", "bob", "code", "wrong")
	}
	s.browser().guess("another").wantStatus(http.StatusTooManyRequests).want("Too many tries from your address.")
	s.browser().post("/recover", "username", "bob", "code", code).wantStatus(http.StatusTooManyRequests)
	owner.logIn("bob")
	for range recoveriesPerHour - 1 { // and the right code is the last that is allowed
		owner.post("/recover", "username", "bob", "code", "wrong").wantStatus(http.StatusUnauthorized)
	}
	owner.post("/recover", "username", "bob", "code", code).wantStatus(http.StatusOK)
	owner.post("/recover", "username", "bob", "code", "wrong").wantStatus(http.StatusTooManyRequests) // its own limit
}

func TestKnownBrowserIsOneInWhichTheOwnerGaveAProof(t *testing.T) {
	t.Parallel()
	for name, prove := range map[string]func(s *site, b *browser, code string){
		"by recovering": func(s *site, b *browser, code string) {
			b.post("/recover", "username", "bob", "code", code, "password", goodPassword).wantStatus(http.StatusOK)
		},
		"by an administrator's link": func(s *site, b *browser, _ string) {
			b.post(s.linkFor("bob"), "password", goodPassword).wantStatus(http.StatusOK)
		},
		"by signing up": func(s *site, b *browser, _ string) {
			s.signedIn("bob").post("/user/bob/delete", "username", "bob").wantStatus(http.StatusOK)
			b.post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
		},
		"by changing the password": func(s *site, b *browser, _ string) {
			b.logIn("bob")
			s.exec("DELETE FROM known_browsers")
			b.changePassword(goodPassword, newPassword)
			b.changePassword(newPassword, goodPassword)
		},
		"by confirming the password": func(s *site, b *browser, _ string) {
			b.logIn("bob")
			s.exec("DELETE FROM known_browsers")
			s.clock.Advance(time.Hour)
			b.post("/user/bob/recovery", confirmField, goodPassword).wantStatus(http.StatusOK)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSiteFor(t, "bob")
			code := s.signedIn("bob").makeCode("bob")
			b := s.browser()
			prove(s, b, code)
			for range 10 {
				s.browser().guess("bob")
			}
			s.browser().guess("bob").wantStatus(http.StatusTooManyRequests)
			b.logIn("bob")
		})
	}
}

func TestLimitOnANameEndsWithItsAccountAndWhenOneIsMade(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	makeClosed := func() {
		for range 6 {
			s.browser().guess("carol")
		}
		s.browser().guess("carol").wantStatus(http.StatusTooManyRequests)
	}
	admin := func() store.Origin { return store.Origin{At: s.clock.Now(), By: store.Admin} }

	makeClosed()
	s.signUp("carol")
	s.signedIn("carol").post("/user/carol/delete", "username", "carol").wantStatus(http.StatusOK)
	s.browser().guess("carol").wantStatus(http.StatusUnauthorized)

	makeClosed()
	path, link := newPasswordLink(s.clock.Now())
	uid, err := s.app.store.CreateUserWithLink(t.Context(), store.User{Username: "carol"}, link, admin())
	if err != nil {
		t.Fatal(err)
	}
	s.browser().post(path, "password", goodPassword).wantStatus(http.StatusOK)
	s.signedIn("carol")

	makeClosed()
	if err := s.app.store.DeleteUser(t.Context(), uid, admin()); err != nil {
		t.Fatal(err)
	}
	s.browser().guess("carol").wantStatus(http.StatusUnauthorized)
}

// Each login changes the device cookie for all accounts of the browser, and must not change what was counted.
func TestKnownBrowserKeepsItsLimitsWhenAnotherAccountLogsInInIt(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		try  func(b *browser) page
		want int // attempts that are looked at in all
	}{
		"passwords": {func(b *browser) page { return b.guess("bob") }, 100},
		"codes": {func(b *browser) page {
			b.logIn("bob").wantPath("/login/second")
			return b.post("/login/second", "one_time_code", "000000")
		}, 100},
		// They never close: no browser can guess one. Counted is one hour.
		"recovery codes": {func(b *browser) page { return b.post("/recover", "username", "bob", "code", "wrong") }, recoveriesPerHour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, b, _, _ := newSiteWithCodes(t, "--key-file="+filepath.Join(t.TempDir(), "codes.key"))
			s.signUp("mallory")
			b.post("/logout")
			for range 5 { // what others did does not count here
				s.browser().guess("bob")
			}
			looked := 0
			for ; looked <= test.want; looked++ {
				b.logIn("mallory").wantPath("/user/mallory")
				p := test.try(b)
				if p.status == http.StatusTooManyRequests && name != "recovery codes" && looked < test.want {
					p.want("Please wait")
					s.clock.Advance(time.Minute)
					p = test.try(b)
				}
				if p.status != http.StatusUnauthorized {
					p.wantStatus(http.StatusTooManyRequests)
					break
				}
			}
			if looked != test.want {
				t.Errorf("%d attempts were looked at, want %d", looked, test.want)
			}
		})
	}
}
