package main

import (
	"net/http"
	"strings"
	"testing"
)

func TestHeadersForSecurityAreInEveryAnswer(t *testing.T) {
	t.Parallel()
	plain, secure := newSite(t), newSecureSite(t)
	for _, s := range []*site{plain, secure} {
		s.signUp("bob")
		b := s.signedIn("bob").stay()
		asset := attribute(b.get("/login").find(isStylesheet), "href")
		for _, answer := range []page{
			b.get("/"), b.get("/login"), b.get("/signup"), b.get("/user/bob"), b.get("/user/eve"), b.get("/nothing"), b.get("/healthz"),
			b.get(asset), b.get("/public/nothing"), b.post("/signup"), b.post("/login", "username", "x", "password", "y"),
			b.with("Sec-Fetch-Site", "cross-site").post("/logout"), b.send(http.MethodPut, "/login", "", nil),
			b.send(http.MethodPost, "/login", "text/plain", strings.NewReader("x")),
		} {
			policy := answer.header.Get("Content-Security-Policy")
			for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'", "script-src 'self'"} {
				if !strings.Contains(policy, part) {
					t.Errorf("%s: policy %q lacks %s", answer.what, policy, part)
				}
			}
			if strings.Contains(policy, "unsafe") {
				t.Errorf("%s: policy %q", answer.what, policy)
			}
			answer.wantHeader("X-Content-Type-Options", "nosniff").wantHeader("Referrer-Policy", "same-origin").
				wantHeader("Cross-Origin-Opener-Policy", "same-origin").wantHeader("Cross-Origin-Resource-Policy", "same-origin")
			if answer.header.Get("Permissions-Policy") == "" || answer.header.Get("X-Request-Id") == "" {
				t.Errorf("%s: headers %v", answer.what, answer.header)
			}
			hsts := ""
			if s == secure {
				hsts = "max-age=63072000; includeSubDomains"
			}
			answer.wantHeader("Strict-Transport-Security", hsts)
			if answer.url.Path != asset {
				answer.wantHeader("Cache-Control", "no-store")
			}
		}
	}
}

func TestHeadersOfLocalhostDoNotForceHTTPS(t *testing.T) {
	t.Parallel()
	newSite(t, "--url=https://localhost:8443").browser().get("/login").wantHeader("Strict-Transport-Security", "")
}

func TestFormSentFromAnotherSiteIsRefused(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	for _, form := range []struct{ path, username string }{
		{"/signup", "eve"}, {"/login", "bob"}, {"/logout/bob", ""}, {"/logout", ""},
	} {
		for _, from := range []string{"cross-site", "same-site"} {
			b.with("Sec-Fetch-Site", from).post(form.path, "username", form.username, "password", goodPassword).
				wantStatus(http.StatusForbidden).want("This page is out of date", "Reload it and try again.")
		}
	}
	b.get("/user/bob").wantStatus(http.StatusOK)
	if count := s.query("SELECT count(*) FROM users"); count != "1" {
		t.Errorf("%s accounts", count)
	}
}

func TestFormOfABrowserThatSendsNoOriginNeedsItsToken(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	old := s.browser()
	old.header.Del("Sec-Fetch-Site")
	old.post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusForbidden)
	old.post("/signup", "username", "bob", "password", goodPassword, "csrf", "").wantStatus(http.StatusForbidden)
	token := old.get("/signup").csrf()
	old.post("/signup", "username", "bob", "password", goodPassword, "csrf", token+"x").wantStatus(http.StatusForbidden)
	other := s.browser()
	other.header.Del("Sec-Fetch-Site")
	other.get("/signup")
	other.post("/signup", "username", "bob", "password", goodPassword, "csrf", token).wantStatus(http.StatusForbidden)

	p := old.post("/signup", "username", "bob", "password", goodPassword, "csrf", token).wantStatus(http.StatusOK).wantPath("/login")
	p = old.post("/login", "username", "bob", "password", "wrong password", "csrf", p.csrf()).wantStatus(http.StatusUnauthorized)
	p = old.post("/login", "username", "bob", "password", goodPassword, "csrf", p.csrf()).wantPath("/user/bob")
	old.post("/logout/bob", "csrf", p.csrf()).wantStatus(http.StatusOK).wantPath("/login")

	cookie := old.get("/login").cookie("csrf")
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" {
		t.Errorf("cookie %v", cookie)
	}
	secure := newSecureSite(t).browser()
	secure.header.Del("Sec-Fetch-Site")
	if cookie := secure.get("/login").cookie("__Host-csrf"); !cookie.Secure {
		t.Errorf("cookie %v", cookie)
	}
}

func TestPathsAnswerToATrailingSlashAndToHEAD(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	b := s.signedIn("bob").stay()
	for path, status := range map[string]int{
		"/": 303, "/signup": 200, "/login?username=x": 200, "/login": 200, "/user/bob": 200, "/logout/bob": 200, "/healthz": 200,
	} {
		name, query, _ := strings.Cut(path, "?")
		for _, variant := range []string{path, strings.TrimSuffix(name, "/") + "/?" + query} {
			get := b.get(variant).wantStatus(status)
			head := b.send(http.MethodHead, variant, "", nil).wantStatus(status)
			if head.body != "" || status == 200 && head.header.Get("Content-Length") != get.header.Get("Content-Length") {
				t.Errorf("HEAD %s: %d bytes, length %q, GET's is %q", variant, len(head.body),
					head.header.Get("Content-Length"), get.header.Get("Content-Length"))
			}
		}
	}
	for _, path := range []string{"/signup/", "/login/"} {
		b.post(path).wantStatus(http.StatusUnprocessableEntity)
	}
	b.post("/signup/username/", "username", "x").wantStatus(http.StatusOK)
	b.post("/logout/bob/").wantStatus(http.StatusSeeOther)
	b.post("/logout/").wantStatus(http.StatusOK) // nobody is left to log out
}

func TestMethodThatIsNotAllowedNamesThoseThatAre(t *testing.T) {
	t.Parallel()
	b := newSite(t).browser()
	for path, allowed := range map[string]string{
		"/": "GET", "/login": "POST", "/signup": "GET", "/signup/username": "POST", "/user/bob": "HEAD", "/logout/bob": "POST", "/healthz": "GET",
	} {
		p := b.send(http.MethodDelete, path, "", nil).wantStatus(http.StatusMethodNotAllowed).want("Not allowed")
		if !strings.Contains(p.header.Get("Allow"), allowed) {
			t.Errorf("%s: Allow %q lacks %s", path, p.header.Get("Allow"), allowed)
		}
	}
	b.post("/healthz").wantStatus(http.StatusMethodNotAllowed)
	b.get("/logout").wantStatus(http.StatusMethodNotAllowed).wantHeader("Allow", "OPTIONS, POST")
}

func TestPageThatDoesNotExistSaysSo(t *testing.T) {
	t.Parallel()
	b := newSite(t).browser()
	for _, path := range []string{"/nothing", "/public/", "/public/app.css", "/public/../go.mod", "/.well-known/nothing", "//evil.example"} {
		b.get(path).wantStatus(http.StatusNotFound).want("Page not found")
	}
}

func TestLogHoldsEachRequestAndEventAndNoSecret(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	b := s.browser().with("X-Request-Id", "forged")
	b.post("/login", "username", "my secret passphrase", "password", "typed wrong").wantStatus(http.StatusUnauthorized)
	b.post("/login", "username", "bob", "password", "another wrong one")
	home := b.logIn("bob")
	token := b.cookie("session")
	b.post("/logout/bob")
	log := s.log.String()
	for _, event := range []string{`"account created"`, `"login failed"`, `"login succeeded"`, "logout"} {
		if !strings.Contains(log, "event="+event) {
			t.Errorf("no event %s", event)
		}
	}
	for _, line := range []string{
		`event="login failed" address=127.0.0.1 request=`, "uid=1", "method=POST route=/login status=401 duration=",
		"method=GET route=/user/:username status=200", "request=" + home.header.Get("X-Request-Id"),
	} {
		if !strings.Contains(log, line) {
			t.Errorf("no %q", line)
		}
	}
	for _, secret := range []string{
		goodPassword, "my secret passphrase", "typed wrong", "another wrong one", token, home.csrf(), "argon2id", "forged",
		s.query("SELECT pass_hash FROM users"), "bob",
	} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

func TestProxyMustBeTrustedToSayWhereARequestComesFrom(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, trusted, forwarded, want string }{
		{"none trusted", "", "203.0.113.7", "127.0.0.1"},
		{"another trusted", "10.0.0.0/8", "203.0.113.7", "127.0.0.1"},
		{"trusted", "127.0.0.1", "203.0.113.7", "203.0.113.7"},
		{"forged in front of it", "127.0.0.0/8", "198.51.100.1, 203.0.113.7", "203.0.113.7"},
		{"two trusted", "127.0.0.1,10.0.0.0/8", "198.51.100.1, 203.0.113.7, 10.1.2.3", "203.0.113.7"},
		{"IPv6", "127.0.0.1", "2001:db8::1", "2001:db8::1"},
		{"mapped", "127.0.0.1", "::ffff:203.0.113.7", "203.0.113.7"},
		{"garbage", "127.0.0.1", "nonsense", "127.0.0.1"},
		{"with a zone, which says nothing here", "127.0.0.1", "fe80::1%eth0", "fe80::1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			flags := []string{}
			if test.trusted != "" {
				flags = append(flags, "--trusted-proxy="+test.trusted)
			}
			s := newSiteFor(t, "bob", flags...)
			b := s.browser().with("X-Forwarded-For", test.forwarded).with("X-Real-Ip", "192.0.2.1").with("Forwarded", "for=192.0.2.1")
			b.logIn("bob")
			b.get("/user/bob/sign-ins").want("This browser " + test.want + ",")
		})
	}
}

func TestLimitsCountAnIPv6NetworkAsOneAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t, "--trusted-proxy=127.0.0.1", "--failures-per-hour=1")
	from := func(address string) page {
		return s.browser().with("X-Forwarded-For", address).guess("nobody")
	}
	from("2001:db8:1:2::1").wantStatus(http.StatusUnauthorized)
	from("2001:db8:1:2:3:4:5:6").wantStatus(http.StatusTooManyRequests)
	from("2001:db8:1:3::1").wantStatus(http.StatusUnauthorized)
	from("203.0.113.7").wantStatus(http.StatusUnauthorized)
	from("::ffff:203.0.113.7").wantStatus(http.StatusTooManyRequests)
	from("203.0.113.8").wantStatus(http.StatusUnauthorized)
}
