package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/store"
)

// A site is the whole program but for its listener: the real router over a real database file. Only its clock is
// ours to set, and hashing is cheap.
type site struct {
	t       testing.TB
	app     *app
	handler http.Handler
	server  *httptest.Server
	db      *sql.DB // a connection of the test's own, as another program would open the file
	clock   *clock
	log     *logBuffer
	appHost string // of the app that serveApp serves
}

// newSite starts a site with the given flags.
func newSite(t testing.TB, flags ...string) *site {
	t.Helper()
	return startSite(t, httptest.NewServer, flags...)
}

// newSiteFor starts a site on which somebody has an account.
func newSiteFor(t testing.TB, username string, flags ...string) *site {
	t.Helper()
	s := newSite(t, flags...)
	s.signUp(username)
	return s
}

// newSiteSignedIn starts a site on which somebody has an account, and is signed in in the browser.
func newSiteSignedIn(t testing.TB, username string, flags ...string) (*site, *browser) {
	t.Helper()
	s := newSiteFor(t, username, flags...)
	return s, s.signedIn(username)
}

// newSecureSite starts a site that is served over https.
func newSecureSite(t testing.TB, flags ...string) *site {
	t.Helper()
	return startSite(t, httptest.NewTLSServer, append(flags, "--url=https://login.example.org")...)
}

func startSite(t testing.TB, start func(http.Handler) *httptest.Server, flags ...string) *site {
	t.Helper()
	database, driver, source := filepath.Join(t.TempDir(), "auth.db"), "sqlite", "file:%s?_pragma=busy_timeout(5000)"
	if onPostgres(t) {
		database, driver, source = newPostgres(t), "pgx", "%s"
		flags = append([]string{"--key-file=" + filepath.Join(t.TempDir(), "auth.db.key")}, flags...)
	}
	flags = append([]string{
		"--db=" + database, "--hash-memory=64", "--hash-iterations=1",
		"--busy-timeout=1m", // a slow machine is no outage
	}, flags...)
	var command commands
	if _, err := newParser(&command).Parse(flags); err != nil {
		t.Fatal(err)
	}
	settings := &command.Settings
	s := &site{t: t, clock: &clock{now: time.Now()}, log: &logBuffer{}}
	s.open(settings)
	s.server = start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.handler.ServeHTTP(w, r)
		// As the program does within a second. What cannot be written now is kept for the next time.
		_ = s.app.store.WriteCollected(context.WithoutCancel(r.Context()))
	}))
	var err error
	s.db, err = sql.Open(driver, fmt.Sprintf(source, settings.DB))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.server.Close()
		s.db.Close()
		s.close()
		if t.Failed() {
			t.Logf("log:\n%s", s.log)
		}
	})
	return s
}

func (s *site) open(settings *settings) {
	s.t.Helper()
	db, err := store.Open(s.t.Context(), settings.DB, settings.BusyTimeout)
	if err != nil {
		s.t.Fatal(err)
	}
	s.app = newApp(settings, db, nil, newLogger(settings.LogFormat, s.log, s.log), s.clock.Now)
	s.handler = s.app.routes()
}

func (s *site) close() {
	s.t.Helper()
	if err := s.app.store.Close(); err != nil {
		s.t.Errorf("close database: %v", err)
	}
}

// restart ends the program and starts it again on the same file. No request may be under way.
func (s *site) restart() {
	s.t.Helper()
	s.close()
	s.open(s.app.settings)
}

// query runs a statement in the database and returns its only value.
func (s *site) query(query string, args ...any) (value string) {
	s.t.Helper()
	if err := s.db.QueryRow(s.inItsWords(query), args...).Scan(&value); err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
	return value
}

// inItsWords puts a test's statement, which is in SQLite's words, in those of the database. Some need no more than this.
func (s *site) inItsWords(query string) string {
	if !store.IsPostgres(s.app.settings.DB) {
		return query
	}
	for n := 1; strings.Contains(query, "?"); n++ {
		query = strings.Replace(query, "?", fmt.Sprint("$", n), 1)
	}
	return query
}

// exec changes the database behind the program's back.
func (s *site) exec(query string, args ...any) {
	s.t.Helper()
	if _, err := s.db.Exec(s.inItsWords(query), args...); err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
}

const goodPassword = "k3xq9vbz mnop"

// signUp creates an account through the form.
func (s *site) signUp(username string) {
	s.t.Helper()
	s.browser().post("/signup", "username", username, "password", goodPassword).wantStatus(http.StatusOK)
}

// signedIn is a browser in which the person is signed in; the account must exist.
func (s *site) signedIn(username string, more ...string) *browser {
	s.t.Helper()
	b := s.browser()
	b.logIn(username, more...)
	return b
}

// serve posts a form to the handler itself, without a network, and without writing what was collected.
func (s *site) serve(path string, header http.Header, fields ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodPost, path, strings.NewReader(encoded(fields...)))
	maps.Copy(request.Header, header)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	request.RemoteAddr, request.Host = "127.0.0.1:4", "127.0.0.1"
	recorder := httptest.NewRecorder()
	s.handler.ServeHTTP(recorder, request)
	return recorder
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type logBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (l *logBuffer) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buffer.Write(line)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buffer.String()
}
