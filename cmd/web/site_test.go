package main

import (
	"bytes"
	"database/sql"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"latchkey/internal/store"
)

// A site is the whole program but for its listener: the real router over a real database file. Only its clock is
// ours to set, and hashing is cheap.
type site struct {
	t       *testing.T
	app     *app
	handler http.Handler
	server  *httptest.Server
	db      *sql.DB // a connection of the test's own, as another program would open the file
	clock   *clock
	log     *logBuffer
}

// newSite starts a site with the given flags.
func newSite(t *testing.T, flags ...string) *site {
	t.Helper()
	return startSite(t, httptest.NewServer, flags...)
}

// newSecureSite starts a site that is served over https.
func newSecureSite(t *testing.T, flags ...string) *site {
	t.Helper()
	return startSite(t, httptest.NewTLSServer, append(flags, "--url=https://login.example.org")...)
}

func startSite(t *testing.T, start func(http.Handler) *httptest.Server, flags ...string) *site {
	t.Helper()
	flags = append([]string{
		"--db=" + filepath.Join(t.TempDir(), "auth.db"), "--hash-memory=64", "--hash-iterations=1", "--busy-timeout=200ms",
	}, flags...)
	var command commands
	if _, err := newParser(&command).Parse(flags); err != nil {
		t.Fatal(err)
	}
	settings := &command.Settings
	s := &site{t: t, clock: &clock{now: time.Now()}, log: &logBuffer{}}
	s.open(settings)
	s.server = start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }))
	var err error
	s.db, err = sql.Open("sqlite", "file:"+settings.DB+"?_pragma=busy_timeout(5000)")
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
	s.app = newApp(settings, db, newLogger(settings.LogFormat, s.log), s.clock.Now)
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
	if err := s.db.QueryRow(query, args...).Scan(&value); err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
	return value
}

// exec changes the database behind the program's back.
func (s *site) exec(query string, args ...any) {
	s.t.Helper()
	if _, err := s.db.Exec(query, args...); err != nil {
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

// A browser is a client with cookies that says, as browsers do, that its requests come from our own pages, and
// follows redirects.
type browser struct {
	site   *site
	client *http.Client
	header http.Header // sent with each request
}

func (s *site) browser() *browser {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	client := *s.server.Client()
	client.Jar = jar
	return &browser{site: s, client: &client, header: http.Header{"Sec-Fetch-Site": {"same-origin"}}}
}

// with returns the same browser sending one more header.
func (b *browser) with(name, value string) *browser {
	other := *b
	other.header = b.header.Clone()
	other.header.Set(name, value)
	return &other
}

// htmx returns the same browser sending what htmx sends for a swap.
func (b *browser) htmx() *browser {
	return b.with("HX-Request", "true").with("HX-Request-Type", "partial")
}

// stay returns the same browser not following redirects.
func (b *browser) stay() *browser {
	other := *b
	client := *b.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	other.client = &client
	return &other
}

func (b *browser) get(path string) page {
	b.site.t.Helper()
	return b.send(http.MethodGet, path, "", nil)
}

// post sends a form of names and values by turns.
func (b *browser) post(path string, fields ...string) page {
	b.site.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return b.send(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

func (b *browser) logIn(username string, more ...string) page {
	b.site.t.Helper()
	return b.post("/login", append([]string{"username", username, "password", goodPassword}, more...)...).
		wantStatus(http.StatusOK)
}

func (b *browser) send(method, path, contentType string, body io.Reader) page {
	t := b.site.t
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, b.site.server.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range b.header {
		request.Header[name] = values
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := b.client.Do(request)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return page{t: t, what: method + " " + path, status: response.StatusCode, header: response.Header,
		url: response.Request.URL, body: string(text), cookies: response.Cookies()}
}

// cookie is the value of a cookie that the browser holds.
func (b *browser) cookie(name string) string {
	address, err := url.Parse(b.site.server.URL)
	if err != nil {
		b.site.t.Fatal(err)
	}
	for _, cookie := range b.client.Jar.Cookies(address) {
		if cookie.Name == name {
			return cookie.Value
		}
	}
	return ""
}

func (b *browser) setCookie(name, value string) {
	address, err := url.Parse(b.site.server.URL)
	if err != nil {
		b.site.t.Fatal(err)
	}
	b.client.Jar.SetCookies(address, []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: address.Scheme == "https"}})
}

// A page is an answer.
type page struct {
	t       *testing.T
	what    string
	status  int
	header  http.Header
	url     *url.URL
	body    string
	cookies []*http.Cookie
}

func (p page) wantStatus(status int) page {
	p.t.Helper()
	if p.status != status {
		p.t.Fatalf("%s: status %d, want %d\n%s", p.what, p.status, status, p.body)
	}
	return p
}

func (p page) wantPath(path string) page {
	p.t.Helper()
	if got := p.url.EscapedPath(); got != path {
		p.t.Errorf("%s: ended at %s, want %s", p.what, got, path)
	}
	return p
}

func (p page) wantHeader(name, value string) page {
	p.t.Helper()
	if got := p.header.Get(name); got != value {
		p.t.Errorf("%s: header %s is %q, want %q", p.what, name, got, value)
	}
	return p
}

// want reports each of the texts that a reader of the page does not find.
func (p page) want(texts ...string) page {
	p.t.Helper()
	readable := readableText(p.parse())
	for _, text := range texts {
		if !strings.Contains(readable, text) {
			p.t.Errorf("%s: no %q in: %s", p.what, text, readable)
		}
	}
	return p
}

func (p page) wantNot(texts ...string) page {
	p.t.Helper()
	for _, text := range texts {
		if strings.Contains(p.body, text) {
			p.t.Errorf("%s: there should be no %q in: %s", p.what, text, p.body)
		}
	}
	return p
}

// wantText compares the text of the element with this id.
func (p page) wantText(id, text string) page {
	p.t.Helper()
	element := p.element(id)
	if element == nil {
		p.t.Errorf("%s: no element with id %q in: %s", p.what, id, p.body)
		return p
	}
	if got := strings.TrimSpace(readableText(element)); got != text {
		p.t.Errorf("%s: #%s says %q, want %q", p.what, id, got, text)
	}
	return p
}

// wantAttribute compares an attribute of the element with this id; "" stands for none as well.
func (p page) wantAttribute(id, name, value string) page {
	p.t.Helper()
	element := p.element(id)
	if element == nil {
		p.t.Errorf("%s: no element with id %q in: %s", p.what, id, p.body)
		return p
	}
	if got := attribute(element, name); got != value {
		p.t.Errorf("%s: #%s has %s=%q, want %q", p.what, id, name, got, value)
	}
	return p
}

func (p page) parse() *html.Node {
	p.t.Helper()
	document, err := html.Parse(strings.NewReader(p.body))
	if err != nil {
		p.t.Fatal(err)
	}
	return document
}

func (p page) element(id string) *html.Node {
	p.t.Helper()
	return p.find(func(n *html.Node) bool { return attribute(n, "id") == id })
}

// csrf is the token in the page's first form.
func (p page) csrf() string {
	p.t.Helper()
	input := p.find(func(n *html.Node) bool { return n.Data == "input" && attribute(n, "name") == "csrf" })
	if input == nil {
		p.t.Fatalf("%s: no csrf field in: %s", p.what, p.body)
	}
	return attribute(input, "value")
}

func (p page) find(matches func(*html.Node) bool) *html.Node {
	for node := range p.parse().Descendants() {
		if node.Type == html.ElementNode && matches(node) {
			return node
		}
	}
	return nil
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func readableText(n *html.Node) string {
	var text strings.Builder
	for node := range n.Descendants() {
		if node.Type == html.TextNode {
			text.WriteString(node.Data + " ")
		}
	}
	return strings.Join(strings.Fields(text.String()), " ")
}
