package main

import (
	"net/http"
	"strings"
	"testing"
)

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
