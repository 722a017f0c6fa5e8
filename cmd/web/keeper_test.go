package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// keep runs a command of the keeper's beside the site, on the same file.
func (s *site) keep(args ...string) (stdout, stderr string, code int) {
	s.t.Helper()
	var out, errors strings.Builder
	code = run(s.t.Context(), append(args, "--db="+s.app.settings.DB, "--url="+s.server.URL), &out, &errors)
	return out.String(), errors.String(), code
}

func (s *site) kept(args ...string) (stdout string) {
	s.t.Helper()
	stdout, stderr, code := s.keep(args...)
	if code != exitOK {
		s.t.Fatalf("%v: exit code %d, %s", args, code, stderr)
	}
	return stdout
}

func TestWithTheKeepersLinkAPersonChoosesAPasswordOnce(t *testing.T) {
	s := newSite(t, "--signup=closed")
	s.browser().get("/signup").wantStatus(http.StatusForbidden).want("No new accounts here")
	s.browser().post("/signup", "username", "eve", "password", goodPassword).wantStatus(http.StatusForbidden)
	link := strings.TrimPrefix(strings.TrimSpace(s.kept("user", "add", " Bob ")), s.server.URL)
	s.browser().post("/login", "username", "bob", "password", goodPassword).wantStatus(http.StatusUnauthorized)

	b := s.browser()
	b.get(link).wantStatus(http.StatusOK).want("Choose a password", "For the account bob.")
	b.post(link, "password", "short").wantStatus(http.StatusUnprocessableEntity).want("at least 8 characters")
	b.post(link, "password", goodPassword).wantStatus(http.StatusOK).wantPath("/login").wantText("flash", "The password is set.")
	bob := s.signedIn("bob")
	for _, bad := range []string{link, link[:len(link)-1], "/choose-password/x"} {
		s.browser().get(bad).wantStatus(http.StatusGone).want("This link is no longer good")
		s.browser().post(bad, "password", newPassword).wantStatus(http.StatusGone)
	}

	first := strings.TrimPrefix(strings.TrimSpace(s.kept("user", "reset", "bob")), s.server.URL)
	second := strings.TrimPrefix(strings.TrimSpace(s.kept("user", "reset", "bob")), s.server.URL)
	s.browser().get(first).wantStatus(http.StatusGone) // replaced
	bob.get("/user/bob").wantStatus(http.StatusOK)     // until the link is used
	s.clock.Advance(24*time.Hour + time.Second)
	s.browser().get(second).wantStatus(http.StatusGone) // expired
	s.clock.Advance(-24 * time.Hour)
	s.browser().post(second, "password", newPassword).wantStatus(http.StatusOK)
	bob.get("/user/bob").wantStatus(http.StatusUnauthorized)
	if log := s.log.String(); strings.Contains(log, strings.TrimPrefix(second, "/choose-password/")) {
		t.Error("the log holds the link")
	}
}

func TestADisabledAccountIsSignedOutAndAnswersLikeAWrongPassword(t *testing.T) {
	s := newSite(t)
	s.signUp("bob")
	b := s.signedIn("bob")
	code := b.makeCode()
	s.kept("user", "disable", "bob")
	b.get("/user/bob").wantStatus(http.StatusUnauthorized)
	b.post("/login", "username", "bob", "password", goodPassword).wantStatus(http.StatusUnauthorized).
		wantText("notice", "Invalid username or password.")
	s.browser().post("/recover", "username", "bob", "code", code).wantStatus(http.StatusUnauthorized)
	s.kept("user", "enable", "bob")
	b.logIn("bob")
	b.get("/user/bob/activity").want("The account was disabled, by the keeper of this site")
}

func TestTheKeeperSignsOutUnlocksAndDeletes(t *testing.T) {
	s := newSite(t)
	s.signUp("alice")
	s.signUp("bob")
	alice, bob := s.signedIn("alice"), s.signedIn("bob")
	s.kept("user", "sign-out", "bob")
	bob.get("/user/bob").wantStatus(http.StatusUnauthorized)
	alice.get("/user/alice").wantStatus(http.StatusOK)
	s.kept("user", "sign-out", "--all")
	alice.get("/user/alice").wantStatus(http.StatusUnauthorized)
	for range 5 {
		s.browser().guess("bob")
	}
	s.browser().guess("bob").wantStatus(http.StatusTooManyRequests)
	s.kept("user", "unlock", "bob")
	s.signedIn("bob")
	if list := s.kept("user", "list", "--json"); !strings.Contains(list, `"username":"alice"`) || strings.Count(list, "\n") != 2 {
		t.Errorf("list %s", list)
	}
	s.kept("user", "delete", "bob")
	if list := s.kept("user", "list"); strings.Contains(list, "bob") || !strings.Contains(list, "alice") {
		t.Errorf("list %s", list)
	}
	if events := s.kept("events", "--user", "alice"); !strings.Contains(events, "sign-in ended") || !strings.Contains(events, "by the keeper") {
		t.Errorf("events %s", events)
	}
}

func TestABackUpHoldsEverythingAndReplacesNothing(t *testing.T) {
	s := newSite(t)
	s.signUp("bob")
	copied := filepath.Join(t.TempDir(), "copy.db")
	s.kept("backup", copied)
	if info, err := os.Stat(copied); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	var out, errors strings.Builder
	if code := run(t.Context(), []string{"check", "--db=" + copied}, &out, &errors); code != exitOK || !strings.HasPrefix(out.String(), "ok") {
		t.Errorf("check: %d, %s%s", code, out.String(), errors.String())
	}
	for _, bad := range []string{copied, filepath.Join(copied, "x"), filepath.Join(t.TempDir(), "missing", "x")} {
		if _, stderr, code := s.keep("backup", bad); code != exitFailed || strings.Count(stderr, "\n") != 1 {
			t.Errorf("backup %s: exit code %d, %s", bad, code, stderr)
		}
	}
}

func TestTheKeepersCommandsSayWhatIsWrong(t *testing.T) {
	s := newSite(t)
	s.signUp("bob")
	for _, test := range []struct {
		args []string
		code int
	}{
		{[]string{"user", "add", "bob"}, exitFailed}, {[]string{"user", "add", "a b"}, exitFailed}, {[]string{"user", "reset", "nobody"}, exitFailed},
		{[]string{"user", "sign-out"}, exitUsage}, {[]string{"user", "sign-out", "bob", "--all"}, exitUsage}, {[]string{"user"}, exitUsage},
		{[]string{"user", "add"}, exitUsage}, {[]string{"nonsense"}, exitUsage},
	} {
		if _, stderr, code := s.keep(test.args...); code != test.code || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v: exit code %d, %s", test.args, code, stderr)
		}
	}
	missing := filepath.Join(t.TempDir(), "missing.db")
	var out, errors strings.Builder
	if code := run(t.Context(), []string{"user", "list", "--db=" + missing}, &out, &errors); code != exitFailed {
		t.Errorf("a missing file: exit code %d, %s", code, errors.String())
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("the file was made")
	}
}
