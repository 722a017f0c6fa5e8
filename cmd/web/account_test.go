package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

const newPassword = "another zq9 phrase"

// accountForms are the forms of the account's pages, complete and right but for what a test leaves out.
var accountForms = map[string][]string{
	"/user/bob/password":          {"current_password", goodPassword, "password", newPassword},
	"/user/bob/sign-ins":          {"id", "x"},
	"/user/bob/sign-ins/others":   {},
	"/user/bob/recovery":          {},
	"/user/bob/app-passwords":     {"host", "photos.example.org", "name", "Phone"},
	"/user/bob/app-passwords/end": {"id", "1"},
	"/user/bob/delete":            {"username", "bob"},
}

var accountPages = []string{"/user/bob/password", "/user/bob/sign-ins", "/user/bob/activity", "/user/bob/recovery", "/user/bob/delete"}

func TestAccountPagesAreForItsOwnerOnly(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "alice")
	s.signUp("bob")
	bob, alice, stranger := s.signedIn("bob"), s.signedIn("alice"), s.browser()
	home := bob.get("/user/bob")
	for _, path := range accountPages {
		if !strings.Contains(home.body, `href="`+path+`"`) {
			t.Errorf("the home page does not lead to %s", path)
		}
		bob.get(path).wantStatus(http.StatusOK).wantHeader("Cache-Control", "no-store")
		bob.get(path + "/").wantStatus(http.StatusOK)
		for _, b := range []*browser{alice, stranger} {
			b.get(path).wantStatus(http.StatusUnauthorized).want("Log in to continue.")
			b.htmx().get(path).wantStatus(http.StatusUnauthorized).wantHeader("HX-Retarget", "#main").want("Log in to continue.")
		}
	}
	for path, form := range accountForms {
		for _, b := range []*browser{alice, stranger} {
			b.post(path, form...).wantStatus(http.StatusUnauthorized).want("Log in to continue.")
			b.htmx().post(path, form...).wantStatus(http.StatusUnauthorized).wantHeader("HX-Retarget", "#main").want("Log in to continue.")
		}
		bob.with("Sec-Fetch-Site", "cross-site").post(path, form...).wantStatus(http.StatusForbidden)
	}
	s.browser().with("Sec-Fetch-Site", "cross-site").post("/recover", "username", "bob", "code", "x").wantStatus(http.StatusForbidden)
	if left := s.query("SELECT (SELECT count(*) FROM users) || ' ' || (SELECT count(*) FROM sign_ins) || ' ' || (SELECT count(*) FROM recovery_codes)"); left != "2 2 0" {
		t.Errorf("users, sign-ins and codes are %s", left)
	}
	bob.get("/user/bob").wantStatus(http.StatusOK)
}

func TestSignInThatEndedInAnotherTabLeadsToTheLoginFormAndBack(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	for path, form := range accountForms {
		b := s.signedIn("bob")
		b.post("/logout/bob")
		p := b.htmx().post(path, form...).wantStatus(http.StatusUnauthorized).wantText("notice", "Your session has ended. Log in to continue.").
			wantAttribute("username", "value", "bob")
		next := attribute(p.find(isNext), "value")
		b.stay().post("/login", "username", "bob", "password", goodPassword, "next", next).wantHeader("Location", next)
		b.get(next).wantStatus(http.StatusOK) // the page of the form, not its action
	}
}

func TestConfirmIsNeededTenMinutesAfterThePassword(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	for _, test := range []struct{ path, done string }{
		{"/user/bob/sign-ins", "had ended already"}, {"/user/bob/sign-ins/others", "Logged out 1 other session."}, {"/user/bob/recovery", "This is shown only now"}, {"/user/bob/delete", "Account bob deleted."},
	} {
		path := test.path
		b := s.signedIn("bob")
		s.clock.Advance(10 * time.Minute)
		for _, b := range []*browser{b, b.htmx()} {
			asked := b.post(path, accountForms[path]...).wantStatus(http.StatusUnauthorized).want("Confirm it's you")
			if field := accountForms[path]; len(field) > 0 && asked.find(hidden(field[0], field[1])) == nil {
				t.Errorf("%s: %s is not carried along: %s", path, field[0], asked.body)
			}
			b.post(path, append(accountForms[path], confirmField, "")...).wantStatus(http.StatusUnprocessableEntity).
				wantText("confirm_password-message", "Password cannot be empty.")
			b.post(path, append(accountForms[path], confirmField, "wrong password")...).wantStatus(http.StatusUnauthorized).
				wantText("confirm_password-message", "Wrong password.").wantNot("wrong password")
		}
		token := b.cookie("session")
		b.post(path, append(accountForms[path], confirmField, goodPassword)...).wantStatus(http.StatusOK).want(test.done)
		if b.cookie("session") == token {
			t.Errorf("%s: the token is the old one", path)
		}
	}
	if count := s.query("SELECT count(*) FROM users"); count != "0" {
		t.Error("the account was not deleted in the end")
	}
}

func TestConfirmIsNotNeededWithinTenMinutesOfThePassword(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	s.clock.Advance(time.Hour)
	b.post("/user/bob/recovery", confirmField, goodPassword).wantStatus(http.StatusOK)
	s.clock.Advance(10*time.Minute - time.Second)
	b.post("/user/bob/recovery").wantStatus(http.StatusOK).want("This is shown only now")
	s.clock.Advance(2 * time.Second)
	b.post("/user/bob/recovery").wantStatus(http.StatusUnauthorized).want("Confirm it's you")
	// Giving it in one browser says nothing about another.
	other := s.signedIn("bob")
	s.clock.Advance(11 * time.Minute)
	b.post("/user/bob/recovery", confirmField, goodPassword).wantStatus(http.StatusOK)
	other.post("/user/bob/recovery").wantStatus(http.StatusUnauthorized)
}

func TestPasswordChangeSignsOutAllOtherBrowsers(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "alice")
	s.signUp("bob")
	here, elsewhere := s.signedIn("bob"), s.signedIn("bob")
	here.logIn("alice")
	token := here.cookie("session")
	s.clock.Advance(time.Hour) // the form itself holds the current password
	here.get("/user/bob/password").want("At least 8 characters").wantAttribute("password", "passwordrules", "minlength: 8; maxlength: 256;")
	here.post("/user/bob/password", "current_password", goodPassword, "password", newPassword).
		wantStatus(http.StatusOK).wantPath("/user/bob").
		wantText("flash", "Password changed. You are logged out everywhere else.")
	if here.cookie("session") == token {
		t.Error("the token is the old one")
	}
	elsewhere.get("/user/bob").wantStatus(http.StatusUnauthorized)
	here.get("/user/alice").wantStatus(http.StatusOK)
	s.browser().post("/login", "username", "bob", "password", goodPassword).wantStatus(http.StatusUnauthorized)
	s.browser().post("/login", "username", "bob", "password", newPassword).wantStatus(http.StatusOK)
}

func TestPasswordChangeShowsMistakesBesideTheirFields(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	for _, test := range []struct{ name, current, chosen, currentMessage, newMessage string }{
		{"both empty", "", "", "Password cannot be empty.", "Password cannot be empty."},
		{"wrong", "wrong password", newPassword, "Wrong password.", ""},
		{"short", goodPassword, "short", "", "Password must be at least 8 characters long."},
		{"common", goodPassword, "password123", "", "Too easy to guess: attackers try it first"},
		{"the same", goodPassword, goodPassword, "", "This is the current password. Choose another one."},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := b.post("/user/bob/password", "current_password", test.current, "password", test.chosen).
				wantStatus(http.StatusUnprocessableEntity).wantNot(goodPassword, newPassword)
			for field, message := range map[string]string{"current_password": test.currentMessage, "password": test.newMessage} {
				if message == "" {
					message = "Type your password again."
				}
				if got := readableText(p.element(field + "-message")); !strings.HasPrefix(got, message) {
					t.Errorf("%s: %q, want %q", field, got, message)
				}
			}
		})
	}
	s.signedIn("bob")
}

func TestPasswordChangeTwiceAtOnceRefusesTheSecond(t *testing.T) {
	t.Parallel()
	_, b := newSiteSignedIn(t, "bob")
	answers := make(chan page, 2)
	for _, chosen := range []string{newPassword, newPassword + " 2"} {
		go func() {
			answers <- b.stay().post("/user/bob/password", "current_password", goodPassword, "password", chosen)
		}()
	}
	statuses := []int{(<-answers).status, (<-answers).status}
	changed := 0
	for _, status := range statuses {
		switch status {
		case http.StatusSeeOther:
			changed++
		case http.StatusUnprocessableEntity, http.StatusUnauthorized: // told at once, or signed out by the other's new token
		default:
			t.Errorf("status %d", status)
		}
	}
	if changed != 1 {
		t.Errorf("answers %v, want exactly one change", statuses)
	}
}

func TestAccountDeletedElsewhereAnswersItsFormsWithLogin(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	here, elsewhere := s.signedIn("bob"), s.signedIn("bob")
	elsewhere.post("/user/bob/delete", "username", "bob").wantStatus(http.StatusOK)
	for path, form := range accountForms {
		here.post(path, form...).wantStatus(http.StatusUnauthorized)
	}
}

func TestPasswordChangeIsFoundAtTheWellKnownAddress(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	s.signedIn("bob").stay().get("/.well-known/change-password").wantStatus(http.StatusFound).wantHeader("Location", "/user/bob/password")
	b := s.browser()
	login := b.get("/.well-known/change-password").wantPath("/login")
	b.post("/login", "username", "bob", "password", goodPassword, "next", attribute(login.find(isNext), "value")).
		wantStatus(http.StatusOK).wantPath("/user/bob/password").want("Change password")
	b.get("/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200").wantStatus(http.StatusNotFound)
}

func TestPasswordChangeRefusesTheCurrentPasswordInAnotherUnicodeForm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	const composed, decomposed = "caf\u00e9 k3xq9vbz mnop", "cafe\u0301 k3xq9vbz mnop"
	s.browser().post("/signup", "username", "bob", "password", composed).wantStatus(http.StatusOK)
	b := s.browser()
	b.post("/login", "username", "bob", "password", decomposed).wantStatus(http.StatusOK)
	b.post("/user/bob/password", "current_password", composed, "password", decomposed).wantStatus(http.StatusUnprocessableEntity).
		wantText("password-message", "This is the current password. Choose another one.")
}

func TestAccountDeletionRemovesEverything(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "alice")
	s.signUp("bob")
	here, elsewhere := s.signedIn("alice"), s.signedIn("bob")
	here.logIn("bob")
	here.post("/user/bob/recovery")
	here.get("/user/bob/delete").want("This deletes bob", "cannot be undone")
	here.post("/user/bob/delete", "username", "alice").wantStatus(http.StatusUnprocessableEntity).
		wantText("username-message", "Type bob to confirm.").wantAttribute("username", "value", "alice")
	here.post("/user/bob/delete", "username", " BOB ").wantStatus(http.StatusOK).wantPath("/login").
		wantText("flash", "Account bob deleted.")
	here.get("/user/bob").wantStatus(http.StatusUnauthorized)
	elsewhere.get("/user/bob").wantStatus(http.StatusUnauthorized)
	here.get("/user/alice").wantStatus(http.StatusOK).wantNot("Bob")
	for _, table := range []string{"users", "sign_ins", "events", "recovery_codes"} {
		if left := s.query("SELECT count(*) FROM " + table + " WHERE uid = 2"); left != "0" {
			t.Errorf("%s rows left in %s", left, table)
		}
	}
	s.signUp("bob")
	s.signedIn("bob").get("/user/bob/activity").wantStatus(http.StatusOK).wantNot("recovery code was made")
	if uid := s.query("SELECT uid FROM users WHERE username = 'bob'"); uid != "3" {
		t.Errorf("the new bob has uid %s", uid)
	}
}

func TestLogHoldsEventsOfAccountsAndNoSecret(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	b, other := s.signedIn("bob"), s.signedIn("bob")
	s.clock.Advance(time.Hour)
	voided := recoveryCodeIn(b.post("/user/bob/recovery", confirmField, goodPassword))
	b.post("/user/bob/sign-ins/others")
	b.post("/user/bob/password", "current_password", goodPassword, "password", newPassword)
	s.browser().post("/recover", "username", "bob", "code", "wrong")
	code := b.makeCode("bob")
	recovered := s.browser().post("/recover", "username", "bob", "code", code, "password", newPassword+" 2")
	b.post("/login", "username", "bob", "password", newPassword+" 2")
	b.post("/user/bob/delete", "username", "bob")
	other.get("/")
	log := s.log.String()
	for _, event := range []string{
		"recovery code made", "recovery code used", "recovery failed", "password confirmed", "password changed", "sign-in ended", "account deleted",
		"recovery code voided",
	} {
		if !regexp.MustCompile(`event="` + event + `" address=127.0.0.1 request=\w+ uid=1`).MatchString(log) {
			t.Errorf("no event %q", event)
		}
	}
	for _, secret := range []string{goodPassword, newPassword, voided, code, strings.ReplaceAll(code, "-", ""), recoveryCodeIn(recovered), "bob"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}
