// Package totp computes one-time codes from a shared secret and the time (TOTP, RFC 6238) with the parameters that every
// authenticator app supports: SHA-1, 6 digits, steps of 30 seconds.
package totp

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

const (
	// Digits of a code: 20 bits (ASVS 5.0 6.5.4).
	Digits = 6
	// Period is how long a code is shown (ASVS 5.0 6.5.5).
	Period = 30 * time.Second
	// drift is how many steps a clock may be ahead or behind (RFC 6238 section 5.2).
	drift = 1
	// secretSize is in bytes: 160 bits (RFC 4226 section 4, R6).
	secretSize = 20
)

// NewSecret makes a secret of 160 random bits (ASVS 5.0 6.5.3).
func NewSecret() []byte {
	secret := make([]byte, secretSize)
	_, _ = rand.Read(secret) // it never fails
	return secret
}

// Step is the number of the time step that a moment lies in.
func Step(at time.Time) int64 {
	return at.Unix() / int64(Period/time.Second)
}

// Code is what an app shows in a time step.
func Code(secret []byte, step int64) string {
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step))
	mac := hmac.New(sha1.New, secret)
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0x0f
	number := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", Digits, number%1_000_000)
}

// Match returns the time step whose code this is, among the present one and its neighbours. Which one it is, the time it
// takes does not tell. The caller must see to it that a step is accepted once (ASVS 5.0 6.5.1).
func Match(secret []byte, code string, now time.Time) (step int64, ok bool) {
	for at := Step(now) - drift; at <= Step(now)+drift; at++ {
		same := subtle.ConstantTimeCompare([]byte(Code(secret, at)), []byte(code)) == 1
		if same {
			step, ok = at, true
		}
	}
	return step, ok
}

// Read returns the code in what was typed: 6 digits of any width, with space or hyphens anywhere.
func Read(typed string) (code string, ok bool) {
	if len(typed) > 100 {
		return "", false
	}
	code = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, norm.NFKC.String(typed))
	if len(code) != Digits || strings.ContainsFunc(code, func(r rune) bool { return r < '0' || r > '9' }) {
		return "", false
	}
	return code, true
}

// text writes secrets as apps read them.
var text = base32.StdEncoding.WithPadding(base32.NoPadding)

// Groups writes a secret for people who type it into their app: base32 in groups of four.
func Groups(secret []byte) string {
	var groups strings.Builder
	for i, r := range text.EncodeToString(secret) {
		if i > 0 && i%4 == 0 {
			groups.WriteByte(' ')
		}
		groups.WriteRune(r)
	}
	return groups.String()
}

// URI is the address that apps take a secret from, by a link or a QR code (Key Uri Format). Parameters that are the usual
// ones are left out: some apps refuse a code that states them, and a shorter address makes a QR code that is read from
// further away.
func URI(issuer, account string, secret []byte) string {
	// A colon divides the two; neither may hold one.
	clean := strings.NewReplacer(":", " ")
	return "otpauth://totp/" + url.PathEscape(clean.Replace(issuer)+":"+clean.Replace(account)) +
		"?secret=" + text.EncodeToString(secret) + "&issuer=" + strings.ReplaceAll(url.QueryEscape(clean.Replace(issuer)), "+", "%20") // apps show a plus as it is
}
