// Package passkeytest is an authenticator in software, for tests: it makes passkeys and answers challenges as a security key
// and a browser do, and as none ought to. It is our own, because github.com/descope/virtualwebauthn, the one there is,
// makes no EdDSA keys, sets no wrong RP ID beside a right origin, and is idle since 2024.
package passkeytest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math/big"
)

// Authenticator holds one passkey. Its fields may be changed between two answers.
type Authenticator struct {
	// Origin is what the browser says, and Host what the authenticator is bound to.
	Origin string
	Host   string
	// Absent is set when nobody touches it, and Unverified when nobody shows a finger or types a PIN.
	Absent     bool
	Unverified bool
	// BackupEligible and BackedUp are the flags BE and BS.
	BackupEligible bool
	BackedUp       bool
	// Count is that of the last answer. Counts is set for one that counts.
	Count  uint32
	Counts bool
	ID     []byte
	Handle []byte
	// OmitHandle is set for one that does not tell the handle.
	OmitHandle bool
	Key        crypto.Signer
}

// The flags of authenticator data (W3C Web Authentication, section 6.1).
const (
	flagPresent = 1 << iota
	_
	flagVerified
	flagBackupEligible
	flagBackedUp
	_
	flagCredential
)

// New makes one with an ES256 key, that counts.
func New(origin, host string) *Authenticator {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return &Authenticator{Origin: origin, Host: host, Counts: true, ID: random(32), Key: key}
}

// Create answers PublicKeyCredentialCreationOptionsJSON with RegistrationResponseJSON.
func (a *Authenticator) Create(options []byte) string {
	var asked struct {
		Challenge string `json:"challenge"`
		User      struct {
			ID string `json:"id"`
		} `json:"user"`
	}
	must(json.Unmarshal(options, &asked))
	handle, err := base64.RawURLEncoding.DecodeString(asked.User.ID)
	must(err)
	a.Handle = handle
	client := a.clientData("webauthn.create", asked.Challenge)
	data := a.data(flagCredential)
	data = append(data, make([]byte, 16)...) // AAGUID
	data = binary.BigEndian.AppendUint16(data, uint16(len(a.ID)))
	data = append(append(data, a.ID...), coseKey(a.Key.Public())...)
	attestation := cborMap(cborText("fmt"), cborText("none"), cborText("attStmt"), cborMap(), cborText("authData"), cborBytes(data))
	return a.credential(map[string]any{
		"clientDataJSON": encode(client), "attestationObject": encode(attestation), "transports": []string{"internal", "of no kind"},
	})
}

// Get answers PublicKeyCredentialRequestOptionsJSON with AuthenticationResponseJSON.
func (a *Authenticator) Get(options []byte) string {
	var asked struct {
		Challenge string `json:"challenge"`
	}
	must(json.Unmarshal(options, &asked))
	return a.Answer(asked.Challenge)
}

// Answer answers a challenge, of whatever options.
func (a *Authenticator) Answer(challenge string) string {
	if a.Counts {
		a.Count++
	}
	client, data := a.clientData("webauthn.get", challenge), a.data(0)
	hash := sha256.Sum256(client)
	response := map[string]any{
		"clientDataJSON": encode(client), "authenticatorData": encode(data), "signature": encode(a.sign(append(data, hash[:]...))),
	}
	if !a.OmitHandle {
		response["userHandle"] = encode(a.Handle)
	}
	return a.credential(response)
}

func (a *Authenticator) credential(response map[string]any) string {
	return string(marshal(map[string]any{
		"id": encode(a.ID), "rawId": encode(a.ID), "type": "public-key", "authenticatorAttachment": "platform",
		"clientExtensionResults": map[string]any{}, "response": response,
	}))
}

func (a *Authenticator) clientData(kind, challenge string) []byte {
	return marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.Origin, "crossOrigin": false})
}

func (a *Authenticator) data(flags byte) []byte {
	for flag, set := range map[byte]bool{
		flagPresent: !a.Absent, flagVerified: !a.Unverified, flagBackupEligible: a.BackupEligible, flagBackedUp: a.BackedUp,
	} {
		if set {
			flags |= flag
		}
	}
	hash := sha256.Sum256([]byte(a.Host))
	return binary.BigEndian.AppendUint32(append(hash[:], flags), a.Count)
}

func (a *Authenticator) sign(data []byte) []byte {
	options := crypto.SignerOpts(crypto.SHA256)
	if _, ok := a.Key.(ed25519.PrivateKey); ok {
		options = crypto.Hash(0)
	} else {
		hash := sha256.Sum256(data)
		data = hash[:]
	}
	signature, err := a.Key.Sign(rand.Reader, data, options)
	must(err)
	return signature
}

// coseKey is a public key as RFC 9053 and RFC 8230 write it.
func coseKey(key crypto.PublicKey) []byte {
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		point, err := key.Bytes() // 4, x, y
		must(err)
		return cborMap(cborInt(1), cborInt(2), cborInt(3), cborInt(-7), cborInt(-1), cborInt(1), cborInt(-2), cborBytes(point[1:33]), cborInt(-3), cborBytes(point[33:]))
	case ed25519.PublicKey:
		return cborMap(cborInt(1), cborInt(1), cborInt(3), cborInt(-8), cborInt(-1), cborInt(6), cborInt(-2), cborBytes(key))
	case *rsa.PublicKey:
		return cborMap(cborInt(1), cborInt(3), cborInt(3), cborInt(-257), cborInt(-1), cborBytes(key.N.Bytes()), cborInt(-2), cborBytes(big.NewInt(int64(key.E)).Bytes()))
	}
	panic("no such key")
}

func encode(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

func random(length int) []byte {
	bytes := make([]byte, length)
	_, _ = rand.Read(bytes) // never fails
	return bytes
}

func marshal(value any) []byte {
	data, err := json.Marshal(value)
	must(err)
	return data
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
