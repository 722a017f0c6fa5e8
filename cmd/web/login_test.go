package main

import (
	"fmt"
	"latchkey/components"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"golang.org/x/net/html"
)

func TestLoginOpensTheHomePage(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	b := s.browser()
	b.post("/login", "username", " BOB ", "password", goodPassword).wantStatus(http.StatusOK).
		wantPath("/user/bob").want("Hello Bob", "Log out")
	b.get("/").wantPath("/user/bob")
	b.get("/user/BOB/").wantStatus(http.StatusOK).want("Hello Bob")
	if got := s.query("SELECT username || address || user_agent FROM sign_ins JOIN users USING (uid)"); got != "bob127.0.0.1Go-http-client/1.1" {
		t.Errorf("sign-in row %q", got)
	}
}

func TestLoginAnswersAlikeForWrongNameAndWrongPassword(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	s.exec("INSERT INTO users (username, pass_hash, created_at) VALUES ('damaged', 'x', 0)")
	var answers []string
	for _, username := range []string{"bob", "nobody", "no body", "damaged", strings.Repeat("x", 101), "\u202e", "a/b"} {
		p := s.browser().with("Sec-Fetch-Site", "none").post("/login", "username", username, "password", "wrong "+goodPassword, "remember", "yes").
			wantStatus(http.StatusUnauthorized).wantPath("/login").
			wantText("notice", "Invalid username or password.").
			wantAttribute("username", "value", username).wantAttribute("password", "value", "")
		if p.element("password") == nil || p.find(isChecked) == nil {
			t.Errorf("the form is not as it was sent: %s", p.body)
		}
		p.header.Del("X-Request-Id")
		p.header.Del("Date")
		p.header.Del("Content-Length") // it follows from the name, which the page shows again
		header := strings.Builder{}
		p.header.Write(&header)
		body := strings.ReplaceAll(p.body, templ.EscapeString(components.RecoverPath(username)), "RECOVER")
		answers = append(answers, header.String()+strings.ReplaceAll(body, templ.EscapeString(username), "NAME"))
	}
	for _, answer := range answers[1:] {
		if answer != answers[0] {
			t.Errorf("answers differ:\n%s\n%s", answers[0], answer)
		}
	}
	for _, password := range []string{strings.Repeat("x", 257), strings.Repeat("x", 60_000), "\x00", "\xff"} {
		s.browser().post("/login", "username", "bob", "password", password).wantStatus(http.StatusUnauthorized).
			wantText("notice", "Invalid username or password.")
	}
	if count := s.query("SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM sign_ins)"); count != "0" {
		t.Errorf("failed logins left %s rows", count)
	}
}

func isChecked(n *html.Node) bool {
	return attribute(n, "name") == "remember" && slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "checked" })
}

func TestLoginNamesAnEmptyField(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.browser().post("/login").wantStatus(http.StatusUnprocessableEntity).
		wantText("username-message", "Username cannot be empty.").wantText("password-message", "Password cannot be empty.")
	s.browser().post("/login", "username", "bob", "password", "").wantStatus(http.StatusUnprocessableEntity).
		wantText("username-message", "").wantText("password-message", "Password cannot be empty.").
		wantAttribute("username", "value", "bob")
	s.browser().post("/login", "username", "  ", "password", goodPassword).wantStatus(http.StatusUnprocessableEntity).
		wantText("username-message", "Username cannot be empty.").wantNot(goodPassword)
}

func TestLoginIgnoresCredentialsInTheAddress(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	s.browser().post("/login?username=bob&password="+url.QueryEscape(goodPassword)).
		wantStatus(http.StatusUnprocessableEntity).wantText("username-message", "Username cannot be empty.")
}

func TestLoginIgnoresUnknownFields(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.browser().post("/signup", "username", "bob", "password", goodPassword, "uid", "7", "admin", "true", "username", "eve").
		wantStatus(http.StatusOK)
	s.browser().post("/login", "username", "bob", "password", goodPassword, "uid", "7").wantPath("/user/bob")
}

func TestFormInAnotherFormatIsRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for contentType, body := range map[string]string{
		"application/json":                  `{"username":"bob","password":"x"}`,
		"multipart/form-data; boundary=abc": "--abc\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nbob\r\n--abc--\r\n",
		"text/plain":                        "username=bob",
		"":                                  "username=bob",
		";":                                 "username=bob",
	} {
		s.browser().send(http.MethodPost, "/login", contentType, strings.NewReader(body)).
			wantStatus(http.StatusUnsupportedMediaType).wantText("notice", "This address takes a form as browsers send it (application/x-www-form-urlencoded).")
	}
	s.browser().send(http.MethodPost, "/login", "application/x-www-form-urlencoded", strings.NewReader("username=%zz")).
		wantStatus(http.StatusBadRequest).want("The form arrived damaged.")
}

func TestLoginLeadsToThePageThatWasAskedFor(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	b := s.browser()
	refused := b.get("/user/bob?tab=1&x=%26").wantStatus(http.StatusUnauthorized)
	next := refused.find(func(n *html.Node) bool { return attribute(n, "name") == "next" })
	failed := b.post("/login", "username", "bob", "password", "wrong password", "next", attribute(next, "value"))
	next = failed.find(func(n *html.Node) bool { return attribute(n, "name") == "next" })
	b.stay().post("/login", "username", "bob", "password", goodPassword, "next", attribute(next, "value")).
		wantStatus(http.StatusSeeOther).wantHeader("Location", "/user/bob?tab=1&x=%26")
}

func TestLoginNeverLeadsToAnotherSite(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	for _, next := range []string{
		"//evil.example", "https:evil", "https://evil.example/", `/\evil`, `\\evil`, "javascript:alert(1)", "/\t/evil", "/\n/evil", "///evil",
		"evil", "", " /user/bob", "/%zz", "http:/evil", "/" + strings.Repeat("x", 3000),
	} {
		s.browser().stay().post("/login", "username", "bob", "password", goodPassword, "next", next).
			wantStatus(http.StatusSeeOther).wantHeader("Location", "/user/bob")
		if p := s.browser().get("/login?next=" + url.QueryEscape(next)); p.find(func(n *html.Node) bool { return attribute(n, "name") == "next" }) != nil {
			t.Errorf("%q is in the form", next)
		}
	}
}

func TestLoginReplacesAHashWithOldCosts(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	before := s.query("SELECT pass_hash FROM users")
	costly := *s.app.settings
	costly.HashMemory, costly.HashIterations = 128, 2
	s.app.guard = newApp(&costly, s.app.store, nil, s.app.log, s.clock.Now).guard
	s.browser().post("/login", "username", "bob", "password", "wrong password").wantStatus(http.StatusUnauthorized)
	if after := s.query("SELECT pass_hash FROM users"); after != before {
		t.Error("a failed login changed the hash")
	}
	s.signedIn("bob")
	if after := s.query("SELECT pass_hash FROM users"); !strings.HasPrefix(after, "$argon2id$v=19$m=128,t=2,p=1$") {
		t.Errorf("still %s", after)
	}
	s.signedIn("bob")
}

func TestLoginWithADamagedHashIsLikeAWrongPasswordAndHarmsNobody(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	s.signUp("eve")
	for _, costs := range []string{"m=1945600000,t=2,p=1", "m=64,t=4294967295,p=1", "m=64,t=1,p=0"} {
		s.exec("UPDATE users SET pass_hash = replace(pass_hash, 'm=64,t=1,p=1', ?) WHERE username = 'bob'", costs)
		s.browser().post("/login", "username", "bob", "password", goodPassword).wantStatus(http.StatusUnauthorized).
			want("Invalid username or password.")
		s.signedIn("eve")
		s.exec("UPDATE users SET pass_hash = replace(pass_hash, ?, 'm=64,t=1,p=1') WHERE username = 'bob'", costs)
	}
	if !strings.Contains(s.log.String(), `level=ERROR msg="check password" error="the stored password hash is damaged" uid=1`) {
		t.Error("nothing in the log")
	}
	s.signedIn("bob")
}

// See also TestHasherTakesTheSameWorkForAWrongPasswordWhateverIsStored.
func TestLoginKnowsWhichCostsTheDatabaseHolds(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for i, costs := range []string{"m=64,t=1,p=1", "m=19456,t=2,p=1", "m=65536,t=3,p=4", "m=64,t=1,p=1"} {
		s.signUp(fmt.Sprintf("user%d", i))
		s.exec("UPDATE users SET pass_hash = replace(pass_hash, 'm=64,t=1,p=1', ?) WHERE uid = ?", costs, i+1)
	}
	s.exec("INSERT INTO users (username, pass_hash, created_at) VALUES ('new', '', 0), ('odd', 'nonsense', 0)")
	costs, err := s.app.store.HashCosts(t.Context())
	const want = "[ $argon2id$v=19$m=19456,t=2,p=1 $argon2id$v=19$m=64,t=1,p=1 $argon2id$v=19$m=65536,t=3,p=4 nonsense]"
	if got := fmt.Sprint(costs); err != nil || got != want {
		t.Errorf("costs %v, %v; want %s", costs, err, want)
	}
}

func FuzzSafeNext(f *testing.F) {
	for _, seed := range []string{"/", "/user/bob?x=1", "//evil", `/\evil`, "/\t/evil", "javascript:x", "/a//b", "/%2f/evil", "/..//evil", "/.//evil", "/#//"} {
		f.Add(seed)
	}
	site, _ := url.Parse("https://login.example.org/login")
	f.Fuzz(func(t *testing.T, next string) {
		got := safeNext(next)
		if got == "" {
			return
		}
		if got != next {
			t.Fatalf("safeNext(%q) = %q: changed", next, got)
		}
		// As browsers do before they resolve an address: WHATWG URL, section 4.4.
		seen := strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/").Replace(strings.TrimFunc(got, func(r rune) bool { return r <= ' ' }))
		resolved, err := site.Parse(seen)
		if err != nil || resolved.Host != site.Host || resolved.Scheme != site.Scheme || strings.HasPrefix(seen, "//") {
			t.Fatalf("safeNext let %q through, which leads to %v (%v)", next, resolved, err)
		}
	})
}

func TestLoginWithoutAUsernameSaysToTypeThePasswordAgain(t *testing.T) {
	t.Parallel()
	b := newSite(t).browser()
	b.post("/login", "username", "", "password", goodPassword).wantStatus(http.StatusUnprocessableEntity).
		wantText("username-message", "Username cannot be empty.").wantText("password-message", "Type your password again.")
	b.post("/login", "username", "", "password", "").wantText("password-message", "Password cannot be empty.")
}
