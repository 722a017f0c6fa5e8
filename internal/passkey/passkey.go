// Package passkey makes and checks passkeys (W3C Web Authentication, Level 3). Each is bound to the site's host, stays
// findable without a username, and has its authenticator verify the person: it is two factors at once (NIST SP 800-63B-4
// section 3.1.7). It wraps github.com/go-webauthn/webauthn, of which no type leaves this package.
package passkey

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"
)

// Expected outcomes of what browsers send.
var (
	// ErrUnreadable means that it is not what a browser makes of an answer of an authenticator.
	ErrUnreadable = errors.New("unreadable passkey")
	// ErrRefused means that it is for another site or another challenge, is not signed by the passkey, or that the
	// authenticator did not verify the person, or may have been copied.
	ErrRefused = errors.New("passkey refused")
)

// HandleLength is in bytes: what section 14.6.1 recommends.
const HandleLength = 64

// Credential is one passkey, as the site keeps it.
type Credential struct {
	ID        []byte
	PublicKey []byte
	// SignCount is 0 for authenticators that do not count.
	SignCount uint32
	// BackupEligible never changes; BackedUp tells whether there is a copy on another device at this moment.
	BackupEligible bool
	BackedUp       bool
	Transports     []string
	AAGUID         []byte
}

// Account is whom passkeys are made for.
type Account struct {
	// Handle is of HandleLength random bytes: authenticators show it to whoever holds them.
	Handle   []byte
	Username string
	// Name is the one to show.
	Name        string
	Credentials []Credential
}

// Site makes and checks the passkeys of one host.
type Site struct {
	host string
	rp   *webauthn.WebAuthn
}

// IsPossible reports whether browsers have passkeys at an address: by https or on this machine, and not by an IP address
// (sections 5.1.2 and 13.4.9).
func IsPossible(origin *url.URL) bool {
	host := origin.Hostname()
	if _, err := netip.ParseAddr(host); err == nil || protocol.ValidateRPID(host) != nil {
		return false
	}
	return origin.Scheme == "https" || host == "localhost"
}

// NewSite is for a host and the origin that browsers name; name is shown beside the username.
func NewSite(host, origin, name string) (*Site, error) {
	findable := true
	rp, err := webauthn.New(&webauthn.Config{
		RPID: host, RPDisplayName: name, RPOrigins: []string{origin},
		AttestationPreference: protocol.PreferNoAttestation, // which maker's device it is, is nobody's business
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: &findable,
			UserVerification: protocol.VerificationRequired,
		},
		// Some password managers send what nobody asked for; it is not read.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, fmt.Errorf("passkeys at %s: %w", host, err)
	}
	return &Site{host: host, rp: rp}, nil
}

// Host is what the site's passkeys are bound to (RP ID).
func (s *Site) Host() string { return s.host }

// algorithms are ES256, EdDSA and RS256, of which every authenticator has one.
var algorithms = []protocol.CredentialParameter{
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgEdDSA},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgRS256},
}

// Creation returns what the browser needs to make a passkey (PublicKeyCredentialCreationOptionsJSON), and the challenge in
// it. A device that has one of the account's makes no second.
func (s *Site) Creation(account Account) (options []byte, challenge string, err error) {
	creation, session, err := s.rp.BeginRegistration(user{account},
		webauthn.WithCredentialParameters(algorithms), webauthn.WithExclusions(descriptors(account.Credentials)))
	if err != nil {
		return nil, "", fmt.Errorf("make passkey: %w", err)
	}
	options, err = json.Marshal(creation.Response)
	return options, session.Challenge, err
}

// ChallengeOfCreation is the challenge that what the browser made says to answer, or ErrUnreadable.
func ChallengeOfCreation(response []byte) (string, error) {
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return "", ErrUnreadable
	}
	return parsed.Response.CollectedClientData.Challenge, nil
}

// Created checks what the browser made of Creation's options, or returns ErrUnreadable or ErrRefused.
func (s *Site) Created(account Account, challenge string, response []byte) (Credential, error) {
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return Credential{}, ErrUnreadable
	}
	session := s.session(account.Handle, challenge)
	session.CredParams = algorithms
	made, err := s.rp.CreateCredential(user{account}, session, parsed)
	if err != nil {
		return Credential{}, ErrRefused
	}
	return fromLibrary(*made), nil
}

// Request returns what the browser needs to have a passkey answer (PublicKeyCredentialRequestOptionsJSON), and the
// challenge in it: one of those allowed, or any of the site's when there are none.
func (s *Site) Request(allowed []Credential) (options []byte, challenge string, err error) {
	assertion, session, err := s.rp.BeginDiscoverableLogin(webauthn.WithAllowedCredentials(descriptors(allowed)))
	if err != nil {
		return nil, "", fmt.Errorf("ask for passkey: %w", err)
	}
	options, err = json.Marshal(assertion.Response)
	return options, session.Challenge, err
}

// Answer is what a passkey made of Request's options. Nothing in it is true before it was checked.
type Answer struct {
	// ID is that of the passkey, and Challenge the one that it says to answer.
	ID        []byte
	Challenge string
	parsed    *protocol.ParsedCredentialAssertionData
}

// ReadAnswer returns ErrUnreadable for anything but an answer as browsers write it (AuthenticationResponseJSON).
func ReadAnswer(response []byte) (Answer, error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return Answer{}, ErrUnreadable
	}
	return Answer{ID: parsed.RawID, Challenge: parsed.Response.CollectedClientData.Challenge, parsed: parsed}, nil
}

// Check returns the passkey as it is after the answer, or ErrRefused. The handle is that of the account which the passkey
// belongs to. An answer may leave it out only where the account is known already.
func (s *Site) Check(answer Answer, challenge string, handle []byte, passkey Credential, accountKnown bool) (Credential, error) {
	if len(answer.parsed.Response.UserHandle) == 0 && !accountKnown {
		return Credential{}, ErrRefused
	}
	account := user{Account{Handle: handle, Credentials: []Credential{passkey}}}
	used, err := s.rp.ValidateLogin(account, s.session(handle, challenge), answer.parsed)
	if err != nil || used.Authenticator.CloneWarning {
		return Credential{}, ErrRefused
	}
	return fromLibrary(*used), nil
}

func (s *Site) session(handle []byte, challenge string) webauthn.SessionData {
	return webauthn.SessionData{
		Challenge: challenge, RelyingPartyID: s.host, UserID: handle, UserVerification: protocol.VerificationRequired,
	}
}
