package main

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"latchkey/internal/store"
)

// linkFor is the path of a password link, made as the administrator's command makes it.
func (s *site) linkFor(username string) string {
	s.t.Helper()
	user, err := s.app.store.UserByUsername(s.t.Context(), username)
	if err != nil {
		s.t.Fatal(err)
	}
	path, link := newPasswordLink(s.clock.Now())
	by := store.Origin{At: s.clock.Now(), By: store.Admin}
	if err := s.app.store.SetPasswordLink(s.t.Context(), user.UID, link, by); err != nil {
		s.t.Fatal(err)
	}
	return path
}

func (b *browser) changePassword(from, to string) page {
	b.site.t.Helper()
	return b.post("/user/bob/password", "current_password", from, "password", to).wantStatus(http.StatusOK)
}

func TestPasswordChangeVoidsEveryOtherWayIn(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	owner, thief := s.signedIn("bob"), s.signedIn("bob")
	code := thief.makeCode("bob")
	thief.post("/user/bob/recovery/later") // so that nothing is offered
	link := s.linkFor("bob")
	owner.changePassword(goodPassword, newPassword).
		want("Your old recovery code no longer works. Create a new one.", "Save a recovery code")
	s.browser().post("/recover", "username", "bob", "code", code).wantStatus(http.StatusUnauthorized)
	s.browser().get(link).wantStatus(http.StatusGone)
	owner.get("/user/bob/recovery").want("You have no recovery code.")
	owner.get("/user/bob/activity").want("The recovery code stopped working: the password was changed")

	owner.post("/user/bob/recovery/later")
	owner.changePassword(newPassword, goodPassword).wantNot("recovery code no longer works", "In case you forget")
}

func TestPasswordLinkVoidsTheRecoveryCode(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	code := s.signedIn("bob").makeCode("bob")
	b := s.browser()
	b.post(s.linkFor("bob"), "password", newPassword).wantStatus(http.StatusOK).
		want("Password set. You are logged in.", "Your old recovery code no longer works. Create a new one.")
	s.browser().post("/recover", "username", "bob", "code", code).wantStatus(http.StatusUnauthorized)
	b.post("/login", "username", "bob", "password", newPassword).want("Save a recovery code")
}

func TestRecoveryVoidsThePasswordLink(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	code, link := s.signedIn("bob").makeCode("bob"), s.linkFor("bob")
	s.browser().post("/recover", "username", "bob", "code", code, "password", newPassword).wantStatus(http.StatusOK)
	s.browser().get(link).wantStatus(http.StatusGone)
	s.browser().post(link, "password", goodPassword).wantStatus(http.StatusGone)
}

func TestUserDisableVoidsThePasswordLink(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	link := s.linkFor("bob")
	for _, disabled := range []bool{true, false} {
		if err := s.app.store.SetDisabled(t.Context(), 1, disabled, store.Origin{At: s.clock.Now(), By: store.Admin}); err != nil {
			t.Fatal(err)
		}
	}
	s.browser().get(link).wantStatus(http.StatusGone)
}

// The attack: a second session asks for a recovery code in a loop while the owner changes the password.
func TestPasswordChangeLeavesNothingThatAnEndedSessionHadBegun(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	passwords := []string{goodPassword, newPassword}
	for round := range 25 {
		owner, thief := s.browser(), s.browser()
		for _, b := range []*browser{owner, thief} {
			b.post("/login", "username", "bob", "password", passwords[round%2]).wantStatus(http.StatusOK)
		}
		stop := make(chan struct{})
		var loop sync.WaitGroup
		for range 2 {
			loop.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						thief.post("/user/bob/recovery")
					}
				}
			})
		}
		owner.changePassword(passwords[round%2], passwords[(round+1)%2])
		if codes := s.query("SELECT count(*) FROM recovery_codes"); codes != "0" {
			t.Fatalf("round %d: a recovery code is left", round)
		}
		close(stop)
		loop.Wait()
		if codes := s.query("SELECT count(*) FROM recovery_codes"); codes != "0" {
			t.Fatalf("round %d: a recovery code was made by a session that had ended", round)
		}
	}
}

func TestLogoutIsDoneAlsoWhenTheWindowIsClosedAtOnce(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	for _, path := range []string{"/logout/bob", "/logout"} {
		for range 30 {
			b := s.signedIn("bob")
			b.postAndLeave(path)
			signedOut := func() bool { return s.query("SELECT count(*) FROM sign_ins") == "0" }
			for waited := time.Duration(0); !signedOut() && waited < time.Minute; waited += 5 * time.Millisecond {
				time.Sleep(5 * time.Millisecond)
			}
			if !signedOut() {
				t.Fatal("still signed in")
			}
		}
	}
}

func TestSignInOfTheFutureIsOver(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	s.clock.Advance(1000 * 24 * time.Hour)
	b := s.signedIn("bob", "remember", "yes")
	link := s.linkFor("bob")
	s.clock.Advance(-1000 * 24 * time.Hour)
	b.get("/user/bob").wantStatus(http.StatusUnauthorized)
	s.browser().get(link).wantStatus(http.StatusGone)
	s.app.cleanUp(t.Context())
	if left := s.query("SELECT (SELECT count(*) FROM sign_ins) + (SELECT count(*) FROM known_browsers WHERE last_used_at > ?)", time.Now().Unix()+300); left != "0" {
		t.Errorf("%s rows of the future are left", left)
	}

	s.clock.Advance(2 * time.Minute) // a clock that is set a little does no harm
	b = s.signedIn("bob")
	s.clock.Advance(-2 * time.Minute)
	b.get("/user/bob").wantStatus(http.StatusOK)
}

func TestPasswordConfirmedInTheFutureDoesNotCount(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	s.exec("UPDATE sign_ins SET confirmed_at = confirmed_at + 1000000")
	b.post("/user/bob/recovery").wantStatus(http.StatusUnauthorized).want("Confirm it's you")
}
