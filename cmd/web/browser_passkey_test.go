package main

import (
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
)

// atLocalhost has the site go by localhost, where browsers have passkeys without TLS. It restarts it.
func (s *site) atLocalhost() *site {
	s.t.Helper()
	address, err := url.Parse(s.server.URL)
	if err != nil {
		s.t.Fatal(err)
	}
	address.Host = "localhost:" + address.Port()
	s.server.URL, s.app.settings.URL = address.String(), address
	s.restart()
	return s
}

// newPasskeySiteForBrowsers is a site at localhost, on which people have accounts and saved recovery codes.
func newPasskeySiteForBrowsers(t testing.TB, usernames ...string) *site {
	t.Helper()
	s := newSite(t).atLocalhost()
	for _, name := range usernames {
		s.signUp(name)
		s.saveRecoveryCode(name)
	}
	return s
}

// A virtualAuthenticator is one that Chromium plays in a tab. As long as nobody touches it, it answers nothing.
type virtualAuthenticator struct {
	tab *tab
	id  webauthn.AuthenticatorID
}

// addAuthenticator gives the tab one that verifies its user.
func (b *tab) addAuthenticator() virtualAuthenticator {
	b.t.Helper()
	tell(b, webauthn.Enable, webauthn.EnableParams{})
	added := tell(b, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Ctap2version: webauthn.Ctap2versionCtap21, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, DefaultBackupEligibility: true, DefaultBackupState: true,
	}})
	return virtualAuthenticator{b, added.AuthenticatorID}
}

// touched has somebody touch it whenever it asks for it, from the next time on, or nobody.
func (v virtualAuthenticator) touched(touched bool) {
	v.tab.t.Helper()
	tell(v.tab, webauthn.SetAutomaticPresenceSimulation, webauthn.SetAutomaticPresenceSimulationParams{AuthenticatorID: v.id, Enabled: touched})
}

func (v virtualAuthenticator) credentials() []*webauthn.Credential {
	v.tab.t.Helper()
	return tell(v.tab, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: v.id}).Credentials
}

func (v virtualAuthenticator) wantCredentials(number int) {
	v.tab.t.Helper()
	for deadline := time.Now().Add(patience); len(v.credentials()) != number; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			v.tab.t.Fatalf("the authenticator holds %d passkeys, want %d", len(v.credentials()), number)
		}
	}
}

// addPasskey makes a passkey on the page about second factors, for somebody who confirmed lately.
func (b *tab) addPasskey(username string) {
	b.t.Helper()
	b.goTo("/user/" + username + "/second-factor")
	b.send("Add a passkey")
	b.wantHeading("Add a passkey")
	b.send("Create passkey")
	b.wantHeading("Second factor")
}

// tabWithPasskey is a tab in which somebody is signed in and made a passkey.
func (s *site) tabWithPasskey(username string) (*tab, virtualAuthenticator) {
	s.t.Helper()
	b := s.emptyTab()
	device := b.addAuthenticator()
	b.logIn(username)
	device.touched(true)
	b.addPasskey(username)
	b.wantFlash("Your second factor is on. You are logged out everywhere else.")
	device.touched(false)
	return b, device
}

// onlyByButton is for a browser that offers no passkeys in the username field. The virtual authenticator would answer there
// at once, as nobody does who has to choose first.
func (b *tab) onlyByButton() {
	b.t.Helper()
	b.runFirst(`PublicKeyCredential.isConditionalMediationAvailable = async () => false`)
}

func (b *tab) logOut(username string) {
	b.t.Helper()
	b.goTo("/logout/" + username)
	b.send("Log out")
	b.wantFlash("Successfully logged out.")
}

func TestBrowserMakesAPasskeyAndRemovesIt(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteForBrowsers(t, "bob")
	b, device := s.tabWithPasskey("bob")
	device.wantCredentials(1)
	b.wantText("Synced")
	b.wantText("never used")
	if got := device.credentials()[0]; got.RpID != "localhost" || !got.IsResidentCredential || len(got.UserHandle) != 64 || got.UserName != "bob" {
		t.Errorf("the passkey is %+v", got)
	}
	device.touched(true)
	b.send("Add a passkey")
	b.press("Create passkey")
	b.wantNotice("There is a passkey for this account on that device already.")
	b.goTo("/user/bob/second-factor")
	name := result[string](b, `return document.querySelector(".rows strong").textContent`)
	b.send("Remove " + name)
	b.wantFlash("Passkey removed.")
	b.wantText("A passkey logs you in by fingerprint, face or PIN")
	device.wantCredentials(0) // the Signal API took it away
}

func TestBrowserLogsInByPasskeyFromTheUsernameField(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteForBrowsers(t, "bob")
	b, device := s.tabWithPasskey("bob")
	b.logOut("bob")
	device.touched(true)
	b.expectComplaints("NavigationEntryMarkedSkippable") // nobody clicked
	b.goTo("/login?next=/user/bob/activity")             // the virtual authenticator answers for who would choose the passkey in the field
	b.wantAddress("/user/bob/activity")
	b.wantHeading("Recent activity")
}

func TestBrowserLogsInByPasskeyByButton(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteForBrowsers(t, "bob")
	b, device := s.tabWithPasskey("bob")
	b.logOut("bob")
	b.runFirst(`const get = navigator.credentials.get;
		navigator.credentials.get = function (options) { window.offered = options.mediation; return get.call(this, options); }`)
	b.goTo("/login")
	b.click("field", "Keep me signed in on this device")
	b.want("what the username field offers", "conditional", `return window.offered ?? ""`) // which the button calls off
	b.press("Use a passkey")
	device.touched(true) // not before: what the field offers would be answered
	b.wantHeading("Hello Bob")
	if got := s.query("SELECT factors || ' ' || remembered FROM sign_ins"); got != "passkey 1" {
		t.Errorf("the sign-in says %q", got)
	}
}

func TestBrowserLogsInByPasskeyWithTheKeyboardAlone(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteForBrowsers(t, "bob")
	b, device := s.tabWithPasskey("bob")
	b.logOut("bob")
	b.onlyByButton()
	b.goTo("/login")
	b.wantFocus("Username")
	device.touched(true)
	for _, name := range []string{"Password", "Show password", "Keep me signed in on this device", "Log in", "Use a passkey"} {
		b.keys("\t")
		b.wantFocus(name)
	}
	b.wantFocusVisible()
	b.keys(" ")
	b.wantHeading("Hello Bob")
}

func TestPasskeysAreOfferedAgainAfterAWrongPassword(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteForBrowsers(t, "bob")
	b, device := s.tabWithPasskey("bob")
	b.logOut("bob")
	b.goTo("/login")
	b.fill("Username", "bob")
	b.fill("Password", "not the password")
	b.press("Log in")
	b.wantNotice("Invalid username or password.")
	b.expectComplaints("NavigationEntryMarkedSkippable") // nobody clicked
	device.touched(true)
	b.wantHeading("Hello Bob") // the answer brought a new form, in whose field the passkey is offered
}

func TestBrowserAsksForNoNewChallengeAtEachSwitchOfTabs(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteForBrowsers(t, "bob")
	b, _ := s.tabWithPasskey("bob")
	b.logOut("bob")
	b.runFirst(`window.asked = 0; const real = fetch;
		window.fetch = (address, ...more) => { if (address === "/passkey/challenge") window.asked++; return real(address, ...more); };
		window.minutes = 0; const now = Date.now; Date.now = () => now() + window.minutes * 60000;`)
	b.goTo("/login")
	b.want("challenges", "1", `return String(window.asked)`)
	back := func(minutes int) string {
		return result[string](b, `window.minutes = a; document.dispatchEvent(new Event("visibilitychange")); return String(window.asked)`, minutes)
	}
	for _, step := range []struct {
		minutes int
		asked   string
	}{{0, "1"}, {1, "1"}, {3, "1"}, {5, "2"}, {5, "2"}, {8, "2"}, {10, "3"}} {
		if got := back(step.minutes); got != step.asked {
			t.Errorf("after %d minutes: %s challenges, want %s", step.minutes, got, step.asked)
		}
	}
}

func TestPasswordStillLogsInWhilePasskeysAreOffered(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteForBrowsers(t, "alice", "bob")
	b, _ := s.tabWithPasskey("bob")
	b.logOut("bob")
	b.logIn("alice")
	b.wantHeading("Hello Alice")
}

func TestBrowserTakesTheSecondStepByPasskey(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteForBrowsers(t, "bob")
	b, device := s.tabWithPasskey("bob")
	b.logOut("bob")
	b.goTo("/login")
	b.submit("Log in", "bob", goodPassword)
	b.wantHeading("One more step")
	b.wantFocus("Use your passkey")
	device.touched(true)
	b.keys("\r")
	b.wantHeading("Hello Bob")
}

func TestBrowserConfirmsByPasskey(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteForBrowsers(t, "bob")
	b, device := s.tabWithPasskey("bob")
	s.clock.Advance(11 * time.Minute)
	b.goTo("/user/bob/recovery")
	b.send("Create new code")
	b.wantHeading("Confirm it's you")
	device.touched(true)
	b.send("Use your passkey")
	b.wantHeading("Your recovery code")
}

func TestBrowserSetsANewPasswordByRecoveryCodeAndPasskey(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteForBrowsers(t, "bob")
	b, device := s.tabWithPasskey("bob")
	b.goTo("/user/bob/recovery")
	b.send("Create new code")
	code := result[string](b, `return document.getElementById("code").textContent.trim()`)
	b.logOut("bob")
	b.goTo("/recover")
	b.fill("Username", "bob")
	b.fill("Recovery code", code)
	b.send("Continue")
	b.wantHeading("Choose a new password")
	device.touched(true)
	b.fill("New password", "short")
	b.press("Use your passkey")
	b.wantText("at least 8")
	b.fill("New password", "quite another one")
	b.send("Use your passkey")
	b.wantHeading("Password set")
}

func TestBrowserSaysWhyAPasskeyIsRefused(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteForBrowsers(t, "bob")
	b, device := s.tabWithPasskey("bob")
	b.logOut("bob")
	b.onlyByButton()
	b.goTo("/login")
	s.exec("UPDATE passkeys SET sign_count = 1000")
	device.touched(true)
	b.press("Use a passkey")
	b.wantNotice("This passkey was not accepted. You can log in with your password.")
	b.wantTitle("Error: Log in")
	device.touched(false)

	b.goTo("/login")
	tell(b, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: device.id})
	device.touched(true)
	b.press("Use a passkey")
	b.wantNotice("No passkey was used.")
	device.touched(false)
	tell(b, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: device.id, IsUserVerified: true})

	b.goTo("/login")
	b.want("the button", "true", `return String(Boolean(find.button("Use a passkey")))`)
	s.exec("DELETE FROM passkeys")
	device.touched(true)
	b.press("Use a passkey")
	b.wantNotice("This passkey was removed, or its account was. You can log in with your password.")
	device.wantCredentials(0) // the Signal API took it away
}

func TestPasskeysWorkInBrowsersThatDoNotReadJSON(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteForBrowsers(t, "bob")
	b := s.emptyTab()
	device := b.addAuthenticator()
	b.runFirst(`for (const name of ["parseCreationOptionsFromJSON", "parseRequestOptionsFromJSON"]) delete PublicKeyCredential[name];
		delete PublicKeyCredential.prototype.toJSON;`)
	b.logIn("bob")
	device.touched(true)
	b.addPasskey("bob")
	b.want("JSON", "undefined undefined", `return [PublicKeyCredential.parseCreationOptionsFromJSON, PublicKeyCredential.prototype.toJSON].map(String).join(" ")`)
	b.logOut("bob")
	b.onlyByButton()
	b.goTo("/login")
	b.send("Use a passkey")
	b.wantHeading("Hello Bob")
}

func TestPagesSayWherePasskeysNeedJavaScript(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteForBrowsers(t, "bob")
	s.tabWithPasskey("bob")
	b := s.newTabWithoutScripts("/login")
	b.wantNone("button", "Use a passkey")
	b.submit("Log in", "bob", goodPassword)
	b.wantText("Your passkey needs JavaScript.")
	b.follow("Use your recovery code")
	b.wantHeading("Use your recovery code")
}
