package passkey

import (
	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// user is an Account as the library asks for it.
type user struct{ account Account }

// WebAuthnID implements webauthn.User.
func (u user) WebAuthnID() []byte { return u.account.Handle }

// WebAuthnName implements webauthn.User.
func (u user) WebAuthnName() string { return u.account.Username }

// WebAuthnDisplayName implements webauthn.User.
func (u user) WebAuthnDisplayName() string { return u.account.Name }

// WebAuthnCredentials implements webauthn.User.
func (u user) WebAuthnCredentials() []webauthn.Credential {
	credentials := make([]webauthn.Credential, len(u.account.Credentials))
	for i, passkey := range u.account.Credentials {
		credentials[i] = toLibrary(passkey)
	}
	return credentials
}

func toLibrary(passkey Credential) webauthn.Credential {
	credential := webauthn.Credential{
		ID: passkey.ID, PublicKey: passkey.PublicKey,
		// Only passkeys with the user verified were taken.
		Flags:         webauthn.CredentialFlags{UserPresent: true, UserVerified: true, BackupEligible: passkey.BackupEligible, BackupState: passkey.BackedUp},
		Authenticator: webauthn.Authenticator{AAGUID: passkey.AAGUID, SignCount: passkey.SignCount},
	}
	for _, transport := range passkey.Transports {
		credential.Transport = append(credential.Transport, protocol.AuthenticatorTransport(transport))
	}
	return credential
}

func fromLibrary(credential webauthn.Credential) Credential {
	passkey := Credential{
		ID: credential.ID, PublicKey: credential.PublicKey, SignCount: credential.Authenticator.SignCount,
		BackupEligible: credential.Flags.BackupEligible, BackedUp: credential.Flags.BackupState, AAGUID: credential.Authenticator.AAGUID,
	}
	for _, transport := range credential.Transport {
		if isTransport[transport] {
			passkey.Transports = append(passkey.Transports, string(transport))
		}
	}
	return passkey
}

// isTransport are those that a browser can make use of (section 5.8.4). They come from the browser, signed by nobody.
var isTransport = map[protocol.AuthenticatorTransport]bool{
	protocol.USB: true, protocol.NFC: true, protocol.BLE: true, protocol.SmartCard: true, protocol.Hybrid: true, protocol.Internal: true,
}

func descriptors(passkeys []Credential) []protocol.CredentialDescriptor {
	var list []protocol.CredentialDescriptor
	for _, passkey := range passkeys {
		credential := toLibrary(passkey)
		list = append(list, credential.Descriptor())
	}
	return list
}
