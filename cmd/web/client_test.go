package main

import (
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
)

// A browser is a client with cookies that says, as browsers do, that its requests come from our own pages, and
// follows redirects.
type browser struct {
	site   *site
	client *http.Client
	header http.Header // sent with each request
	host   string      // asked for, when it is not the one of the server's address
}

func (s *site) browser() *browser {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	client := *s.server.Client()
	client.Jar = jar
	return &browser{site: s, client: &client, header: http.Header{"Sec-Fetch-Site": {"same-origin"}}, host: s.host()}
}

// host is that of --url, for a site that has one.
func (s *site) host() string {
	if s.app.settings.URL == nil {
		return ""
	}
	return s.app.site.Host
}

// at returns the same browser asking for another host.
func (b *browser) at(host string) *browser {
	other := *b
	other.host = host
	return &other
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
	return b.send(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(encoded(fields...)))
}

// encoded is a form of names and values by turns.
func encoded(fields ...string) string {
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return form.Encode()
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
	request.Host = b.host
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

// address is what cookies belong to.
func (b *browser) address() *url.URL {
	b.site.t.Helper()
	address, err := url.Parse(b.site.server.URL)
	if err != nil {
		b.site.t.Fatal(err)
	}
	if b.host != "" {
		address.Host = b.host
	}
	return address
}

// cookie is the value of a cookie that the browser holds.
func (b *browser) cookie(name string) string {
	b.site.t.Helper()
	for _, cookie := range b.client.Jar.Cookies(b.address()) {
		if cookie.Name == name {
			return cookie.Value
		}
	}
	return ""
}

func (b *browser) setCookie(name, value string) {
	b.site.t.Helper()
	address := b.address()
	b.client.Jar.SetCookies(address, []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: address.Scheme == "https"}})
}

// postAndLeave sends a form, and closes the connection before the answer comes.
func (b *browser) postAndLeave(path string, fields ...string) {
	t := b.site.t
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.site.server.URL+path, strings.NewReader(encoded(fields...)))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(request.Header, b.header)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, cookie := range b.client.Jar.Cookies(request.URL) {
		request.AddCookie(cookie)
	}
	connection, err := net.Dial("tcp", request.URL.Host)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(request.Write(connection), connection.Close()); err != nil {
		t.Fatal(err)
	}
}
