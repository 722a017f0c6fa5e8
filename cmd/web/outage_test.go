package main

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// lockDatabase takes the database's write lock as another program would, and returns how to give it back.
func (s *site) lockDatabase() (unlock func()) {
	s.t.Helper()
	connection, err := s.db.Conn(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := connection.ExecContext(s.t.Context(), "BEGIN IMMEDIATE"); err != nil {
		s.t.Fatal(err)
	}
	return func() {
		if _, err := connection.ExecContext(context.WithoutCancel(s.t.Context()), "ROLLBACK"); err != nil {
			s.t.Error(err)
		}
		connection.Close()
	}
}

// makeReadOnly has the database refuse to be written by the program, and returns how to end that.
func (s *site) makeReadOnly() (makeWritable func()) {
	s.t.Helper()
	set := func(value string) {
		if _, err := s.app.store.DB().ExecContext(s.t.Context(), "PRAGMA query_only = "+value); err != nil {
			s.t.Fatal(err)
		}
	}
	set("1")
	return func() { set("0") }
}

// overwrite has something else in place of the database, and returns how to bring it back.
func (s *site) overwrite(change func(content []byte) []byte) (restore func()) {
	s.t.Helper()
	path := s.app.settings.DB
	s.exec("PRAGMA wal_checkpoint(TRUNCATE)")
	content, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	write := func(content []byte) {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			s.t.Fatal(err)
		}
		s.app.store.Reopen()
	}
	write(change(content))
	return func() { write(content) }
}

func (s *site) replaceByText() (restore func()) {
	return s.overwrite(func([]byte) []byte { return []byte("These are my notes, and not a database.\n") })
}

func (s *site) damage() (restore func()) {
	return s.overwrite(func(content []byte) []byte {
		return append(slices.Clone(content[:100]), bytes.Repeat([]byte{0xa5}, len(content)-100)...)
	})
}

// An attempt is something that people do on the site.
type attempt struct {
	what string
	do   func(*browser) page
}

var (
	tryReadingHome = attempt{"home", func(b *browser) page { return b.get("/user/bob") }}
	tryFirstPage   = attempt{"first page", func(b *browser) page { return b.get("/") }}
	trySignup      = attempt{"signup", func(b *browser) page {
		return b.post("/signup", "username", "eve", "password", goodPassword)
	}}
	tryLogin = attempt{"login", func(b *browser) page {
		return b.post("/login", "username", "bob", "password", goodPassword)
	}}
	tryLogout    = attempt{"logout", func(b *browser) page { return b.post("/logout/bob") }}
	tryLogoutAll = attempt{"logout of all", func(b *browser) page { return b.post("/logout") }}
)

// wantOutagePage checks the page that says that the site cannot do its work now.
func (p page) wantOutagePage() page {
	p.t.Helper()
	p.wantStatus(http.StatusServiceUnavailable).wantHeader("Cache-Control", "no-store")
	if seconds, err := strconv.Atoi(p.header.Get("Retry-After")); err != nil || seconds < 1 {
		p.t.Errorf("%s: Retry-After is %q, want seconds", p.what, p.header.Get("Retry-After"))
	}
	if len(p.cookies) != 0 {
		p.t.Errorf("%s: sets cookies %v", p.what, p.cookies)
	}
	p.wantNoCause().want("Please try again in a few seconds.", "Reference: "+p.header.Get("X-Request-Id"))
	if notice := p.element("notice"); notice == nil || readableText(notice) == "" {
		p.t.Errorf("%s: the notice is empty", p.what)
	}
	return p
}

// wantNoCause checks that a page says nothing about the inside of the program.
func (p page) wantNoCause() page {
	p.t.Helper()
	for _, inside := range []string{
		"goroutine", ".go:", "panic:", "runtime error", "SQLITE", "SQL logic", "database is", "readonly", "auth.db", "sign_ins",
	} {
		p.wantNot(inside)
	}
	return p
}

// wantNoticeOnly checks an answer that leaves the page which htmx has on screen as it is, but for its notice.
func (p page) wantNoticeOnly() page {
	p.t.Helper()
	return p.wantHeader("HX-Retarget", "#notice").wantHeader("HX-Reselect", "#notice > *").
		wantHeader("HX-Reswap", "innerHTML ignoreTitle:true").wantHeader("HX-Push-Url", "false").
		wantNot("<html", "<form")
}

func TestOutageShowsAClearPageAndEverythingWorksAfterIt(t *testing.T) {
	for _, outage := range []struct {
		name   string
		begin  func(*site) (end func())
		failed []attempt
		health int
	}{
		{
			"locked by another program for too long", (*site).lockDatabase,
			[]attempt{trySignup, tryLogin, tryLogout, tryLogoutAll}, http.StatusOK,
		},
		{
			"read-only", (*site).makeReadOnly,
			[]attempt{trySignup, tryLogin, tryLogout, tryLogoutAll}, http.StatusOK,
		},
		{
			"replaced by a text", (*site).replaceByText,
			[]attempt{trySignup, tryLogin, tryLogout, tryLogoutAll, tryReadingHome, tryFirstPage}, http.StatusServiceUnavailable,
		},
		{
			"damaged", (*site).damage,
			[]attempt{trySignup, tryLogin, tryLogout, tryLogoutAll, tryReadingHome, tryFirstPage}, http.StatusServiceUnavailable,
		},
	} {
		t.Run(outage.name, func(t *testing.T) {
			s, b := newSiteSignedIn(t, "bob", "--busy-timeout=200ms")
			session := b.cookie("session")
			s.clock.Advance(10 * time.Minute) // so that the home page has a use to record
			end := outage.begin(s)

			for _, failed := range outage.failed {
				failed.do(b.stay()).wantOutagePage().want("Not available at the moment")
				failed.do(b.stay().htmx()).wantOutagePage().wantNoticeOnly()
			}
			s.browser().get("/healthz").wantStatus(outage.health)
			for _, path := range []string{"/login", "/signup", "/logout/bob"} {
				s.browser().get(path).wantStatus(http.StatusOK)
			}
			if b.cookie("session") != session {
				t.Error("the browser has another session now")
			}

			end()
			s.browser().get("/healthz").wantStatus(http.StatusOK)
			b.get("/user/bob").wantStatus(http.StatusOK).want("Hello Bob")
			trySignup.do(s.browser()).wantStatus(http.StatusOK).want("User account has been created. Log in to continue.")
			tryLogin.do(s.browser()).wantStatus(http.StatusOK).wantPath("/user/bob")
			tryLogout.do(b).wantStatus(http.StatusOK).want("Successfully logged out.")
		})
	}
}

func TestOutageOfWritingLeavesTheHomePageReadable(t *testing.T) {
	s, b := newSiteSignedIn(t, "bob", "--busy-timeout=200ms")
	defer s.lockDatabase()()
	b.get("/user/bob").wantStatus(http.StatusOK).want("Hello Bob")
	b.get("/").wantStatus(http.StatusOK).wantPath("/user/bob")
}

func TestOutageIncludesAFullDisk(t *testing.T) {
	s := newSite(t, "--signups-per-hour=100000")
	// SQLite treats a file that may not grow like a disk that is full.
	if _, err := s.app.store.DB().ExecContext(t.Context(), "PRAGMA max_page_count = 1"); err != nil {
		t.Fatal(err)
	}
	statuses := []int{}
	for i := range 500 {
		answer := s.browser().stay().post("/signup", "username", strings.Repeat("x", 90)+strconv.Itoa(i), "password", goodPassword)
		statuses = append(statuses, answer.status)
		if answer.status != http.StatusSeeOther {
			answer.wantOutagePage()
			break
		}
	}
	if !slices.Contains(statuses, http.StatusServiceUnavailable) {
		t.Error("there was always room")
	}
	s.browser().get("/login").wantStatus(http.StatusOK)
}
