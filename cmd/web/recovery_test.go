package main

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"latchkey/internal/recovery"
)

func hidden(name, value string) func(*html.Node) bool {
	return func(n *html.Node) bool {
		return n.Data == "input" && attribute(n, "type") == "hidden" && attribute(n, "name") == name && attribute(n, "value") == value
	}
}

// recoveryCodeIn is the code that a page shows.
func recoveryCodeIn(p page) string {
	p.t.Helper()
	element := p.element("code")
	if element == nil || element.Data != "code" {
		p.t.Fatalf("%s: no recovery code in: %s", p.what, p.body)
	}
	return readableText(element)
}

// makeCode makes a new recovery code for somebody who is signed in.
func (b *browser) makeCode(username string) string {
	b.site.t.Helper()
	return recoveryCodeIn(b.post("/user/" + username + "/recovery").wantStatus(http.StatusOK))
}

func TestRecoveryCodeIsOfferedUntilThereIsOneOrItIsPutOff(t *testing.T) {
	t.Parallel()
	const offer = "Save a recovery code"
	s, b := newSiteSignedIn(t, "bob")
	b.get("/user/bob").want(offer)
	b.get("/user/bob/recovery").want("You have no recovery code.")
	b.makeCode("bob")
	b.get("/user/bob").want(offer) // shown, but not said to be safe
	b.post("/user/bob/recovery/saved").wantPath("/user/bob").wantText("flash", "Recovery code saved.").wantNot(offer)
	b.get("/user/bob/recovery").want("You made one", "A new one replaces it.")

	s.signUp("alice")
	alice := s.signedIn("alice")
	alice.post("/user/alice/recovery/later").wantPath("/user/alice").
		wantText("flash", "You can create a recovery code at any time.").wantNot(offer)
	alice.get("/user/alice").wantNot(offer)
	alice.post("/user/alice/recovery/nonsense").wantStatus(http.StatusNotFound)
}

func TestRecoveryCodeIsShownOnceAndStoredHashed(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	code := b.makeCode("bob")
	for _, path := range []string{"/user/bob", "/user/bob/recovery", "/user/bob/activity"} {
		b.get(path).wantNot(code)
	}
	want, _ := recovery.Hash(code)
	if stored := s.query("SELECT code_hash FROM recovery_codes"); stored != string(want[:]) {
		t.Errorf("stored %x", stored)
	}
	if again := b.makeCode("bob"); again == code {
		t.Error("the same code twice")
	}
	s.browser().post("/recover", "username", "bob", "code", code).wantStatus(http.StatusUnauthorized) // replaced
}

func TestRecoveryCodeLetsAPersonBackIn(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	code := b.makeCode("bob")
	lost := s.browser()
	login := lost.get("/login")
	if !strings.Contains(login.body, `href="/recover"`) {
		t.Error("the login form does not lead to /recover")
	}
	lost.get("/recover").wantStatus(http.StatusOK).want("Reset your password")
	second := lost.post("/recover", "username", " BOB ", "code", strings.ToLower(strings.ReplaceAll(code, "-", " "))).
		wantStatus(http.StatusOK).want("Choose a new password", "At least 8 characters")
	typed := attribute(second.find(func(n *html.Node) bool { return attribute(n, "name") == "code" }), "value")

	lost.post("/recover", "username", "bob", "code", typed, "password", "short").wantStatus(http.StatusUnprocessableEntity).
		want("Choose a new password", "Password must be at least 8 characters long.")
	b.get("/user/bob").wantStatus(http.StatusOK) // nothing has happened yet

	done := lost.post("/recover", "username", "bob", "code", typed, "password", newPassword).wantStatus(http.StatusOK).
		want("Password set", "Your old code no longer works.", "Log out")
	newCode := recoveryCodeIn(done)
	b.get("/user/bob").wantStatus(http.StatusUnauthorized)
	lost.get("/user/bob").wantStatus(http.StatusOK) // who has proved to be the owner is signed in
	s.browser().post("/login", "username", "bob", "password", goodPassword).wantStatus(http.StatusUnauthorized)
	lost.post("/login", "username", "bob", "password", newPassword).wantStatus(http.StatusOK)
	s.browser().post("/recover", "username", "bob", "code", code).wantStatus(http.StatusUnauthorized)
	s.browser().post("/recover", "username", "bob", "code", newCode).wantStatus(http.StatusOK)
}

func TestRecoveryAnswersAlikeForWrongNameAndWrongCode(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "alice")
	s.signUp("bob")
	s.signUp("carol") // has no code
	code := s.signedIn("bob").makeCode("bob")
	var bodies []string
	for _, test := range [][2]string{
		{"bob", recovery.NewCode()}, {"alice", code}, {"nobody", code}, {"not allowed", code}, {"carol", ""}, {"bob", code[:10]}, {"bob", code + "0"},
		{"bob", strings.Repeat("0", 10_000)}, {"bob", "\x00\xff"},
	} {
		typed := test[1]
		if typed == "" {
			typed = "-"
		}
		p := s.browser().post("/recover", "username", test[0], "code", typed).wantStatus(http.StatusUnauthorized).
			wantText("notice", "Invalid username or recovery code.").wantAttribute("username", "value", test[0]).
			wantAttribute("code", "value", "").wantNot(code)
		bodies = append(bodies, strings.ReplaceAll(p.body, `value="`+test[0]+`"`, "NAME"))
	}
	for _, body := range bodies[1:] {
		if body != bodies[0] {
			t.Errorf("answers differ:\n%s\n%s", bodies[0], body)
		}
	}
	s.browser().post("/recover").wantStatus(http.StatusUnprocessableEntity).
		wantText("username-message", "Username cannot be empty.").wantText("code-message", "Recovery code cannot be empty.")
}

func TestRecoveryCodeIsUsedOnlyOnce(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	code := s.signedIn("bob").makeCode("bob")
	var group sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for range 8 {
		b := s.browser()
		group.Go(func() {
			p := b.post("/recover", "username", "bob", "code", code, "password", newPassword)
			mu.Lock()
			defer mu.Unlock()
			statuses[p.status]++
		})
	}
	group.Wait()
	if statuses[http.StatusOK] != 1 || statuses[http.StatusUnauthorized] != 7 {
		t.Errorf("answers %v, want one 200 and 401 for the others", statuses)
	}
}

func TestRecoveryIsLimitedByAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for range recoveriesPerHour {
		s.browser().post("/recover", "username", "bob", "code", "x").wantStatus(http.StatusUnauthorized)
	}
	s.browser().post("/recover", "username", "bob", "code", "x").wantStatus(http.StatusTooManyRequests).
		wantHeader("Retry-After", "180").wantText("notice", "Too many tries from your address. Please wait 3 minutes and try again.")
	s.clock.Advance(3 * time.Minute)
	s.browser().post("/recover", "username", "bob", "code", "x").wantStatus(http.StatusUnauthorized)
}
