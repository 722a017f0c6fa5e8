// Package auth guards the accounts: it decides whether somebody who gives a name and a password is the owner, and
// whether they may try. It knows nothing of HTTP.
package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"net/netip"

	"latchkey/internal/store"
)

// Client is who asks.
type Client struct {
	// Address is an IP address in its shortest form, without zone.
	Address   string
	UserAgent string
	RequestID string
	// Device is the hash of the browser's device cookie.
	Device []byte
}

// Network returns the part of the address that one subscriber has: an IPv4 address, or the first 64 bits of an IPv6 one.
// Limits count by it.
func (c Client) Network() string {
	return NetworkOf(c.Address)
}

// NetworkOf is the Network of a client at the address.
func NetworkOf(address string) string {
	parsed, err := netip.ParseAddr(address)
	if err != nil || parsed.Is4() {
		return address
	}
	prefix, err := parsed.Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}

// HashDevice returns the stored hash of a device cookie. The cookie marks a browser in which an owner has proved who
// they are. It is random, shared by the accounts of the browser, survives logout and authenticates nobody.
func HashDevice(token string) []byte {
	hash := sha256.Sum256([]byte("device " + token))
	return hash[:]
}

// NewDevice is the token of the browser's next device cookie, in place of the one it sent.
func (c Client) NewDevice() (token string, browser store.DeviceRotation) {
	token = rand.Text() // at least 128 bits
	return token, store.DeviceRotation{OldHash: c.Device, NewHash: HashDevice(token)}
}
