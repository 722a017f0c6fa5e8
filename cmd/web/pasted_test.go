package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey/components"
)

// What comes along when a name is copied from a page, a mail or a message: a byte order mark, spaces of no width,
// marks of the writing's direction, a soft hyphen.
var pastedBobs = []string{"bob\u200b", "\ufeffBob", "\u202abob\u202c ", "\u200e bob \u200f", "bo\u00adb", "bo\u2060b\ufe0f"}

func TestLoginFindsANamePastedWithInvisibleCharacters(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	s.signUp("می\u200cخواهم")
	for _, typed := range pastedBobs {
		s.browser().logIn(typed).wantPath("/user/bob")
	}
	s.browser().logIn("\u200bمی\u200cخواهم\u200c").wantPath(components.HomePath("می\u200cخواهم"))
	// The page of a link that was pasted is found as well.
	s.signedIn("bob").get("/user/" + url.PathEscape("bob\u200b")).wantStatus(http.StatusOK).want("Bob")
	// What can be seen still counts.
	s.browser().post("/login", "username", "bo_b", "password", goodPassword).wantStatus(http.StatusUnauthorized)
	s.browser().post("/login", "username", "\u200b", "password", goodPassword).wantStatus(http.StatusUnauthorized)
}

func TestLoginCountsAllSpellingsOfANameTogether(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	for _, typed := range pastedBobs[:5] {
		s.browser().post("/login", "username", typed, "password", "wrong").wantStatus(http.StatusUnauthorized)
	}
	s.browser().post("/login", "username", "bob", "password", "wrong").wantStatus(http.StatusTooManyRequests)
}

func TestRecoveryAndDeletingFindANamePastedWithInvisibleCharacters(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	code := b.makeCode("bob")
	for _, typed := range pastedBobs {
		s.browser().post("/recover", "username", typed, "code", code).wantStatus(http.StatusOK).want("Choose a new password")
	}
	b.post("/user/bob/delete", "username", pastedBobs[0]).wantPath("/login").wantText("flash", "Account bob deleted.")
}

func TestSignupTakesNoNameWithInvisibleCharacters(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, typed := range pastedBobs {
		s.browser().post("/signup", "username", typed, "password", goodPassword).wantStatus(http.StatusUnprocessableEntity).
			wantText("username-message", "Username contains an invisible or control character.")
	}
	if count := s.query("SELECT count(*) FROM users"); count != "0" {
		t.Errorf("%s accounts", count)
	}
}

func TestRecoveryTakesACodeHoweverItWasPasted(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	code := s.signedIn("bob").makeCode("bob")
	fullWidth := strings.Map(func(r rune) rune { return r + '！' - '!' }, code)
	for _, typed := range []string{
		strings.ReplaceAll(code, "-", "—"), code + ".", "“" + code + "”", "\u200b" + code + ",", strings.ReplaceAll(code, "-", "\u2212"),
		fullWidth, strings.ToLower(fullWidth) + "。", strings.Join(strings.Split(code, ""), " "), strings.ReplaceAll(code, "0", "o"),
	} {
		s.browser().post("/recover", "username", "bob", "code", typed).wantStatus(http.StatusOK).want("Choose a new password")
	}
	for _, typed := range []string{code[1:], code + "0", "é" + code, code + code, "Code: " + code, strings.Repeat("—", 400) + code} {
		s.browser().post("/recover", "username", "bob", "code", typed).wantStatus(http.StatusUnauthorized).
			wantText("notice", wrongRecoveryCode)
	}
}
