package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// refuseSessions has the disk be full whenever a session is saved, and only then, and returns how to end
// that.
func (s *site) refuseSessions() (end func()) {
	s.t.Helper()
	pool := s.app.store.DB()
	for _, statement := range []string{
		"CREATE TABLE filler (content BLOB)",
		"CREATE TRIGGER fill_before_insert BEFORE INSERT ON sessions BEGIN INSERT INTO filler VALUES (zeroblob(1000000)); END",
		"PRAGMA max_page_count = 100",
	} {
		if _, err := pool.ExecContext(s.t.Context(), statement); err != nil {
			s.t.Fatal(err)
		}
	}
	return func() {
		s.exec("DROP TRIGGER fill_before_insert")
	}
}

func TestLoginWhoseSessionCannotBeSavedIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	for _, swapped := range []bool{false, true} {
		s := newSiteFor(t, "bob")
		end := s.refuseSessions()
		b := s.browser()
		visitor := b
		if swapped {
			visitor = b.htmx()
		}
		answer := tryLogin.do(visitor.stay()).wantOutagePage().wantHeader("Location", "")
		if swapped {
			answer.wantNoticeOnly()
		}
		if b.cookie("session") != "" {
			t.Error("the browser got a session")
		}
		b.get("/user/bob").wantStatus(http.StatusUnauthorized)
		end()
		tryLogin.do(b).wantStatus(http.StatusOK).wantPath("/user/bob")
	}
}

func TestOutagePageNeverSaysThatNothingWasChangedWhenSomethingWas(t *testing.T) {
	t.Parallel()
	for _, what := range []attempt{trySignup, tryLogin, tryLogout, tryLogoutAll} {
		t.Run(what.what, func(t *testing.T) {
			s, b := newSiteSignedIn(t, "bob")
			state := func() string {
				return s.query("SELECT (SELECT group_concat(username) FROM users) || (SELECT ifnull(group_concat(id), '') FROM sign_ins)")
			}
			before := state()
			s.refuseSessions()
			answer := what.do(b.stay()).wantNoCause()
			if strings.Contains(answer.body, "Nothing was changed") && state() != before {
				t.Errorf("%s: the page says that nothing was changed; there was %s, now there is %s", what.what, before, state())
			}
		})
	}
}

func TestLogoutWhoseSessionCannotBeSavedSignsOut(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	s.refuseSessions()
	tryLogout.do(b)
	b.get("/user/bob").wantStatus(http.StatusUnauthorized)
}

// refuse has each change of such rows fail until the end.
func (s *site) refuse(change string) (end func()) {
	s.t.Helper()
	s.exec("CREATE TRIGGER refused BEFORE " + change + " BEGIN SELECT RAISE(ABORT, 'refused'); END")
	return func() { s.exec("DROP TRIGGER refused") }
}

func TestSessionWithItsNewTokenIsKeptWhenWhatComesAfterItFails(t *testing.T) {
	t.Parallel()
	const message = "INSERT ON sessions WHEN instr(NEW.data, 'flash')"
	s := newSiteFor(t, "bob")
	s.signUp("alice")
	b := s.signedIn("bob")
	b.logIn("alice", "remember", "yes")
	s.clock.Advance(confirmationMaxAge)
	end := s.refuse("INSERT ON recovery_codes")
	for _, sent := range []*browser{b, b.htmx()} {
		sent.post("/user/bob/recovery", "confirm_password", goodPassword).wantStatus(http.StatusInternalServerError)
		b.get("/user/bob").wantStatus(http.StatusOK)
		b.get("/user/alice").wantStatus(http.StatusOK)
		s.clock.Advance(confirmationMaxAge)
	}
	end()
	end = s.refuse(message)
	b.post("/user/bob/password", "current_password", goodPassword, "password", newPassword).wantStatus(http.StatusOK).wantPath("/user/bob")
	end()
	link := s.linkFor("bob")
	s.refuse(message)
	b.post(link, "password", goodPassword).wantStatus(http.StatusOK).wantPath("/user/bob")
	b.get("/user/alice").wantStatus(http.StatusOK)
}

func TestPanicIsAPageWithoutItsCauseAndTheServerLivesOn(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	guard := s.app.guard
	s.app.guard = nil

	page := tryLogin.do(s.browser().stay()).wantStatus(http.StatusInternalServerError).wantNoCause().
		want("Something went wrong", "it is in the log")
	page.want("Reference: " + page.header.Get("X-Request-Id"))
	if len(page.cookies) != 0 {
		t.Errorf("sets cookies %v", page.cookies)
	}
	tryLogin.do(s.browser().stay().htmx()).wantStatus(http.StatusInternalServerError).wantNoCause().wantNoticeOnly()

	log := s.log.String()
	for _, part := range []string{"level=ERROR msg=panic", "nil pointer dereference", "goroutine", "login.go:", page.header.Get("X-Request-Id")} {
		if !strings.Contains(log, part) {
			t.Errorf("no %q in the log", part)
		}
	}
	if strings.Contains(log, goodPassword) || strings.Contains(log, url.QueryEscape(goodPassword)) {
		t.Error("the password is in the log")
	}

	s.browser().get("/login").wantStatus(http.StatusOK)
	s.browser().get("/healthz").wantStatus(http.StatusOK)
	s.app.guard = guard
	tryLogin.do(s.browser()).wantStatus(http.StatusOK).wantPath("/user/bob")
}

func TestDatabaseWithoutItsTablesIsAPageWithoutItsCause(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(s *site){
		"tables dropped": func(s *site) {
			for _, table := range []string{"sign_ins", "sessions", "users"} {
				s.exec("DROP TABLE " + table)
			}
		},
		"closed": func(s *site) { s.app.store.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			s, b := newSiteSignedIn(t, "bob")
			begin(s)
			for _, what := range []attempt{trySignup, tryLogin, tryLogout, tryLogoutAll, tryReadingHome, tryFirstPage} {
				page := what.do(b.stay()).wantNoCause()
				if page.status < 500 || len(page.cookies) != 0 {
					t.Errorf("%s: status %d with cookies %v", what.what, page.status, page.cookies)
				}
				what.do(b.stay().htmx()).wantNoCause().wantNoticeOnly()
			}
			s.browser().get("/login").wantStatus(http.StatusOK)
			s.browser().get("/healthz").wantStatus(http.StatusServiceUnavailable).want("unavailable").wantNoCause()
		})
	}
}

func TestClientThatLeavesIsNotLoggedAsServed(t *testing.T) {
	t.Parallel()
	s := newSite(t, "--busy-timeout=1m")
	unlock := s.lockDatabase()
	ctx, leave := context.WithTimeout(t.Context(), 2*time.Second)
	defer leave()
	form := url.Values{"username": {"eve"}, "password": {goodPassword}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.server.URL+"/signup", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"same-origin"}}
	if response, err := s.server.Client().Do(request); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, %v; want to have left before the answer", response, err)
	}
	s.server.Close() // waits for the handler
	unlock()
	log := s.log.String()
	if !strings.Contains(log, "route=/signup status=499") || strings.Contains(log, "level=ERROR") {
		t.Error("want status 499 and no error in the log")
	}
	if got := s.query("SELECT count(*) FROM users"); got != "0" {
		t.Errorf("%s accounts, want none", got)
	}
}
