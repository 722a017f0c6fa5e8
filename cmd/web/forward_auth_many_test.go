package main

import (
	"net/http"
	"strconv"
	"testing"
)

func TestAppSignOutEndsAHundredThousandAppCookiesWhileOthersGoOn(t *testing.T) {
	t.Parallel()
	s, bob := newAppSite(t)
	s.signUp("alice")
	alice := s.signedIn("alice")
	photos, wiki := s.onApp(t, "photos.example.org"), s.onApp(t, "wiki.example.net")
	photos.enter(bob, "/")
	wiki.enter(alice, "/")
	s.exec(`
		INSERT INTO app_sign_ins (token_hash, sign_in, host, created_at)
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		SELECT randomblob(32), sign_in, host, created_at FROM n JOIN app_sign_ins WHERE host = 'photos.example.org'`, appCookies)
	const ofBob = "SELECT count(*) FROM app_sign_ins WHERE host = 'photos.example.org'"
	if count := s.query(ofBob); count != strconv.Itoa(appCookies+1) {
		t.Fatalf("%s app cookies", count)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		bob.post("/logout/bob").wantStatus(http.StatusOK)
	}()
	rounds := 0
	for ended := false; !ended; rounds++ {
		select {
		case <-done:
			ended = true
		default:
		}
		wiki.want(http.StatusOK, "/", nil)
		alice.get("/user/alice").wantStatus(http.StatusOK)
		s.signedIn("alice") // which writes
	}
	t.Logf("%d rounds of others' requests", rounds)
	photos.want(http.StatusUnauthorized, "/", http.Header{"Accept": {"*/*"}})
	if count := s.query(ofBob); count != "0" {
		t.Errorf("%s app cookies are left", count)
	}
	wiki.want(http.StatusOK, "/", nil)
}
