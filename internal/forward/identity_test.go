package forward

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/quick"
)

// What is decoded again was not mixed up with anything else.
func TestIdentityEncodingKeepsAllNamesApart(t *testing.T) {
	t.Parallel()
	isKept := func(text string) bool {
		encoded := Encode(text)
		decoded, err := url.PathUnescape(encoded)
		return err == nil && decoded == text && strings.Trim(encoded, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@+-%") == ""
	}
	if err := quick.Check(isKept, &quick.Config{MaxCount: 5000}); err != nil {
		t.Error(err)
	}
	if err := quick.Check(func(text []byte) bool { return isKept(string(text)) }, nil); err != nil {
		t.Error(err)
	}
	for text, want := range map[string]string{
		"": "", "bob": "bob", "Bob.B_b@x+y-z": "Bob.B_b@x+y-z", "b%6fb": "b%256fb", "bo b": "bo%20b", "zoë": "zo%C3%AB",
		"a,b": "a%2Cb", "a\r\nX: y": "a%0D%0AX%3A%20y", "\"<>": "%22%3C%3E",
	} {
		if got := Encode(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func FuzzIdentityEncodingKeepsAllNamesApart(f *testing.F) {
	f.Add("bob", "b%6fb")
	f.Add("a,b", "a%2Cb")
	f.Fuzz(func(t *testing.T, one, other string) {
		if (Encode(one) == Encode(other)) != (one == other) {
			t.Errorf("%q is %q, and %q is %q", one, Encode(one), other, Encode(other))
		}
	})
}

func TestIdentityIsAlwaysSaidInAllFourHeaders(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		identity                  Identity
		user, shown, groups, mail string
	}{
		"nobody":              {Identity{}, "", "", "", ""},
		"nobody, with a mail": {Identity{EmailDomain: "example.org"}, "", "", "", ""},
		"no domain":           {Identity{Username: "bob", Name: "Bob"}, "bob", "Bob", "", ""},
		"all":                 {Identity{"zoë", "Zoë", []string{"family", "staff-2"}, "example.org"}, "zo%C3%AB", "Zo%C3%AB", "family,staff-2", "zo%C3%AB@example.org"},
		"like an address":     {Identity{Username: "bob@evil.example", EmailDomain: "example.org"}, "bob@evil.example", "", "", "bob%40evil.example@example.org"},
	} {
		// What stood there before is never left.
		header := http.Header{"Remote-User": {"alice", "eve"}, "Remote-Name": {"x"}, "Remote-Groups": {"admins"}, "Remote-Email": {"x"}}
		test.identity.Set(header)
		for header, got := range map[string][2]any{
			"Remote-User": {one(header, UserHeader), test.user}, "Remote-Name": {one(header, NameHeader), test.shown},
			"Remote-Groups": {one(header, GroupsHeader), test.groups}, "Remote-Email": {one(header, EmailHeader), test.mail},
		} {
			if got[0] != got[1] {
				t.Errorf("%s: %s is %q, want %q", name, header, got[0], got[1])
			}
		}
	}
}

// one is the only value of a header.
func one(header http.Header, name string) string {
	if len(header[name]) != 1 {
		return "not one value"
	}
	return header[name][0]
}

func TestIdentityThatTheClientClaimsIsSeenInEverySpelling(t *testing.T) {
	t.Parallel()
	for _, ours := range identityHeaders {
		for _, separator := range []string{"-", "_", ".", " "} {
			for _, change := range []func(string) string{strings.ToLower, strings.ToUpper, func(name string) string { return name }} {
				name := change(strings.ReplaceAll(ours, "-", separator))
				if got := Forged(http.Header{"Accept": {"*/*"}, name: {""}}); got != name {
					t.Errorf("%q: forged %q", name, got)
				}
			}
		}
	}
	for _, name := range []string{"Remote-Addr", "Remote-Users", "X-Remote-User", "Remoteuser", "Remote--User", "Accept", ""} {
		if got := Forged(http.Header{name: {"alice"}}); got != "" {
			t.Errorf("%q: forged %q", name, got)
		}
	}
	if got := Forged(nil); got != "" {
		t.Errorf("no headers: forged %q", got)
	}
}
