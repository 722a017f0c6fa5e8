package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/internal/passkey/passkeytest"
)

// badPasskeys are answers that must sign nobody in. Each spoils the device before it answers.
var badPasskeys = map[string]func(s *site, device *passkeytest.Authenticator){
	"from another host":           func(_ *site, d *passkeytest.Authenticator) { d.Origin = "https://login.example.com" },
	"from another port":           func(_ *site, d *passkeytest.Authenticator) { d.Origin = "https://login.example.org:8443" },
	"by plain http":               func(_ *site, d *passkeytest.Authenticator) { d.Origin = "http://login.example.org" },
	"for another host":            func(_ *site, d *passkeytest.Authenticator) { d.Host = "example.org" },
	"without user verification":   func(_ *site, d *passkeytest.Authenticator) { d.Unverified = true },
	"without presence":            func(_ *site, d *passkeytest.Authenticator) { d.Absent = true },
	"with a count that went back": func(s *site, _ *passkeytest.Authenticator) { s.exec("UPDATE passkeys SET sign_count = 1000") },
	"with a count that stopped":   func(_ *site, d *passkeytest.Authenticator) { d.Counts = false },
	"that can be backed up now":   func(_ *site, d *passkeytest.Authenticator) { d.BackupEligible = true },
	"backed up though it cannot":  func(_ *site, d *passkeytest.Authenticator) { d.BackedUp = true },
	"with another's handle":       func(_ *site, d *passkeytest.Authenticator) { d.Handle = make([]byte, 64) },
	"with another key":            func(s *site, d *passkeytest.Authenticator) { d.Key = s.device().Key },
	"made for an old host":        func(s *site, _ *passkeytest.Authenticator) { s.exec("UPDATE passkeys SET rp_id = 'old.example.org'") },
	"of a disabled account":       func(s *site, _ *passkeytest.Authenticator) { s.exec("UPDATE users SET disabled_at = 1") },
}

func TestPasskeyThatIsWrongSignsNobodyIn(t *testing.T) {
	t.Parallel()
	for name, spoil := range badPasskeys {
		s := newPasskeySiteFor(t, "bob")
		_, device := s.withPasskey("bob")
		s.browser().logInByPasskey(device).wantPath("/user/bob")
		b := s.browser()
		options := b.challenge("login")
		spoil(s, device)
		signIns := s.query("SELECT count(*) FROM sign_ins")
		b.post("/login", "passkey", device.Get(options), "username", "typed").wantStatus(http.StatusUnauthorized).wantPath("/login").
			want("This passkey was not accepted. You can log in with your password.").wantAttribute("username", "value", "typed")
		if got := s.query("SELECT count(*) FROM sign_ins"); got != signIns {
			t.Errorf("%s: %s sign-ins, want %s", name, got, signIns)
		}
		if got := s.query("SELECT count(*) FROM events WHERE kind = 'passkey refused'"); got != "1" {
			t.Errorf("%s: %s events", name, got)
		}
		if b.cookie("__Host-device") != "" {
			t.Errorf("%s: the browser is known", name)
		}
	}
}

func TestPasskeyThatIsUnreadableSignsNobodyIn(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "bob")
	s.withPasskey("bob")
	for _, sent := range []string{"x", "{}", "null", `{"id":"","rawId":"","type":"public-key"}`, strings.Repeat("[", 1000), "\xff\x00"} {
		s.browser().post("/login", "passkey", sent).wantStatus(http.StatusUnprocessableEntity).want("Your browser's answer cannot be read. Please try again.")
	}
}

func TestPasskeyOfADeletedAccountSignsNobodyIn(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "alice", "bob")
	s.withPasskey("alice")
	bob, device := s.withPasskey("bob")
	b := s.browser()
	options := b.challenge("login")
	bob.post("/user/bob/delete", "username", "bob").wantStatus(http.StatusOK)
	b.post("/login", "passkey", device.Get(options)).wantStatus(http.StatusUnauthorized).want("This passkey was removed, or its account was.")
	s.signUp("bob") // somebody else
	s.browser().logInByPasskey(device).wantStatus(http.StatusUnauthorized)
}

func TestChallengeIsAnsweredOnceLatelyAndForItsPurpose(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "bob")
	_, device := s.withPasskey("bob")
	late := "That took too long. Please use your passkey again."
	refused := func(what string, b *browser, answer string) {
		t.Helper()
		if page := b.post("/login", "passkey", answer); page.status != http.StatusUnauthorized || !strings.Contains(page.body, late) {
			t.Errorf("%s: status %d at %s", what, page.status, page.url)
		}
	}
	b := s.browser()
	answer := device.Get(b.challenge("login"))
	refused("in another browser", s.browser(), answer)
	stolen := s.browser()
	stolen.setCookie("__Host-session", b.cookie("__Host-session"))
	b.post("/login", "passkey", answer).wantPath("/user/bob")
	refused("again", b, answer)
	refused("again, with the session from before", stolen, answer)

	b = s.browser()
	answer = device.Get(b.challenge("login"))
	b.post("/login", "passkey", strings.Replace(answer, `"signature":"`, `"signature":"AAAA`, 1)).wantStatus(http.StatusUnauthorized).want("not accepted")
	refused("after it was answered wrongly", b, answer)

	answer = device.Get(b.challenge("login"))
	s.clock.Advance(5*time.Minute + time.Second)
	refused("late", b, answer)

	answer = device.Get(b.challenge("recover"))
	refused("for another purpose", b, answer)
	refused("made up", b, device.Answer("bWFkZSB1cA"))
	refused("empty", b, device.Answer(""))
	for _, purpose := range []string{"", "enrol", "x"} {
		b.post("/passkey/challenge", "purpose", purpose).wantStatus(http.StatusBadRequest)
	}
	b.post("/passkey/challenge", "purpose", "second").wantStatus(http.StatusUnauthorized)
	b.post("/passkey/challenge", "purpose", "confirm", "account", "bob").wantStatus(http.StatusUnauthorized)
}

func TestChallengesOfSeveralTabsAreGoodSideBySide(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "bob")
	_, device := s.withPasskey("bob")
	b := s.browser()
	var tabs [][]byte
	for range maxChallenges + 1 {
		tabs = append(tabs, b.challenge("login"))
	}
	b.post("/login", "passkey", device.Get(tabs[0])).wantStatus(http.StatusUnauthorized) // pushed out
	b.post("/login", "passkey", device.Get(tabs[2])).wantPath("/user/bob")
	b.post("/login", "passkey", device.Get(tabs[1])).wantPath("/user/bob")
	if got := strings.Count(s.query("SELECT CAST(data AS TEXT) FROM sessions ORDER BY rowid DESC LIMIT 1"), "challenge login"); got != 2 {
		t.Errorf("%d challenges are kept, want 2", got)
	}
}

func TestChallengesAreLimitedByAddress(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "bob")
	b := s.browser()
	for range nameChecksPerMinute {
		b.challenge("login")
	}
	b.post("/passkey/challenge", "purpose", "login").wantStatus(http.StatusTooManyRequests).want("Too many tries from your address.")
	b.with("Sec-Fetch-Site", "cross-site").post("/passkey/challenge", "purpose", "login").wantStatus(http.StatusForbidden)
	s.clock.Advance(time.Minute)
	b.challenge("login")
}

func TestChallengesThatOthersTakeKeepNobodyOutWhoIsKnown(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "alice", "bob")
	signedIn, device := s.withPasskey("bob")
	known := s.browser()
	known.logInByPasskey(device).wantPath("/user/bob")
	known.logIn("alice")
	known.post("/logout")
	half := s.half("bob")
	unknown := s.browser()
	refuses := func(b *browser, used int, form ...string) {
		t.Helper()
		for range nameChecksPerMinute - used {
			b.challenge(form[1], form[2:]...)
		}
		b.post("/passkey/challenge", form...).wantStatus(http.StatusTooManyRequests)
	}
	for unknown.post("/passkey/challenge", "purpose", "login").status == http.StatusOK {
	}
	s.browser().post("/passkey/challenge", "purpose", "recover").wantStatus(http.StatusTooManyRequests)
	s.clock.Advance(9 * time.Second) // a few more are allowed, and are gone
	for unknown.post("/passkey/challenge", "purpose", "recover").status == http.StatusOK {
	}
	half.post("/login/second", "passkey", device.Get(half.challenge("second"))).wantPath("/user/bob")
	known.logInByPasskey(device).wantPath("/user/bob")
	known.post("/logout")
	signedIn.addPasskey("bob", s.device())
	// Each has a limit of its own, which a login does not reset.
	refuses(signedIn, 1, "purpose", "confirm", "account", "bob")
	signedIn.post("/user/bob/second-factor/passkeys").wantStatus(http.StatusTooManyRequests)
	for range nameChecksPerMinute/2 - 1 {
		known.challenge("login")
	}
	known.logIn("alice")
	for range nameChecksPerMinute / 2 {
		known.challenge("recover")
	}
	known.post("/passkey/challenge", "purpose", "login").wantStatus(http.StatusTooManyRequests)
	refuses(s.half("bob"), 0, "purpose", "second")
	s.clock.Advance(time.Minute)
	unknown.challenge("login")
}

func TestPasskeyAnswerSentByManyAtOnceCountsOnce(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "bob")
	_, device := s.withPasskey("bob")
	for _, device.Counts = range []bool{true, false} { // a synced passkey does not count
		if !device.Counts {
			device.Count = 0
			s.exec("UPDATE passkeys SET sign_count = 0")
		}
		for range 5 {
			b := s.browser()
			answer := device.Get(b.challenge("login"))
			token := b.cookie("__Host-session")
			var in, out atomic.Int64
			s.atOnce(20, func() {
				one := s.browser().stay()
				one.setCookie("__Host-session", token)
				switch page := one.post("/login", "passkey", answer); page.status {
				case http.StatusSeeOther:
					in.Add(1)
				case http.StatusUnauthorized:
					out.Add(1)
				default:
					t.Errorf("status %d", page.status)
				}
			})
			if in.Load() != 1 || out.Load() != 19 {
				t.Fatalf("%d got in and %d did not, want 1 and 19", in.Load(), out.Load())
			}
		}
	}
}

// atOnce calls do in so many goroutines that start together.
func (s *site) atOnce(number int, do func()) {
	start := make(chan struct{})
	var running sync.WaitGroup
	for range number {
		running.Go(func() {
			<-start
			do()
		})
	}
	close(start)
	running.Wait()
}

func TestPasskeyRemovedAtThatMomentSignsNobodyInAfterwards(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "bob")
	owner, kept := s.withPasskey("bob")
	for range 10 {
		device := s.device()
		owner.addPasskey("bob", device)
		b := s.browser()
		answer := device.Get(b.challenge("login"))
		removes := []func(){
			func() { b.stay().post("/login", "passkey", answer) },
			func() {
				owner.post("/user/bob/second-factor/passkeys/remove", "id", idOf(device)).wantStatus(http.StatusOK)
			},
		}
		var next atomic.Int64
		s.atOnce(2, func() { removes[next.Add(1)-1]() })
		s.browser().logInByPasskey(device).wantStatus(http.StatusUnauthorized)
	}
	s.browser().logInByPasskey(kept).wantPath("/user/bob")
}

func TestPasskeysMadeAtOnceAreTwentyAtMost(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "bob")
	b, _ := s.withPasskey("bob")
	for i := range 17 {
		s.exec(`INSERT INTO passkeys (id, uid, rp_id, public_key, sign_count, backup_eligible, backed_up, transports, aaguid, name, created_at)
			SELECT ?, uid, rp_id, x'00', 0, 0, 0, '', x'00', ?, created_at FROM passkeys LIMIT 1`, fmt.Append(nil, "made up ", i), fmt.Sprint(i))
	}
	var answers []string
	for range maxChallenges {
		answers = append(answers, s.device().Create(b.post("/user/bob/second-factor/passkeys").creation()))
	}
	var next atomic.Int64
	s.atOnce(len(answers), func() {
		b.stay().post("/user/bob/second-factor/passkeys/confirm", "passkey", answers[next.Add(1)-1]).wantStatus(http.StatusSeeOther)
	})
	if got := s.query("SELECT count(*) FROM passkeys"); got != "20" {
		t.Errorf("%s passkeys", got)
	}
}

func TestPasskeyThatIsWrongIsNotAdded(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "alice", "bob")
	alice, hers := s.withPasskey("alice")
	b := s.signedIn("bob")
	path := "/user/bob/second-factor/passkeys"
	wrong := []string{"from another host", "from another port", "by plain http", "for another host", "without user verification", "without presence", "backed up though it cannot"}
	for name, spoil := range badPasskeys {
		if !slices.Contains(wrong, name) {
			continue
		}
		device := s.device()
		options := b.post(path).creation()
		spoil(s, device)
		b.post(path+"/confirm", "passkey", device.Create(options)).want("This passkey cannot be used here.")
	}
	b.post(path+"/confirm", "passkey", "x").want("The browser made no passkey. Please try again.")
	b.post(path + "/confirm").want("The browser made no passkey. Please try again.")

	answer := s.device().Create(b.post(path).creation())
	s.clock.Advance(5*time.Minute + time.Second)
	b.post(path+"/confirm", "passkey", answer).want("That took too long. Please start again.")

	copied := s.device()
	copied.ID = hers.ID
	b.post(path+"/confirm", "passkey", copied.Create(b.post(path).creation())).want("This passkey is there already.")

	alice.logIn("bob") // both in one browser, but the challenge was for one
	answer = s.device().Create(alice.post("/user/alice/second-factor/passkeys").creation())
	alice.post(path+"/confirm", "passkey", answer).want("That took too long.")
	if got := s.query("SELECT count(*) FROM passkeys JOIN users USING (uid) WHERE username = 'bob'"); got != "0" {
		t.Errorf("%s passkeys", got)
	}
}

func TestPasskeyMadeIsAddedOnce(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "bob")
	b := s.signedIn("bob")
	path := "/user/bob/second-factor/passkeys"
	answer := s.device().Create(b.post(path).creation())
	s.atOnce(10, func() { b.stay().post(path+"/confirm", "passkey", answer) })
	if got := s.query("SELECT count(*) FROM passkeys"); got != "1" {
		t.Errorf("%s passkeys", got)
	}
	if got := s.query("SELECT count(*) FROM events WHERE kind = 'passkey added'"); got != "1" {
		t.Errorf("%s events", got)
	}
	b.post(path+"/confirm", "passkey", answer).want("That took too long.")
}

func TestPasskeyThatIsWrongHelpsWithNoFormThatTakesOne(t *testing.T) {
	t.Parallel()
	for name, spoil := range badPasskeys {
		s := newPasskeySiteFor(t, "bob")
		b, device := s.withPasskey("bob")
		code := s.saveRecoveryCodeBy(device, "bob")
		half, elsewhere := s.half("bob"), s.browser()
		link, stored := newPasswordLink(s.clock.Now())
		s.exec("INSERT INTO password_links (uid, token_hash, expires_at) SELECT uid, ?, ? FROM users", stored.TokenHash, stored.Expires.Unix())
		s.clock.Advance(9 * time.Minute) // half a login is over after ten
		s.exec("UPDATE sign_ins SET confirmed_at = confirmed_at - 120, second_at = second_at - 120")
		state := func() string {
			return s.query(`SELECT (SELECT count(*) || ' ' || max(confirmed_at) || ' ' || max(second_at) FROM sign_ins)
				|| (SELECT pass_hash FROM users) || (SELECT hex(code_hash) FROM recovery_codes) || (SELECT count(*) FROM known_browsers)`)
		}
		forms := []struct {
			browser   *browser
			path      string
			challenge []byte
			fields    []string
		}{
			{half, "/login/second", half.challenge("second"), nil},
			{b, "/user/bob/recovery", b.challenge("confirm", "account", "bob"), nil},
			{elsewhere, "/recover", elsewhere.challenge("recover"), []string{"username", "bob", "code", code, "password", "quite another one"}},
			{elsewhere, link, elsewhere.challenge("recover"), []string{"password", "quite another one"}},
		}
		spoil(s, device)
		before := state()
		for _, form := range forms {
			p := form.browser.post(form.path, append(form.fields, "passkey", device.Get(form.challenge))...)
			// A link of a disabled account is no longer good.
			if p.status != http.StatusUnauthorized && (name != "of a disabled account" || p.status != http.StatusGone) {
				t.Errorf("%s at %s: status %d", name, form.path, p.status)
			}
			if name != "of a disabled account" && !strings.Contains(p.body, "This passkey was not accepted.") {
				t.Errorf("%s at %s: not said to be refused", name, form.path)
			}
		}
		if after := state(); after != before {
			t.Errorf("%s: changed from %s to %s", name, before, after)
		}
	}
}
