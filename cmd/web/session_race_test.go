package main

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// What was under way with the old token, when a login replaces it, does not bring it back (ASVS 5.0 7.2.4).
func TestSessionTokenThatWasReplacedIsNotBroughtBackByRequestsUnderWay(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "alice", "bob")
	for round := range 40 {
		s.clock.Advance(time.Minute) // the limit on challenges
		owner := s.signedIn("bob")
		copied := owner.cookie("__Host-session")
		var turn atomic.Int64
		s.atOnce(5, func() {
			if turn.Add(1) == 3 {
				owner.logIn("alice") // beside bob
				return
			}
			thief := s.browser()
			thief.setCookie("__Host-session", copied)
			thief.post("/passkey/challenge", "purpose", "login").wantStatus(http.StatusOK)
		})
		if got := s.query("SELECT count(*) FROM sessions WHERE token = ?", hashOfToken(copied)); got != "0" {
			t.Errorf("round %d: the old token is in the database", round)
		}
		thief := s.browser()
		thief.setCookie("__Host-session", copied)
		thief.get("/user/bob").wantStatus(http.StatusUnauthorized)
		owner.get("/user/bob").wantStatus(http.StatusOK)
	}
}

// A request that was under way while the browser logged in, and is answered later, has the browser keep its new token.
func TestSessionCookieIsSentOnlyWhenItsTokenIsNew(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "bob")
	b := s.signedIn("bob", "remember", "yes")
	for _, cookie := range b.post("/passkey/challenge", "purpose", "login").wantStatus(http.StatusOK).cookies {
		if cookie.Name == "__Host-session" {
			t.Error("the token that the browser has is sent again")
		}
	}
	b.get("/user/bob").wantStatus(http.StatusOK)
}
