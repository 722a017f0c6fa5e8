package main

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestSignupSendsWhatIsTypedInNoAddress(t *testing.T) {
	t.Parallel()
	s, proxy := newSiteBehindProxy(t)
	s.signUp("bob")
	var mu sync.Mutex
	var heads, checks []string
	proxy.instead(func(w http.ResponseWriter, r *http.Request, site http.Handler) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		mu.Lock()
		heads = append(heads, r.URL.String(), r.Referer(), r.Header.Get("HX-Current-URL"))
		if r.URL.Path == "/signup/username" {
			checks = append(checks, string(body))
		}
		mu.Unlock()
		r.Header.Del("Sec-Fetch-Site") // as on plain http: the check needs the form's token
		site.ServeHTTP(w, r)
	})
	b := s.newTab("/signup")
	b.fill("Password", "my-secret-typed-first")
	b.fill("Username", "typed-in-the-wrong-field")
	b.wantMessage("Username", "Available")
	b.fill("Username", "Bob")
	b.wantMessage("Username", "Username bob is not available.")
	b.wantInvalid("Username", true)
	b.fill("Username", "carol")
	b.wantMessage("Username", "Available")
	b.wantInvalid("Username", false)
	b.wantValue("Password", "my-secret-typed-first")

	mu.Lock()
	defer mu.Unlock()
	for _, head := range heads {
		if strings.Contains(head, "typed") || strings.Contains(head, "arol") {
			t.Errorf("typed text is in %q", head)
		}
	}
	var names []string
	for _, check := range checks {
		fields, err := url.ParseQuery(check)
		if err != nil || len(fields) != 2 || fields.Get("csrf") == "" {
			t.Errorf("a check sends %q, %v; want username and csrf alone", check, err)
		}
		names = append(names, fields.Get("username"))
	}
	if want := []string{"typed-in-the-wrong-field", "Bob", "carol"}; !slices.Equal(names, want) {
		t.Errorf("checked %q, want %q", names, want)
	}
}

func TestSignupChecksNamesOnlyForItsOwnPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.browser().get("/signup/username?username=bob").wantStatus(http.StatusMethodNotAllowed)
	s.browser().htmx().post("/signup/username?username=bob").wantStatus(http.StatusOK).want("Username cannot be empty.")
	s.browser().with("Sec-Fetch-Site", "cross-site").post("/signup/username", "username", "bob").wantStatus(http.StatusForbidden)
	old := s.browser()
	old.header.Del("Sec-Fetch-Site")
	old.post("/signup/username", "username", "bob").wantStatus(http.StatusForbidden)
	old.htmx().post("/signup/username", "username", "bob", "csrf", old.get("/signup").csrf()).wantStatus(http.StatusOK).
		want("Available")
}
