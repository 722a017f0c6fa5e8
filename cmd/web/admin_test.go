package main

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// runCommand runs a command of the administrator's beside the site, on the same file.
func (s *site) runCommand(args ...string) (stdout, stderr string, code int) {
	s.t.Helper()
	var out, errors strings.Builder
	code = run(s.t.Context(), append(args, "--db="+s.app.settings.DB, "--url="+s.server.URL), &out, &errors)
	return out.String(), errors.String(), code
}

func (s *site) mustRun(args ...string) (stdout string) {
	s.t.Helper()
	stdout, stderr, code := s.runCommand(args...)
	if code != exitOK {
		s.t.Fatalf("%v: exit code %d, %s", args, code, stderr)
	}
	return stdout
}

func TestPasswordLinkIsGoodFor24HoursAndIsNotInTheLog(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	link := strings.TrimPrefix(strings.TrimSpace(s.mustRun("user", "add", "bob")), s.server.URL)
	s.clock.Advance(24*time.Hour + 10*time.Minute) // the command went by the real clock
	s.browser().get(link).wantStatus(http.StatusGone)
	s.browser().post(link, "password", goodPassword).wantStatus(http.StatusGone)
	s.clock.Advance(-20 * time.Minute)
	s.browser().post(link, "password", goodPassword).wantStatus(http.StatusOK).wantPath("/user/bob").wantText("flash", "Password set. You are logged in.")
	s.signedIn("bob")
	if log := s.log.String(); strings.Contains(log, strings.TrimPrefix(link, "/choose-password/")) {
		t.Error("the log holds the link")
	}
}

func TestRecoveryCodeOfADisabledAccountIsRefused(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	code := s.signedIn("bob").makeCode("bob")
	s.mustRun("user", "disable", "bob")
	s.browser().post("/recover", "username", "bob", "code", code).wantStatus(http.StatusUnauthorized)
	s.mustRun("user", "enable", "bob")
	s.browser().post("/recover", "username", "bob", "code", code).wantStatus(http.StatusOK)
}
