package totp_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"latchkey/internal/totp"
)

// Appendix B of RFC 6238, for SHA-1, of which these are the last six digits.
func TestCodeIsWhatRFC6238Says(t *testing.T) {
	secret := []byte("12345678901234567890")
	for seconds, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := totp.Code(secret, totp.Step(time.Unix(seconds, 0))); got != want {
			t.Errorf("at %d: %s, want %s", seconds, got, want)
		}
	}
}

func TestMatchTakesTheStepsBesideThePresentOneAndNoOther(t *testing.T) {
	secret, now := totp.NewSecret(), time.Unix(1_800_000_007, 0)
	for off, want := range map[int64]bool{-2: false, -1: true, 0: true, 1: true, 2: false} {
		step, ok := totp.Match(secret, totp.Code(secret, totp.Step(now)+off), now)
		if ok != want || ok && step != totp.Step(now)+off {
			t.Errorf("%+d steps: %d, %v", off, step-totp.Step(now), ok)
		}
	}
	if _, ok := totp.Match(totp.NewSecret(), totp.Code(secret, totp.Step(now)), now); ok {
		t.Error("the code of another secret is taken")
	}
}

func TestReadForgivesHowACodeIsTyped(t *testing.T) {
	for typed, want := range map[string]string{
		"012345": "012345", " 012 345 ": "012345", "012-345": "012345", "０１２３４５": "012345", "0 1 2 3 4 5": "012345",
		"01234": "", "0123456": "", "": "", "01234a": "", "٠١٢٣٤٥": "", "+12345": "", "012345" + strings.Repeat(" ", 200): "", "0123\x00": "",
	} {
		got, ok := totp.Read(typed)
		if got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", typed, got, ok)
		}
	}
}

func TestSecretIsNewEachTimeAndOf160Bits(t *testing.T) {
	one, other := totp.NewSecret(), totp.NewSecret()
	if len(one) != 20 || bytes.Equal(one, other) {
		t.Errorf("%x and %x", one, other)
	}
}

func TestURIHoldsNamesThatWouldDivideIt(t *testing.T) {
	got := totp.URI("Bob's: apps & co", "bob:?/é", []byte("12345678901234567890"))
	want := "otpauth://totp/Bob%27s%20%20apps%20&%20co:bob%20%3F%2F%C3%A9?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Bob%27s%20%20apps%20%26%20co"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := totp.Groups([]byte("12345678901234567890")); got != "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ" {
		t.Error(got)
	}
}
