package passkey

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"latchkey/internal/passkey/passkeytest"
)

const (
	origin = "https://login.example.org"
	host   = "login.example.org"
)

func newSite(t *testing.T) *Site {
	t.Helper()
	site, err := NewSite(host, origin, "Latchkey")
	if err != nil {
		t.Fatal(err)
	}
	return site
}

func newAccount() Account {
	handle := make([]byte, HandleLength)
	_, _ = rand.Read(handle)
	return Account{Handle: handle, Username: "bob", Name: "Bob"}
}

// made has the authenticator make a passkey.
func made(t *testing.T, site *Site, account Account, device *passkeytest.Authenticator) Credential {
	t.Helper()
	options, challenge, err := site.Creation(account)
	if err != nil {
		t.Fatal(err)
	}
	passkey, err := site.Created(account, challenge, []byte(device.Create(options)))
	if err != nil {
		t.Fatal(err)
	}
	return passkey
}

// check has the authenticator answer a challenge.
func check(t *testing.T, site *Site, account Account, passkey Credential, device *passkeytest.Authenticator, accountKnown bool) (Credential, error) {
	t.Helper()
	options, challenge, err := site.Request(nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := ReadAnswer([]byte(device.Get(options)))
	if err != nil {
		t.Fatal(err)
	}
	if answer.Challenge != challenge {
		t.Errorf("the answer is to %q, want %q", answer.Challenge, challenge)
	}
	return site.Check(answer, challenge, account.Handle, passkey, accountKnown)
}

func TestPasskeyOfEachAlgorithmIsMadeAndAnswers(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	_, eddsa, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rs256, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	es256 := passkeytest.New(origin, host)
	for name, device := range map[string]*passkeytest.Authenticator{
		"ES256": es256, "EdDSA": {Origin: origin, Host: host, ID: []byte("eddsa"), Key: eddsa}, "RS256": {Origin: origin, Host: host, ID: []byte("rs256"), Key: rs256},
	} {
		account := newAccount()
		passkey := made(t, site, account, device)
		if !reflect.DeepEqual(passkey.Transports, []string{"internal"}) {
			t.Errorf("%s: transports are %q", name, passkey.Transports)
		}
		for range 3 {
			used, err := check(t, site, account, passkey, device, false)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if used.SignCount != device.Count {
				t.Errorf("%s: count is %d, want %d", name, used.SignCount, device.Count)
			}
			passkey = used
		}
	}
}

func TestPasskeyOptionsAskForWhatMakesItTwoFactors(t *testing.T) {
	t.Parallel()
	site, account := newSite(t), newAccount()
	account.Credentials = []Credential{{ID: []byte("there already"), Transports: []string{"usb"}}}
	options, challenge, err := site.Creation(account)
	if err != nil {
		t.Fatal(err)
	}
	var creation map[string]any
	if err := json.Unmarshal(options, &creation); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"rp":          map[string]any{"id": host, "name": "Latchkey"},
		"attestation": "none",
		"authenticatorSelection": map[string]any{
			"residentKey": "required", "requireResidentKey": true, "userVerification": "required",
		},
		"challenge":          challenge,
		"excludeCredentials": []any{map[string]any{"type": "public-key", "id": "dGhlcmUgYWxyZWFkeQ", "transports": []any{"usb"}}},
		"pubKeyCredParams": []any{
			map[string]any{"type": "public-key", "alg": -7.0}, map[string]any{"type": "public-key", "alg": -8.0}, map[string]any{"type": "public-key", "alg": -257.0},
		},
	} {
		if !reflect.DeepEqual(creation[name], want) {
			t.Errorf("%s is %v, want %v", name, creation[name], want)
		}
	}
	options, challenge, err = site.Request(account.Credentials)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"userVerification":"required"`, `"rpId":"` + host + `"`, `"challenge":"` + challenge + `"`, `"id":"dGhlcmUgYWxyZWFkeQ"`} {
		if !strings.Contains(string(options), want) {
			t.Errorf("no %s in %s", want, options)
		}
	}
	if len(challenge) < 43 { // 32 bytes
		t.Errorf("challenge %q is short", challenge)
	}
}

// wrongs are the ways in which both making a passkey and answering with one go wrong.
var wrongs = map[string]func(*passkeytest.Authenticator){
	"another origin":             func(d *passkeytest.Authenticator) { d.Origin = "https://login.example.com" },
	"another port":               func(d *passkeytest.Authenticator) { d.Origin = origin + ":8443" },
	"plain http":                 func(d *passkeytest.Authenticator) { d.Origin = "http://" + host },
	"a host below":               func(d *passkeytest.Authenticator) { d.Origin = "https://x." + host },
	"another host (RP ID)":       func(d *passkeytest.Authenticator) { d.Host = "example.org" },
	"nobody verified":            func(d *passkeytest.Authenticator) { d.Unverified = true },
	"nobody present":             func(d *passkeytest.Authenticator) { d.Absent = true },
	"backed up but not eligible": func(d *passkeytest.Authenticator) { d.BackedUp = true },
}

func TestPasskeyThatIsWrongIsNotMade(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	for name, spoil := range wrongs {
		device, account := passkeytest.New(origin, host), newAccount()
		spoil(device)
		options, challenge, err := site.Creation(account)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := site.Created(account, challenge, []byte(device.Create(options))); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	device, account := passkeytest.New(origin, host), newAccount()
	options, _, _ := site.Creation(account)
	_, other, _ := site.Creation(account)
	response := device.Create(options)
	if _, err := site.Created(account, other, []byte(response)); !errors.Is(err, ErrRefused) {
		t.Errorf("another challenge: %v", err)
	}
	if _, err := site.Created(account, "", []byte(response)); !errors.Is(err, ErrRefused) {
		t.Errorf("no challenge: %v", err)
	}
}

func TestPasskeyThatIsWrongDoesNotAnswer(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	for name, spoil := range wrongs {
		device, account := passkeytest.New(origin, host), newAccount()
		passkey := made(t, site, account, device)
		spoil(device)
		if _, err := check(t, site, account, passkey, device, true); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, spoil := range map[string]func(*passkeytest.Authenticator, *Credential){
		"the count went back":        func(d *passkeytest.Authenticator, p *Credential) { p.SignCount = 9 },
		"the count stood still":      func(d *passkeytest.Authenticator, p *Credential) { p.SignCount = d.Count + 1 },
		"it counts no more":          func(d *passkeytest.Authenticator, p *Credential) { p.SignCount, d.Count, d.Counts = 1, 0, false },
		"it can be backed up now":    func(d *passkeytest.Authenticator, p *Credential) { d.BackupEligible = true },
		"it cannot be backed up now": func(d *passkeytest.Authenticator, p *Credential) { p.BackupEligible = true },
		"another account's handle":   func(d *passkeytest.Authenticator, p *Credential) { d.Handle = newAccount().Handle },
		"another key": func(d *passkeytest.Authenticator, p *Credential) {
			d.Key = passkeytest.New(origin, host).Key
		},
		"another passkey": func(d *passkeytest.Authenticator, p *Credential) { d.ID = []byte("another") },
		"the key of another algorithm": func(d *passkeytest.Authenticator, p *Credential) {
			_, key, _ := ed25519.GenerateKey(rand.Reader)
			d.Key = key
		},
	} {
		device, account := passkeytest.New(origin, host), newAccount()
		passkey := made(t, site, account, device)
		spoil(device, &passkey)
		for _, accountKnown := range []bool{true, false} {
			if _, err := check(t, site, account, passkey, device, accountKnown); !errors.Is(err, ErrRefused) {
				t.Errorf("%s (account known: %t): %v", name, accountKnown, err)
			}
			if strings.Contains(name, "still") {
				break
			}
		}
	}
}

func TestPasskeyMayLeaveOutTheHandleOnlyWhereTheAccountIsKnown(t *testing.T) {
	t.Parallel()
	site, account, device := newSite(t), newAccount(), passkeytest.New(origin, host)
	passkey := made(t, site, account, device)
	device.OmitHandle = true
	if _, err := check(t, site, account, passkey, device, false); !errors.Is(err, ErrRefused) {
		t.Errorf("at a login: %v", err)
	}
	if _, err := check(t, site, account, passkey, device, true); err != nil {
		t.Errorf("at a second step: %v", err)
	}
}

func TestPasskeyThatIsNotOneIsUnreadable(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	for _, response := range []string{"", "{}", "null", "[]", "x", `{"id":"AA","rawId":"AA","type":"public-key","response":{}}`, strings.Repeat("[", 10_000)} {
		if _, err := ReadAnswer([]byte(response)); !errors.Is(err, ErrUnreadable) {
			t.Errorf("answer %.20q: %v", response, err)
		}
		if _, err := site.Created(newAccount(), "x", []byte(response)); !errors.Is(err, ErrUnreadable) {
			t.Errorf("creation %.20q: %v", response, err)
		}
	}
}

func TestPasskeysAreForHostsThatBrowsersHaveThemFor(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"https://login.example.org": true, "https://login.example.org:8443": true, "http://localhost:8080": true, "https://localhost": true,
		"http://login.example.org": false, "http://myhost.local": false, "https://192.0.2.1": false, "http://127.0.0.1:8080": false, "https://[2001:db8::1]": false,
		"https://intranet": false, // the library wants a dot
	} {
		parsed, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := IsPossible(parsed); got != want {
			t.Errorf("%s: %t, want %t", address, got, want)
		}
	}
}
