package main

import (
	"crypto/sha1"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"latchkey/internal/password"
)

func TestSignupLeadsToTheLoginFormWithTheNameFilledIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.browser().get("/signup").wantStatus(http.StatusOK).
		want("Create an account", "Username", "Password", "At least 8 characters")
	b := s.browser()
	b.stay().post("/signup", "username", " Bob ", "password", goodPassword).
		wantStatus(http.StatusSeeOther).wantHeader("Location", "/login?username=bob")
	b.get("/login?username=bob").wantStatus(http.StatusOK).
		wantText("flash", "User account has been created. Log in to continue.").
		wantAttribute("username", "value", "bob")
	if got := s.query("SELECT username || ' ' || substr(pass_hash, 1, 28) FROM users"); got != "bob $argon2id$v=19$m=64,t=1,p=1$" {
		t.Errorf("stored %q", got)
	}
	b.get("/login").wantText("flash", "") // shown once
}

func TestSignupShowsMistakesBesideTheirFields(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	for _, test := range []struct{ name, username, password, usernameMessage, passwordMessage string }{
		{"both empty", "", "", "Username cannot be empty.", "Password cannot be empty."},
		{"only spaces", "   ", "   ", "Username cannot be empty.", "Password must be at least 8 characters long."},
		{"no password", "carol", "", "", "Password cannot be empty."},
		{"101 characters", strings.Repeat("x", 101), goodPassword, "Username cannot be longer than 100 characters.", ""},
		{"a control character", "bo\x07b", goodPassword, "Username contains an invisible or control character.", ""},
		{"NUL", "bo\x00b", goodPassword, "Username contains an invisible or control character.", ""},
		{"invalid UTF-8", "bo\xffb", goodPassword, "Username contains bytes that are not text.", ""},
		{"right-to-left override", "\u202ebob", goodPassword, "Username contains an invisible or control character.", ""},
		{"emoji", "bob🦊", goodPassword, "Username cannot contain emoji or special symbols.", ""},
		{"an SQL injection", "' OR 1=1 --", goodPassword, "Username cannot contain spaces.", ""},
		{"a slash", "a/b", goodPassword, "Username cannot contain a slash, because it becomes part of an address.", ""},
		{"two dots", "..", goodPassword, "Username cannot be only dots, because it becomes part of an address.", ""},
		{"a Cyrillic look-alike", "\u0430dmin", goodPassword, "Use letters from one alphabet only.", ""},
		{"7 characters", "carol", "k3xq9vb", "", "Password must be at least 8 characters long."},
		{"257 characters", "carol", strings.Repeat("xq7z", 64) + "!", "", "Password cannot be longer than 256 characters."},
		{"a common password", "carol", "password123", "", "Too easy to guess: attackers try it first"},
		{"the username", "caroline", "Caroline99", "", "Too similar to your username."},
		{"taken", " BOB ", goodPassword, "Username bob is not available.", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := s.browser().post("/signup", "username", test.username, "password", test.password).
				wantStatus(http.StatusUnprocessableEntity).wantPath("/signup")
			for field, message := range map[string]string{"username": test.usernameMessage, "password": test.passwordMessage} {
				if message == "" {
					again := ""
					if field == "password" && test.password != "" {
						again = "Type your password again."
					}
					p.wantText(field+"-message", again).wantAttribute(field, "aria-invalid", "")
					continue
				}
				if got := readableText(p.element(field + "-message")); !strings.HasPrefix(got, message) {
					t.Errorf("%s: %q, want %q", field, got, message)
				}
				p.wantAttribute(field, "aria-invalid", "true")
				if described := attribute(p.element(field), "aria-describedby"); !strings.Contains(described, field+"-message") {
					t.Errorf("%s is described by %q", field, described)
				}
			}
			p.wantAttribute("password", "value", "")
			if utf8.ValidString(test.username) && !strings.Contains(test.username, "\x00") {
				p.wantAttribute("username", "value", test.username)
			}
			if test.password != "" && test.password != "   " {
				p.wantNot(test.password)
			}
		})
	}
	if count := s.query("SELECT count(*) FROM users"); count != "1" {
		t.Errorf("%s accounts, want bob alone", count)
	}
}

func TestSignupTakesNamesAndPasswordsThatLookDangerous(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for username, password := range map[string]string{
		"<script>alert(1)</script>x": "", // refused: it holds a slash
		"<script>":                   "<b>' OR 1=1 --\x00",
		"%2e%2e":                     "x7#kq!9z",
		"a?b#c%41":                   strings.Repeat("xq7 ", 3) + strings.Repeat("пароль ", 30) + strings.Repeat("z9k ", 8),
		"o'brien;--":                 "  пароль и ещё слова  ",
		"東京タワー":                      "🦊🐙🦉🐢🦔🐝🦋🐌",
	} {
		if password == "" {
			s.browser().post("/signup", "username", username, "password", goodPassword).wantStatus(http.StatusUnprocessableEntity).
				wantNot("<script>alert")
			continue
		}
		b := s.browser()
		b.post("/signup", "username", username, "password", password).wantStatus(http.StatusOK).wantPath("/login")
		home := b.post("/login", "username", username, "password", password).wantStatus(http.StatusOK).want("Hello ")
		home.wantNot("<script>")
		b.get(home.url.EscapedPath()).wantStatus(http.StatusOK)
		b.post("/logout" + strings.TrimPrefix(home.url.EscapedPath(), "/user")).wantStatus(http.StatusOK).wantPath("/login")
		b.get(home.url.EscapedPath()).wantStatus(http.StatusUnauthorized)
		trimmed := strings.TrimSpace(password)
		if trimmed != password {
			b.post("/login", "username", username, "password", trimmed).wantStatus(http.StatusUnauthorized)
		}
	}
}

func TestSignupRefusesAPasswordOfTenMegabytes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	body := "username=bob&password=" + strings.Repeat("x", 10<<20)
	for _, path := range []string{"/signup", "/login"} {
		s.browser().send(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(body)).
			wantStatus(http.StatusRequestEntityTooLarge).wantText("notice", "This is more than any form here needs. A password has at most 256 characters.")
		// Of unknown length, as a chunked body is.
		s.browser().send(http.MethodPost, path, "application/x-www-form-urlencoded", struct{ *strings.Reader }{strings.NewReader(body)}).
			wantStatus(http.StatusRequestEntityTooLarge)
	}
}

func TestSignupSentTwentyTimesAtOnceMakesOneAccount(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var group sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for range 20 {
		b := s.browser().stay()
		group.Go(func() {
			p := b.post("/signup", "username", "bob", "password", goodPassword)
			mu.Lock()
			defer mu.Unlock()
			statuses[p.status]++
			if p.status == http.StatusUnprocessableEntity {
				p.wantText("username-message", "Username bob is not available.")
			}
		})
	}
	group.Wait()
	if statuses[http.StatusSeeOther] != 1 || statuses[http.StatusUnprocessableEntity] != 19 {
		t.Errorf("answers %v, want one 303 and 19 times 422", statuses)
	}
	if count := s.query("SELECT count(*) FROM users"); count != "1" {
		t.Errorf("%s accounts", count)
	}
}

func TestSignupIsLimitedByAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t, "--signups-per-hour=3")
	for _, name := range []string{"alice", "bob", "carol"} {
		s.signUp(name)
	}
	p := s.browser().post("/signup", "username", "dave", "password", goodPassword).
		wantStatus(http.StatusTooManyRequests).wantHeader("Retry-After", "1200").
		wantText("notice", "Too many tries from your address. Please wait 20 minutes and try again.").
		wantAttribute("username", "value", "dave").wantAttribute("password", "value", "")
	p.wantNot(goodPassword)
	s.clock.Advance(20 * time.Minute)
	s.signUp("dave")
	s.browser().post("/signup", "username", "eve", "password", goodPassword).wantStatus(http.StatusTooManyRequests)
	if count := s.query("SELECT count(*) FROM users"); count != "4" {
		t.Errorf("%s accounts, want 4", count)
	}
	if !strings.Contains(s.log.String(), `event="signup throttled"`) {
		t.Error("nothing in the log")
	}
}

func TestSignupMistakesDoNotCountAgainstTheLimit(t *testing.T) {
	t.Parallel()
	s := newSite(t, "--signups-per-hour=1")
	for range 5 {
		s.browser().post("/signup", "username", "bob", "password", "short").wantStatus(http.StatusUnprocessableEntity)
	}
	s.signUp("bob")
}

func TestNameCheckTellsFreeNamesFromTakenOnes(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	typing := s.browser().htmx()
	for typed, want := range map[string]string{
		"Bob":   "Username bob is not available.",
		"carol": "Available",
		"":      "Username cannot be empty.",
		"a b":   "Username cannot contain spaces.",
		"\xff":  "Username contains bytes that are not text.",
		"<b>":   "Available",
	} {
		p := typing.post("/signup/username", "username", typed).wantStatus(http.StatusOK)
		if got := readableText(p.parse()); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
		if p.element("username") != nil || p.element("flash") != nil {
			t.Errorf("%q: more than the field's message: %s", typed, p.body)
		}
	}
	s.browser().post("/signup/username", "username", "Bob").wantStatus(http.StatusOK).
		wantText("username-message", "Username bob is not available.").wantAttribute("username", "value", "Bob")
}

func TestNameCheckIsLimitedByAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	typing := s.browser().htmx()
	for range nameChecksPerMinute {
		typing.post("/signup/username", "username", "a").wantStatus(http.StatusOK)
	}
	typing.post("/signup/username", "username", "c").wantStatus(http.StatusTooManyRequests).wantHeader("Retry-After", "1").
		want("Too many tries from your address. Please wait 1 second and try again.").wantHeader("HX-Retarget", "")
	s.clock.Advance(time.Second)
	typing.post("/signup/username", "username", "d").wantStatus(http.StatusOK)
}

func TestSignupAsksForTheLeastLengthOfTheSettings(t *testing.T) {
	t.Parallel()
	s := newSite(t, "--password-min-length=15")
	s.browser().get("/signup").want("At least 15 characters").wantAttribute("password", "passwordrules", "minlength: 15; maxlength: 256;")
	s.browser().post("/signup", "username", "bob", "password", "k3xq9vbz mnopq").wantStatus(http.StatusUnprocessableEntity).
		want("at least 15 characters")
	s.browser().post("/signup", "username", "bob", "password", "k3xq9vbz mnopqr").wantStatus(http.StatusOK)
}

func TestSignupThatIsClosedIsNotLinkedTo(t *testing.T) {
	t.Parallel()
	s := newSite(t, "--signup=closed")
	s.browser().get("/login").wantStatus(http.StatusOK).wantNot("Create an account")
	s.browser().post("/login", "username", "", "password", "").wantStatus(http.StatusUnprocessableEntity).wantNot("Create an account")
	s.browser().get("/signup").wantStatus(http.StatusForbidden).want("Ask the administrator")
}

func TestSignupRefusesALeakedPassword(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob", "--signups-per-hour=4")
	code := b.makeCode("bob")
	const leaked, other = "k3xq9vbz leaked once", "k3xq9vbz never leaked"
	path := filepath.Join(t.TempDir(), "leaked.txt")
	line := fmt.Sprintf("%X:3\n", sha1.Sum([]byte(leaked)))
	if err := os.WriteFile(path, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := password.OpenLeaked(path)
	if err != nil {
		t.Fatal(err)
	}
	s.app.policy.Leaked = list
	const message = "This password has leaked elsewhere. Choose one that you use nowhere else."
	for what, p := range map[string]page{
		"signup":   s.browser().post("/signup", "username", "eve", "password", leaked),
		"change":   b.post("/user/bob/password", "current_password", goodPassword, "password", leaked),
		"recovery": s.browser().post("/recover", "username", "bob", "code", code, "password", leaked),
		"link":     s.browser().post(s.linkFor("bob"), "password", leaked),
	} {
		if p.status != http.StatusUnprocessableEntity || !strings.Contains(readableText(p.parse()), message) {
			t.Errorf("%s: status %d: %s", what, p.status, readableText(p.parse()))
		}
	}
	s.browser().post("/signup", "username", "eve", "password", other).wantStatus(http.StatusOK)

	// A list that cannot be read lets nobody choose a password, rather than any.
	if err := os.WriteFile(path, []byte("cut off"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.browser().post("/signup", "username", "carol", "password", other).wantStatus(http.StatusServiceUnavailable).wantNoCause()
	// The list is asked only when the limit allows it.
	s.browser().post("/signup", "username", "carol", "password", other).wantStatus(http.StatusTooManyRequests)
}

func TestPasswordChangeLooksForALeakedPasswordWhenTheLimitAllowsIt(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob", "--known-browser-failures=1")
	path := filepath.Join(t.TempDir(), "leaked.txt")
	if err := os.WriteFile(path, fmt.Appendf(nil, "%X:3\n", sha1.Sum([]byte(newPassword))), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := password.OpenLeaked(path)
	if err != nil {
		t.Fatal(err)
	}
	s.app.policy.Leaked = list
	change := func(current string) page {
		return b.post("/user/bob/password", "current_password", current, "password", newPassword)
	}
	for range 3 { // a right password that leads to nothing is no failure
		change(goodPassword).wantStatus(http.StatusUnprocessableEntity).want("has leaked elsewhere")
	}
	change("wrong").wantStatus(http.StatusUnprocessableEntity).want("Wrong password.").wantNot("leaked")
	change(goodPassword).wantStatus(http.StatusTooManyRequests).wantNot("leaked")
}
