package main

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// makeAppPassword makes one for an app, and returns it.
func (b *browser) makeAppPassword(account, host, name string) string {
	b.site.t.Helper()
	p := b.post("/user/"+account+"/app-passwords", "host", host, "name", name).wantStatus(http.StatusOK).want("This is shown only now.")
	return readableText(p.find(func(n *html.Node) bool { return n.Data == "code" }))
}

func basic(secret string) http.Header {
	return http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("bob:"+secret))}, "Accept": {"*/*"}}
}

func TestAppPasswordLetsAProgramIntoItsAppAlone(t *testing.T) {
	t.Parallel()
	s, b := newAppSite(t, "--forward-auth-addr=localhost:0")
	photos, wiki := s.onApp(t, "photos.example.org"), s.onApp(t, "wiki.example.net")
	if challenge := photos.want(http.StatusUnauthorized, "/", http.Header{"Accept": {"*/*"}}).Header.Get("Www-Authenticate"); challenge != "" {
		t.Errorf("challenged for an app without app passwords: %s", challenge)
	}
	secret := b.makeAppPassword("bob", "photos.example.org", "Phone <of> Bob")
	if challenge := photos.want(http.StatusUnauthorized, "/", http.Header{"Accept": {"*/*"}}).Header.Get("Www-Authenticate"); !strings.HasPrefix(challenge, "Basic ") {
		t.Errorf("git is not challenged: %q", challenge)
	}
	for _, header := range []http.Header{navigation, {"Sec-Fetch-Mode": {"cors"}, "Sec-Fetch-Dest": {"empty"}}} {
		if challenge := photos.ask(http.MethodGet, "/", header).Header.Get("Www-Authenticate"); challenge != "" {
			t.Errorf("a browser is challenged: %s", challenge)
		}
	}
	for _, header := range []http.Header{basic(secret), {"Latchkey-Password": {secret}, "Authorization": {"Bearer of the app's own"}}} {
		if user := photos.want(http.StatusOK, "/", header).Header.Get("Remote-User"); user != "bob" {
			t.Errorf("the app is told %q", user)
		}
		wiki.want(http.StatusUnauthorized, "/", header)
	}
	photos.want(http.StatusUnauthorized, "/", basic(goodPassword)) // never the account's password
	b.get("/user/bob/app-passwords").want("Phone <of> Bob", "Photos, made").wantNot(secret, "never used")
	if stored := s.query("SELECT group_concat(quote(secret_hash)) || (SELECT group_concat(kind) FROM events) FROM app_passwords"); strings.Contains(stored, secret) || !strings.Contains(stored, "app password made") {
		t.Errorf("stored %s", stored)
	}
	if strings.Contains(s.log.String(), secret) {
		t.Error("the log holds it")
	}
}

func TestAppPasswordEndsByItsOwnerAndWithEverythingThatEndsAccess(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(s *site, b *browser){
		"ended": func(s *site, b *browser) {
			b.post("/user/bob/app-passwords/end", "id", s.query("SELECT id FROM app_passwords")).wantStatus(http.StatusOK).wantText("flash", "App password ended.")
		},
		"a new password": func(s *site, b *browser) {
			b.post("/user/bob/password", "current_password", goodPassword, "password", newPassword).wantStatus(http.StatusOK)
		},
		"disabled":  func(s *site, b *browser) { s.mustRun("user", "disable", "bob") },
		"deleted":   func(s *site, b *browser) { s.mustRun("user", "delete", "bob") },
		"no member": func(s *site, b *browser) { s.exec("DELETE FROM group_members") },
		"no app":    func(s *site, b *browser) { s.exec("DELETE FROM apps WHERE host = 'photos.example.org'") },
		"another link": func(s *site, b *browser) {
			link := strings.TrimPrefix(strings.TrimSpace(s.mustRun("user", "reset", "bob")), s.server.URL)
			s.browser().post(link, "password", newPassword).wantStatus(http.StatusOK)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, b := newAppSite(t, "--forward-auth-addr=localhost:0")
			photos := s.onApp(t, "photos.example.org")
			secret := b.makeAppPassword("bob", "photos.example.org", "Phone")
			photos.want(http.StatusOK, "/", basic(secret))
			end(s, b)
			if status := photos.ask(http.MethodGet, "/", basic(secret)).StatusCode; status != http.StatusUnauthorized && status != http.StatusForbidden {
				t.Errorf("status %d", status)
			}
		})
	}
}

func TestAppPasswordIsOnlyMadeByItsOwnerForAnAppTheyMayEnter(t *testing.T) {
	t.Parallel()
	s, b := newAppSite(t, "--forward-auth-addr=localhost:0")
	s.addApp("secret.example.org", "Secret")
	for _, host := range []string{"secret.example.org", "nowhere.example.org", ""} {
		b.post("/user/bob/app-passwords", "host", host, "name", "x").wantStatus(http.StatusUnprocessableEntity).want("cannot have another password")
	}
	b.post("/user/bob/app-passwords", "host", "photos.example.org", "name", " ").wantStatus(http.StatusUnprocessableEntity).
		wantText("name-message", "Name cannot be empty.")
	b.post("/user/bob/app-passwords", "host", "photos.example.org", "name", strings.Repeat("x", 101)).wantStatus(http.StatusUnprocessableEntity)
	secret := b.makeAppPassword("bob", "photos.example.org", "Phone")
	s.signUp("eve")
	s.signedIn("eve").post("/user/eve/app-passwords/end", "id", s.query("SELECT id FROM app_passwords"))
	s.onApp(t, "photos.example.org").want(http.StatusOK, "/", basic(secret))
	s.clock.Advance(11 * time.Minute)
	b.post("/user/bob/app-passwords", "host", "photos.example.org", "name", "Phone").wantStatus(http.StatusUnauthorized).want("Confirm it's you")
}

func TestAppPasswordFormComesBackAfterASessionThatEnded(t *testing.T) {
	t.Parallel()
	s, b := newAppSite(t, "--forward-auth-addr=localhost:0")
	s.exec("DELETE FROM sign_ins")
	ended := b.post("/user/bob/app-passwords", "host", "wiki.example.net", "name", "Phone").wantStatus(http.StatusUnauthorized)
	back := b.post("/login", "username", "bob", "password", goodPassword, "next", attribute(ended.find(hiddenField("next")), "value"),
		"carried.host", attribute(ended.find(hiddenField("carried.host")), "value"), "carried.name", attribute(ended.find(hiddenField("carried.name")), "value"))
	back.wantPath("/user/bob/app-passwords").wantAttribute("name", "value", "Phone")
	if chosen := back.find(func(n *html.Node) bool {
		return attribute(n, "value") == "wiki.example.net" && strings.Contains(back.body, "selected")
	}); chosen == nil {
		t.Error("the app is not chosen")
	}
}

func TestAppPasswordThatIsWrongCountsAgainstTheAddressAlone(t *testing.T) {
	t.Parallel()
	s, b := newAppSite(t, "--forward-auth-addr=localhost:0", "--failures-per-hour=3", "--trusted-proxy=127.0.0.1")
	photos := s.onApp(t, "photos.example.org")
	secret := b.makeAppPassword("bob", "photos.example.org", "Phone")
	from := func(address, secret string) http.Header {
		header := basic(secret)
		header.Set("X-Forwarded-For", address)
		return header
	}
	for range 3 {
		photos.want(http.StatusUnauthorized, "/", from("203.0.113.9", "wrong"))
	}
	photos.want(http.StatusTooManyRequests, "/", from("203.0.113.9", "wrong"))
	photos.want(http.StatusOK, "/", from("203.0.113.9", secret))
	photos.want(http.StatusUnauthorized, "/", from("203.0.113.10", "wrong"))
	s.signedIn("bob")

	// nginx asks twice about one request: whether it passes, and what to answer in place of the app.
	photos.nginx = true
	for i, statuses := range [][2]int{{401, 401}, {401, 401}, {401, 429}, {403, 429}} {
		header := from("203.0.113.11", "wrong")
		photos.want(statuses[0], "/", header)
		if got := photos.askAt(handOverPath+"refused", http.MethodGet, "/", header).StatusCode; got != statuses[1] {
			t.Errorf("attempt %d by way of nginx: status %d, want %d", i+1, got, statuses[1])
		}
	}
	photos.want(http.StatusOK, "/", from("203.0.113.11", secret))
}
