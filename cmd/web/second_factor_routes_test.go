package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
)

// enrolmentRoutes are all that is open to a person who must have a second factor and has none.
var enrolmentRoutes = []string{
	"GET /second-factor", "HEAD /second-factor", "POST /second-factor/codes", "POST /second-factor/codes/confirm", "POST /second-factor/codes/remove",
	"POST /second-factor/passkeys", "POST /second-factor/passkeys/confirm", "POST /second-factor/passkeys/remove",
	"GET /recovery", "HEAD /recovery", "POST /recovery", "POST /recovery/saved", "POST /recovery/later",
}

func TestSecondFactorThatIsRequiredLeavesNoOtherRouteOfTheAccount(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	s.addApp("photos.example.org", "Photos", "everyone")
	s.signedIn("bob")
	b.makeAppPassword("bob", "photos.example.org", "phone")
	s.app.settings.SecondFactor = "required"
	state := func() string {
		return s.query(`SELECT (SELECT string_agg(pass_hash, ',') FROM users) || ' ' || (SELECT string_agg(CAST(id AS TEXT), ',') FROM sign_ins) || ' ' ||
			(SELECT string_agg(CAST(id AS TEXT), ',') FROM app_passwords) || ' ' || (SELECT count(*) FROM events) || ' ' ||
			(SELECT coalesce(max(half_logins_seen_at), 0) FROM users) || ' ' || (SELECT count(*) FROM known_browsers)`)
	}
	const account = "/user/:username"
	open, shut, seen := map[string]bool{}, 0, map[string]bool{}
	for _, route := range enrolmentRoutes {
		open[route] = true
	}
	for _, route := range s.handler.(*echo.Echo).Routes() {
		if rest, below := strings.CutPrefix(route.Path, account); below {
			seen[route.Method+" "+rest] = true
		}
	}
	for route := range seen {
		if open[route] {
			continue
		}
		shut++
		method, rest, _ := strings.Cut(route, " ")
		path := "/user/bob" + rest
		for _, b := range []*browser{b, b.htmx()} {
			for _, fields := range [][]string{nil, accountForms[path], append([]string{confirmField, goodPassword}, accountForms[path]...)} {
				before := state()
				led := b.stay().send(method, path, "application/x-www-form-urlencoded", strings.NewReader(encoded(fields...))).wantStatus(http.StatusSeeOther)
				to, err := url.Parse(led.header.Get("Location"))
				if err != nil || to.Path != "/user/bob/second-factor" {
					t.Errorf("%s leads to %q", route, to)
				}
				if page, _ := strings.CutPrefix(to.Query().Get("next"), "/user/bob"); !seen["GET "+page] {
					t.Errorf("%s leads on to %q, which is no page", route, page)
				}
				if got := state(); got != before {
					t.Errorf("%s changed %q to %q", route, before, got)
				}
			}
		}
	}
	for route := range open {
		if !seen[route] {
			t.Errorf("%s is no route", route)
		}
	}
	if shut < 15 {
		t.Errorf("only %d routes were tried", shut)
	}
	for _, method := range []string{http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions} {
		for route := range seen {
			_, rest, _ := strings.Cut(route, " ")
			before := state()
			if p := b.send(method, "/user/bob"+rest, "", nil); p.status < 400 && p.status != http.StatusNoContent || state() != before {
				t.Errorf("%s %s: status %d", method, rest, p.status)
			}
		}
	}
	b.get("/user/bob/second-factor").wantStatus(http.StatusOK)
	b.get("/user/bob/recovery").wantStatus(http.StatusOK)
	b.get("/logout/bob").wantStatus(http.StatusOK).wantPath("/logout/bob")
	b.post("/logout/bob").wantStatus(http.StatusOK).wantPath("/login")
	b.get("/user/bob/second-factor").wantStatus(http.StatusUnauthorized)
}
