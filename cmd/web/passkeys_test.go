package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"latchkey/internal/passkey/passkeytest"
)

// newPasskeySiteFor is a site at https://login.example.org, on which people have accounts and saved recovery codes.
func newPasskeySiteFor(t testing.TB, usernames ...string) *site {
	t.Helper()
	s := newSecureSite(t, "--second-factor=optional")
	for _, name := range usernames {
		s.signUp(name)
		s.saveRecoveryCode(name)
	}
	return s
}

// saveRecoveryCode has somebody make a recovery code and keep it. It counts as of the last sign-in, whichever that will be.
func (s *site) saveRecoveryCode(username string) (code string) {
	s.t.Helper()
	trigger := "CREATE TRIGGER IF NOT EXISTS code_of_the_last_sign_in AFTER INSERT ON sign_ins BEGIN UPDATE recovery_codes SET sign_in = new.id WHERE uid = new.uid; END"
	if onPostgres(s.t) {
		trigger = `CREATE OR REPLACE FUNCTION code_of_the_last_sign_in() RETURNS trigger LANGUAGE plpgsql
				AS 'BEGIN UPDATE recovery_codes SET sign_in = new.id WHERE uid = new.uid; RETURN NULL; END';
			CREATE OR REPLACE TRIGGER code_of_the_last_sign_in AFTER INSERT ON sign_ins FOR EACH ROW EXECUTE FUNCTION code_of_the_last_sign_in()`
	}
	s.exec(trigger)
	b := s.signedIn(username)
	made := b.post("/user/" + username + "/recovery").wantStatus(http.StatusOK)
	b.post("/user/" + username + "/recovery/saved").wantStatus(http.StatusOK)
	return strings.TrimSpace(readableText(made.element("code")))
}

// device is an authenticator for the site.
func (s *site) device() *passkeytest.Authenticator {
	return passkeytest.New(originOf(s.app.site), s.app.site.Hostname())
}

// passkeyElement is what public/passkey.js finds on a page.
func (p page) passkeyElement() *html.Node {
	p.t.Helper()
	return p.find(func(n *html.Node) bool { return n.Data == "use-passkey" })
}

// creation is what the page gives the browser to make a passkey.
func (p page) creation() []byte {
	p.t.Helper()
	options := attribute(p.passkeyElement(), "options")
	if options == "" {
		p.t.Fatalf("%s: no options for a passkey in: %s", p.what, p.body)
	}
	return []byte(options)
}

// addPasskey has a browser, in which somebody confirmed lately, make a passkey.
func (b *browser) addPasskey(username string, device *passkeytest.Authenticator) page {
	b.site.t.Helper()
	options := b.post("/user/" + username + "/second-factor/passkeys").wantStatus(http.StatusOK).creation()
	return b.post("/user/"+username+"/second-factor/passkeys/confirm", "passkey", device.Create(options)).
		wantStatus(http.StatusOK).wantPath("/user/" + username + "/second-factor")
}

// challenge is what a browser gets to have a passkey answer.
func (b *browser) challenge(purpose string, more ...string) []byte {
	b.site.t.Helper()
	return []byte(b.post("/passkey/challenge", append([]string{"purpose", purpose}, more...)...).wantStatus(http.StatusOK).body)
}

// logInByPasskey has a passkey answer a challenge for a login.
func (b *browser) logInByPasskey(device *passkeytest.Authenticator, more ...string) page {
	b.site.t.Helper()
	return b.post("/login", append([]string{"passkey", device.Get(b.challenge("login"))}, more...)...)
}

// withPasskey is an account with a passkey, and the browser in which it was made.
func (s *site) withPasskey(username string) (*browser, *passkeytest.Authenticator) {
	s.t.Helper()
	b, device := s.signedIn(username), s.device()
	b.addPasskey(username, device).want("Your second factor is on.")
	return b, device
}

func TestPasskeyLogsInWithoutNameAndPassword(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "bob")
	_, device := s.withPasskey("bob")
	for range 3 {
		b := s.browser()
		b.logInByPasskey(device).wantStatus(http.StatusOK).wantPath("/user/bob").want("Hello Bob")
		b.get("/user/bob/second-factor").wantStatus(http.StatusOK)
	}
	if got := s.query("SELECT factors || ' ' || (second_at IS NOT NULL) FROM sign_ins ORDER BY rowid DESC LIMIT 1"); got != "passkey 1" {
		t.Errorf("the sign-in says %q", got)
	}
	if got := s.query("SELECT sign_count FROM passkeys"); got != "3" {
		t.Errorf("the count is %s, want 3", got)
	}
	if got := s.query("SELECT count(*) FROM half_logins"); got != "0" {
		t.Errorf("%s logins have a second step to come", got)
	}
	for _, event := range []string{"passkey added", "login succeeded"} {
		if s.query("SELECT count(*) FROM events WHERE kind = ?", event) == "0" {
			t.Errorf("no event %q", event)
		}
	}
}

func TestPasskeyLoginGoesWhereItWasToAndStaysAsLongAsAskedFor(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "bob")
	_, device := s.withPasskey("bob")
	b := s.browser()
	b.logInByPasskey(device, "remember", "yes", "next", "/user/bob/activity").wantPath("/user/bob/activity").want("A passkey was added")
	if got := s.query("SELECT remembered FROM sign_ins ORDER BY rowid DESC LIMIT 1"); got != "1" {
		t.Errorf("remembered is %s", got)
	}
	s.browser().logInByPasskey(device, "next", "https://example.com/").wantPath("/user/bob")
	if got := s.query("SELECT remembered FROM sign_ins ORDER BY rowid DESC LIMIT 1"); got != "0" {
		t.Errorf("remembered is %s", got)
	}
}

func TestPasskeyLoginAddsToTheAccountsOfTheBrowser(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "alice", "bob")
	_, device := s.withPasskey("bob")
	b := s.signedIn("alice")
	token := b.cookie("__Host-session")
	b.logInByPasskey(device).wantPath("/user/bob")
	b.get("/user/alice").wantStatus(http.StatusOK).wantPath("/user/alice")
	b.get("/user/bob").wantStatus(http.StatusOK).wantPath("/user/bob")
	if b.cookie("__Host-session") == token {
		t.Error("the session has its old token")
	}
}

func TestPasskeyIsCountedAmongTheLogins(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "bob")
	_, device := s.withPasskey("bob")
	s.browser().logInByPasskey(device).wantPath("/user/bob")
	s.browser().post("/login", "passkey", device.Answer("x")).wantStatus(http.StatusUnauthorized)
	s.wantMetrics(map[string]string{
		`latchkey_logins_total{outcome="succeeded"}`: "3", // twice with the password before
		`latchkey_logins_total{outcome="failed"}`:    "1",
	})
}

func TestLoginPageOffersPasskeysOnlyOnceThereIsOne(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "bob")
	b, device := s.signedIn("bob"), s.device()
	none := s.browser().get("/login")
	if none.passkeyElement() != nil {
		t.Error("offered before there is one")
	}
	none.wantAttribute("username", "autocomplete", "username").wantNot("passkey")
	b.addPasskey("bob", device)
	offered := s.browser().get("/login").wantAttribute("username", "autocomplete", "username webauthn")
	if got := attribute(offered.passkeyElement(), "purpose"); got != "login" {
		t.Errorf("the element is for %q", got)
	}
	for _, page := range []page{
		s.browser().get("/user/bob"), s.browser().post("/login", "username", "bob"), s.browser().post("/login", "username", "bob", "password", "x"),
	} {
		page.wantAttribute("username", "autocomplete", "username webauthn")
	}
	s.exec("UPDATE passkeys SET rp_id = 'old.example.org'")
	s.browser().get("/login").wantAttribute("username", "autocomplete", "username")
}

func TestPasskeysAreNotOfferedWhereBrowsersHaveNone(t *testing.T) {
	t.Parallel()
	for flag, start := range map[string]func(http.Handler) *httptest.Server{
		"--url=http://login.example.org": httptest.NewServer, "--url=https://192.0.2.1": httptest.NewTLSServer,
		"--addr=127.0.0.1:8080": httptest.NewServer, "--addr=localhost:8080": httptest.NewServer,
	} {
		s := startSite(t, start, flag)
		s.signUp("bob")
		s.saveRecoveryCode("bob")
		b := s.signedIn("bob")
		b.get("/user/bob/second-factor").wantStatus(http.StatusOK).want("Codes from an app").wantNot("asskey")
		b.post("/user/bob/second-factor/passkeys").wantPath("/user/bob/second-factor")
		b.post("/passkey/challenge", "purpose", "login").wantStatus(http.StatusNotFound)
	}
	newSite(t, "--url=https://192.0.2.1").browser().get("/.well-known/passkey-endpoints").wantStatus(http.StatusNotFound)
}

func TestPasskeyNeedsASavedRecoveryCodeFirst(t *testing.T) {
	t.Parallel()
	s := newSecureSite(t)
	s.signUp("bob")
	b := s.signedIn("bob")
	b.get("/user/bob/second-factor").want("First save a new recovery code").wantNot("Add a passkey")
	b.post("/user/bob/second-factor/passkeys").wantPath("/user/bob/second-factor").want("First save a new recovery code")
	b.saveCode("bob")
	options := b.post("/user/bob/second-factor/passkeys").creation()
	s.exec("UPDATE recovery_codes SET saved = FALSE") // a new one was made meanwhile
	b.post("/user/bob/second-factor/passkeys/confirm", "passkey", s.device().Create(options)).want("Passkey not added.")
	if got := s.query("SELECT count(*) FROM passkeys"); got != "0" {
		t.Errorf("%s passkeys", got)
	}
}

func TestFirstPasskeyLogsOutEverywhereElse(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "bob")
	other, b := s.signedIn("bob"), s.signedIn("bob")
	b.post("/user/bob/second-factor/passkeys").want("This logs you out everywhere else")
	b.addPasskey("bob", s.device())
	other.get("/user/bob").wantStatus(http.StatusUnauthorized)
	third := s.browser()
	third.post("/login", "username", "bob", "password", goodPassword).wantPath("/login/second")
	b.addPasskey("bob", s.device()).want("Passkey added.")
}

func TestPasskeyIsListedWithWhatItsOwnerKnowsItBy(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "bob")
	b := s.signedIn("bob").with("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	synced, key := s.device(), s.device()
	synced.BackupEligible, synced.BackedUp = true, true
	b.addPasskey("bob", synced)
	page := b.addPasskey("bob", key).want("Firefox on Linux Synced", "Firefox on Linux (2) On one device", ", never used")
	s.browser().logInByPasskey(key)
	b.get("/user/bob/second-factor").want(", last used ")
	var signals []struct {
		Method  string
		Details map[string]any
	}
	if err := json.Unmarshal([]byte(attribute(page.passkeyElement(), "signals")), &signals); err != nil {
		t.Fatal(err)
	}
	accepted, _ := signals[0].Details["allAcceptedCredentialIds"].([]any)
	if signals[0].Method != "signalAllAcceptedCredentials" || len(accepted) != 2 || signals[1].Method != "signalCurrentUserDetails" || signals[1].Details["name"] != "bob" {
		t.Errorf("signals are %v", signals)
	}
	s.exec("UPDATE passkeys SET rp_id = 'old.example.org' WHERE name = 'Firefox on Linux'")
	b.get("/user/bob/second-factor").want("Was made for old.example.org and works there only.")
}

func TestPasskeyHandleIsRandomAndOneForAllPasskeysOfAnAccount(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "alice", "bob")
	b, first := s.withPasskey("bob")
	second := s.device()
	b.addPasskey("bob", second)
	_, other := s.withPasskey("alice")
	if len(first.Handle) != 64 || string(first.Handle) != string(second.Handle) || string(first.Handle) == string(other.Handle) {
		t.Errorf("handles are %x, %x and %x", first.Handle, second.Handle, other.Handle)
	}
}

func TestPasskeyIsRemovedAndNoLongerGood(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "bob")
	b, device := s.withPasskey("bob")
	kept := s.device()
	b.addPasskey("bob", kept)
	id := base64.RawURLEncoding.EncodeToString(device.ID)
	stranger := s.browser()
	options := stranger.challenge("login")
	b.post("/user/bob/second-factor/passkeys/remove", "id", id).want("Passkey removed.")
	b.post("/user/bob/second-factor/passkeys/remove", "id", id).want("This passkey was removed before.")
	refused := stranger.post("/login", "passkey", device.Get(options)).wantStatus(http.StatusUnauthorized).
		want("This passkey was removed, or its account was. You can log in with your password.")
	if signals := attribute(refused.passkeyElement(), "signals"); !strings.Contains(signals, "signalUnknownCredential") || !strings.Contains(signals, id) {
		t.Errorf("signals are %q", signals)
	}
	stranger.logInByPasskey(kept).wantPath("/user/bob")
	if got := s.query("SELECT count(*) FROM events WHERE kind = 'passkey removed'"); got != "1" {
		t.Errorf("%s events", got)
	}
}

func TestPasskeyOfAnotherAccountIsNotRemoved(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "alice", "bob")
	_, device := s.withPasskey("bob")
	alice, _ := s.withPasskey("alice")
	id := base64.RawURLEncoding.EncodeToString(device.ID)
	alice.post("/user/alice/second-factor/passkeys/remove", "id", id).want("This passkey was removed before.")
	alice.post("/user/alice/second-factor/passkeys/remove", "id", "é").wantStatus(http.StatusBadRequest)
	s.browser().logInByPasskey(device).wantPath("/user/bob")
}

func TestAccountHasAtMostTwentyPasskeys(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "bob")
	b, _ := s.withPasskey("bob")
	options := b.post("/user/bob/second-factor/passkeys").creation()
	for i := range 19 {
		s.exec(`INSERT INTO passkeys (id, uid, rp_id, public_key, sign_count, backup_eligible, backed_up, transports, aaguid, name, created_at)
			SELECT ?, uid, rp_id, x'00', 0, 0, 0, '', x'00', ?, created_at FROM passkeys LIMIT 1`, fmt.Append(nil, "made up ", i), fmt.Sprint(i))
	}
	b.post("/user/bob/second-factor/passkeys/confirm", "passkey", s.device().Create(options)).want("Passkey not added.", "You have as many as an account can have.")
	b.post("/user/bob/second-factor/passkeys").wantPath("/user/bob/second-factor")
	if got := s.query("SELECT count(*) FROM passkeys"); got != "20" {
		t.Errorf("%s passkeys", got)
	}
}

func TestChangingPasskeysNeedsBothFactorsLately(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "bob")
	b, device := s.withPasskey("bob")
	id := base64.RawURLEncoding.EncodeToString(device.ID)
	for _, path := range []string{"/user/bob/second-factor/passkeys", "/user/bob/second-factor/passkeys/remove"} {
		s.clock.Advance(11 * time.Minute)
		asked := b.post(path, "id", id).wantStatus(http.StatusUnauthorized).want("Use your passkey to", "Your passkey needs JavaScript.")
		if asked.element("confirm_password") != nil {
			t.Error("the password alone is asked for, which is not enough")
		}
		b.post(path, "id", id, "confirm_password", goodPassword).wantStatus(http.StatusUnprocessableEntity).want("Use your passkey.")
		b.post(path, "id", id, "passkey", device.Get(b.challenge("confirm", "account", "bob"))).wantStatus(http.StatusOK).wantNot("Confirm it")
	}
	if got := s.query("SELECT count(*) FROM passkeys"); got != "0" {
		t.Errorf("%s passkeys", got)
	}
}

func TestPasskeyEndpointsLeadToWherePasskeysAreMade(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "bob")
	b := s.browser()
	answer := b.get("/.well-known/passkey-endpoints").wantStatus(http.StatusOK)
	answer.wantHeader("Content-Type", "application/json")
	if got := strings.TrimSpace(answer.body); got != `{"enroll":"https://login.example.org/passkeys","manage":"https://login.example.org/passkeys"}` {
		t.Errorf("the answer is %s", got)
	}
	b.get("/passkeys").wantPath("/login")
	b.post("/login", "username", "bob", "password", goodPassword, "next", "/passkeys").wantPath("/user/bob/second-factor")
	b.get("/passkeys").wantPath("/user/bob/second-factor")
}
