package main

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchkey/internal/passkey/passkeytest"
)

func idOf(device *passkeytest.Authenticator) string {
	return base64.RawURLEncoding.EncodeToString(device.ID)
}

// half is a browser in which the password was right, and the second step is to come.
func (s *site) half(username string) *browser {
	s.t.Helper()
	b := s.browser()
	b.post("/login", "username", username, "password", goodPassword).wantStatus(http.StatusOK).wantPath("/login/second")
	return b
}

func TestPasskeyIsTheSecondStepOfALogin(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "bob")
	_, device := s.withPasskey("bob")
	device.OmitHandle = true // as security keys do when they are told which passkey
	b := s.half("bob")
	step := b.get("/login/second").want("Your passkey needs JavaScript.", "Use your recovery code").wantNot("one_time_code")
	if got := attribute(step.passkeyElement(), "purpose"); got != "second" {
		t.Errorf("the element is for %q", got)
	}
	options := b.challenge("second")
	if !strings.Contains(string(options), idOf(device)) {
		t.Errorf("the options do not name the account's passkey: %s", options)
	}
	b.post("/login/second", "passkey", device.Get(options)).wantPath("/user/bob").want("Hello Bob")
	if got := s.query("SELECT factors FROM sign_ins ORDER BY rowid DESC LIMIT 1"); got != "password passkey" {
		t.Errorf("the sign-in says %q", got)
	}
	if got := s.query("SELECT count(*) FROM events WHERE kind = 'second step missing'"); got != "0" {
		t.Errorf("%s events of a step that is missing", got)
	}
}

func TestSecondStepWithoutTheRightPasskeySignsNobodyIn(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "alice", "bob")
	bob, device := s.withPasskey("bob")
	_, hers := s.withPasskey("alice")
	b := s.half("bob")
	post := func(answer string) page { return b.post("/login/second", "passkey", answer) }
	post("").wantStatus(http.StatusUnprocessableEntity).want("Use your passkey.")
	post("x").wantStatus(http.StatusUnprocessableEntity).want("cannot be read")
	b.post("/login/second", "one_time_code", "123456").wantStatus(http.StatusUnprocessableEntity).want("Use your passkey.")
	post(hers.Get(b.challenge("second"))).wantStatus(http.StatusUnauthorized).want("This passkey is of another account.")
	post(device.Get(b.challenge("login"))).wantStatus(http.StatusUnauthorized).want("That took too long.")
	post(device.Answer("eA")).wantStatus(http.StatusUnauthorized).want("That took too long.")
	other := s.half("bob") // both steps in two browsers
	post(device.Get(other.challenge("second"))).wantStatus(http.StatusUnauthorized).want("That took too long.")
	device.Unverified = true
	post(device.Get(b.challenge("second"))).wantStatus(http.StatusUnauthorized).want("This passkey was not accepted.")
	device.Unverified = false
	s.browser().post("/login/second", "passkey", device.Answer("eA")).wantStatus(http.StatusUnauthorized).want(tookTooLong)

	options := b.challenge("second")
	second := s.device()
	bob.addPasskey("bob", second)
	bob.post("/user/bob/second-factor/passkeys/remove", "id", idOf(device)).want("Passkey removed.")
	refused := post(device.Get(options)).wantStatus(http.StatusUnauthorized).want("This passkey was removed, or its account was.")
	if signals := attribute(refused.passkeyElement(), "signals"); !strings.Contains(signals, idOf(device)) {
		t.Errorf("signals are %q", signals)
	}

	answer := second.Get(b.challenge("second"))
	s.clock.Advance(10*time.Minute + time.Second)
	post(answer).wantStatus(http.StatusUnauthorized).want(tookTooLong)
	b.get("/user/bob").wantStatus(http.StatusUnauthorized)
	if b.cookie("__Host-device") != "" {
		t.Error("the browser is known")
	}
}

func TestPasswordChangedBetweenTheStepsSignsNobodyInByPasskey(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "bob")
	bob, device := s.withPasskey("bob")
	b := s.half("bob")
	answer := device.Get(b.challenge("second"))
	bob.post("/user/bob/password", "current_password", goodPassword, "password", "quite another one").wantStatus(http.StatusOK)
	b.post("/login/second", "passkey", answer).wantStatus(http.StatusUnauthorized)
	b.get("/user/bob").wantStatus(http.StatusUnauthorized)
}

func TestPasskeyAloneConfirms(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "alice", "bob")
	b, device := s.withPasskey("bob")
	_, hers := s.withPasskey("alice")
	s.clock.Advance(11 * time.Minute)
	asked := b.post("/user/bob/sign-ins/others").wantStatus(http.StatusUnauthorized).want("Enter your password, or use your passkey, to")
	if got := attribute(asked.passkeyElement(), "purpose"); got != "confirm" {
		t.Errorf("the element is for %q", got)
	}
	post := func(answer string) page { return b.post("/user/bob/recovery", "passkey", answer) }
	post("x").wantStatus(http.StatusUnprocessableEntity).want("cannot be read")
	post(hers.Get(b.challenge("confirm", "account", "bob"))).wantStatus(http.StatusUnauthorized).want("This passkey is of another account.")
	post(device.Get(b.challenge("login"))).wantStatus(http.StatusUnauthorized).want("That took too long.")
	b.post("/passkey/challenge", "purpose", "confirm", "account", "alice").wantStatus(http.StatusUnauthorized)
	answer := device.Get(b.challenge("confirm", "account", "bob"))
	token := b.cookie("__Host-session")
	post(answer).wantStatus(http.StatusOK).want("Your recovery code")
	if b.cookie("__Host-session") == token {
		t.Error("the session has its old token")
	}
	s.clock.Advance(9 * time.Minute)
	b.post("/user/bob/second-factor/passkeys").wantStatus(http.StatusOK).want("Add a passkey") // both factors are shown by it
	s.clock.Advance(2 * time.Minute)
	post(answer).wantStatus(http.StatusUnauthorized)
	b.post("/user/bob/sign-ins/others", "confirm_password", goodPassword).wantStatus(http.StatusOK).wantPath("/user/bob/sign-ins")
}

func TestRecoveryTakesThePasskeyOfTheAccount(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "alice", "bob")
	_, device := s.withPasskey("bob")
	_, hers := s.withPasskey("alice")
	code := s.saveRecoveryCodeBy(device, "bob")
	b := s.browser()
	form := []string{"username", "bob", "code", code, "password", "quite another one"}
	with := func(answer string) []string { return append(form[:6:6], "passkey", answer) }
	b.post("/recover", form[:4]...).wantStatus(http.StatusOK).want("Choose a new password", "Your passkey needs JavaScript.")
	b.post("/recover", form...).wantStatus(http.StatusUnprocessableEntity).want("Use your passkey.")
	b.post("/recover", with(hers.Get(b.challenge("recover")))...).wantStatus(http.StatusUnauthorized).want("This passkey is of another account.")
	b.post("/recover", with(device.Get(b.challenge("login")))...).wantStatus(http.StatusUnauthorized).want("That took too long.")
	b.get("/user/bob").wantStatus(http.StatusUnauthorized)
	b.post("/recover", with(device.Get(b.challenge("recover")))...).wantStatus(http.StatusOK).want("Password set")
	b.get("/user/bob").wantStatus(http.StatusOK)
}

// saveRecoveryCodeBy is saveRecoveryCode for an account with a passkey.
func (s *site) saveRecoveryCodeBy(device *passkeytest.Authenticator, username string) (code string) {
	s.t.Helper()
	b := s.browser()
	b.logInByPasskey(device).wantPath("/user/" + username)
	made := b.post("/user/" + username + "/recovery").wantStatus(http.StatusOK)
	return strings.TrimSpace(readableText(made.element("code")))
}

func TestPasswordLinkTakesThePasskeyOfTheAccount(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "bob")
	_, device := s.withPasskey("bob")
	path, link := newPasswordLink(s.clock.Now())
	s.exec("INSERT INTO password_links (uid, token_hash, expires_at) SELECT uid, ?, ? FROM users", link.TokenHash, link.Expires.Unix())
	b := s.browser()
	b.get(path).wantStatus(http.StatusOK).want("Your passkey needs JavaScript.")
	b.post(path, "password", "quite another one").wantStatus(http.StatusUnprocessableEntity).want("Use your passkey.")
	b.post(path, "password", "short", "passkey", device.Get(b.challenge("recover"))).wantStatus(http.StatusUnprocessableEntity)
	b.post(path, "password", "quite another one", "passkey", device.Get(b.challenge("recover"))).wantPath("/user/bob").want("Password set. You are logged in.")
	if got := s.query("SELECT factors FROM sign_ins ORDER BY rowid DESC LIMIT 1"); got != "password passkey" {
		t.Errorf("the sign-in says %q", got)
	}
}

func TestPasskeyOfAnOldHostIsNamedAndNotAskedFor(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "bob")
	b, _ := s.withPasskey("bob")
	s.exec("UPDATE passkeys SET rp_id = 'old.example.org'")
	step := s.half("bob").get("/login/second").want("A passkey of this account was made for old.example.org and works there only.", "Use your recovery code")
	if step.passkeyElement() != nil {
		t.Error("a passkey is asked for")
	}
	s.clock.Advance(11 * time.Minute)
	b.post("/user/bob/second-factor/passkeys").wantStatus(http.StatusUnauthorized).want("No second factor of this account works here.")
}

func TestNoPageNorLogShowsWhatAPasskeySigned(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "bob")
	_, device := s.withPasskey("bob")
	b := s.browser()
	answer := device.Get(b.challenge("login"))
	device.Unverified = true
	wrong := device.Get(b.challenge("login"))
	seen := b.post("/login", "passkey", wrong).body + b.post("/login", "passkey", answer).body + s.log.String()
	for _, text := range regexp.MustCompile(`"(signature|clientDataJSON|authenticatorData)":"([^"]+)"`).FindAllStringSubmatch(answer+wrong, -1) {
		if strings.Contains(seen, text[2]) {
			t.Errorf("%s is shown", text[1])
		}
	}
}

func TestStartSaysWhichPasskeysAChangeOfTheHostEnds(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "bob")
	s.withPasskey("bob")
	warning := "passkeys were made for login.example.org and do not work at "
	same := startProgram(t, "--db="+s.app.settings.DB, "--url=https://login.example.org")
	if strings.Contains(same.log.String(), "passkeys were made for") {
		t.Error("the log warns though nothing has changed")
	}
	same.stop()
	other := startProgram(t, "--db="+s.app.settings.DB, "--url=https://new.example.org")
	if !strings.Contains(other.log.String(), "1 "+warning+"new.example.org") {
		t.Errorf("the log does not say %q", warning)
	}
}
