package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// commits is another number after each change of the database by the program.
func (s *site) commits() string {
	s.t.Helper()
	return s.query("PRAGMA data_version")
}

// wantNothingWritten checks that what do does commits nothing.
func (s *site) wantNothingWritten(what string, do func()) {
	s.t.Helper()
	before := s.commits()
	do()
	if s.commits() != before {
		s.t.Errorf("%s: the database was written", what)
	}
}

// The refused login told whether a name has an account, and slowed others' logins down, by what it wrote.
func TestLoginThatIsRefusedWritesNothingWhetherTheNameHasAnAccountOrNot(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob", "--signups-per-hour=2")
	s.signUp("eve")
	for range 6 {
		s.browser().guess("bob")
		s.browser().guess("nobody")
	}
	for range recoveriesPerHour {
		s.browser().post("/recover", "username", "bob", "code", "wrong")
	}
	send := func(path string, fields ...string) func() {
		return func() {
			if answer := s.serve(path, nil, fields...); answer.Code != http.StatusTooManyRequests {
				t.Errorf("%s: status %d", path, answer.Code)
			}
		}
	}
	for what, do := range map[string]func(){
		"a login of an account": send("/login", "username", "bob", "password", "wrong"),
		"a login of none":       send("/login", "username", "nobody", "password", "wrong"),
		"a recovery":            send("/recover", "username", "bob", "code", "wrong"),
		"a recovery of none":    send("/recover", "username", "nobody", "code", "wrong"),
		"a signup":              send("/signup", "username", "carol", "password", goodPassword),
	} {
		s.wantNothingWritten(what, do)
	}
	owner := s.browser()
	s.clock.Advance(time.Hour)
	owner.logIn("bob")
	owner.get("/user/bob/activity").want("A login was refused: too many failed ones before it")
}

func TestLogoutOfNobodyWritesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.browser()
	for _, path := range []string{"/logout", "/logout/bob"} {
		s.wantNothingWritten(path, func() {
			b.post(path).wantStatus(http.StatusOK).wantText("flash", "Successfully logged out.")
		})
	}
}

func TestFlashMessagesOfOneSessionAreBounded(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	b := s.signedIn("bob").stay()
	for i := range 100 {
		b.post("/user/bob/recovery/" + []string{"later", "saved"}[i%2])
	}
	if size := s.query("SELECT max(length(data)) < 400 FROM sessions"); size != "1" {
		t.Errorf("the session holds %s", s.query("SELECT data FROM sessions"))
	}
	b.get("/user/bob").want("You can create a recovery code at any time.")
}

func TestPageIsShownWithItsMessageWhileTheDiskIsFull(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	b.stay().post("/user/bob/recovery/later").wantStatus(http.StatusSeeOther)
	s.clock.Advance(10 * time.Minute) // so that there is a use to record
	makeWritable := s.makeReadOnly()
	b.get("/user/bob").wantStatus(http.StatusOK).wantText("flash", "You can create a recovery code at any time.")
	if !strings.Contains(s.log.String(), `level=ERROR msg="save session"`) {
		t.Error("nothing in the log")
	}
	makeWritable()
	b.get("/user/bob").wantStatus(http.StatusOK).wantText("flash", "You can create a recovery code at any time.")
	b.get("/user/bob").wantStatus(http.StatusOK).wantText("flash", "")
}

// Each waited for the lock by itself, one after the other, and some had succeeded by the time that nobody was waiting.
func TestLoginsAtALockedDatabaseAllGetAnAnswerAndNoneSucceeds(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob", "--busy-timeout=2s")
	unlock := s.lockDatabase()
	var group sync.WaitGroup
	begun := time.Now()
	for range 20 {
		group.Go(func() { tryLogin.do(s.browser().stay()).wantOutagePage() })
	}
	group.Wait()
	if took := time.Since(begun); took > 30*time.Second { // it was 40 s
		t.Errorf("the last answer came after %v", took)
	}
	unlock()
	if signIns := s.query("SELECT count(*) FROM sign_ins"); signIns != "0" {
		t.Errorf("%s logins that were answered 503 had succeeded", signIns)
	}
	s.signedIn("bob")
}

func TestClientThatLeavesIsNotAnOutage(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	ctx, leave := context.WithCancel(t.Context())
	leave()
	for _, request := range []*http.Request{
		httptest.NewRequestWithContext(ctx, http.MethodGet, "/healthz", nil),
		httptest.NewRequestWithContext(ctx, http.MethodPost, "/login", strings.NewReader(encoded("username", "bob", "password", goodPassword))),
		httptest.NewRequestWithContext(ctx, http.MethodPost, "/signup", strings.NewReader(encoded("username", "eve", "password", goodPassword))),
	} {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Sec-Fetch-Site", "same-origin")
		request.Host = "127.0.0.1"
		s.handler.ServeHTTP(httptest.NewRecorder(), request)
		if line := fmt.Sprintf("level=INFO msg=request method=%s route=%s status=499", request.Method, request.URL.Path); !strings.Contains(s.log.String(), line) {
			t.Errorf("no %q in the log", line)
		}
	}
	if strings.Contains(s.log.String(), "level=ERROR") {
		t.Error("an error in the log")
	}
}
