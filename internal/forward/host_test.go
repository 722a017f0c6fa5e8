package forward

import (
	"strings"
	"testing"
)

func TestHostOfAnAppHasOneForm(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"photos.example.org":       "photos.example.org",
		"PHOTOS.Example.org":       "photos.example.org",
		"photos.example.org.":      "photos.example.org",
		"photos.example.org:443":   "photos.example.org",
		"photos.example.org:80":    "photos.example.org",
		"photos.example.org:0443":  "photos.example.org",
		"photos.example.org.:8443": "photos.example.org:8443",
		"photos.example.org:08443": "photos.example.org:8443",
		"photos.example.org:65535": "photos.example.org:65535",
		"photos":                   "photos",
		"localhost:8080":           "localhost:8080",
		"7.example.org":            "7.example.org",
		"0x7.example":              "0x7.example",
		"bücher.example":           "xn--bcher-kva.example",
		"BÜCHER.example":           "xn--bcher-kva.example",
		"bu\u0308cher.example":     "xn--bcher-kva.example",
		"xn--bcher-kva.example":    "xn--bcher-kva.example",
		"photos。example。org":       "photos.example.org",
		"photos。example。org。":      "photos.example.org",
		"ｐｈｏｔｏｓ.example.org":       "photos.example.org",
	} {
		host, ok := Host(typed)
		if host != want || !ok {
			t.Errorf("%q is %q, %t; want %q", typed, host, ok, want)
		}
		if again, ok := Host(host); again != host || !ok {
			t.Errorf("%q is %q, %t the second time", host, again, ok)
		}
	}
}

// A host that looks like another's is another host.
func TestHostThatLooksLikeAnotherIsNotTheOther(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{
		"phоtos.example.org", // with a Cyrillic o
		"photos.example.org.evil.example", "evil.photos.example.org", "photos-example.org", "photos.example.org:8443",
		"ph0tos.example.org", "photos.examp1e.org",
	} {
		if host, ok := Host(typed); !ok || host == "photos.example.org" {
			t.Errorf("%q is %q, %t", typed, host, ok)
		}
	}
}

func TestHostIsRefusedWhereItIsNone(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{
		"", ".", "..", ":", ":443", "a..b", ".a", "a..", "a b", " a", "a ", "a\n", "a\x00", "a/x", "a?x", "a#x", "https://a", "https://a/", "u@a", "u:p@a",
		"a,b", "a, b", "a*", "*.example.org", "a_b.example", "-a.example", "a-.example", "a%2eb", "a\\b", "\xff",
		"a:", "a:0", "a:65536", "a:99999", "a:+443", "a:-1", "a:4 4", "a:x", "a:443:443", "a:４４３",
		"192.0.2.7", "192.0.2.7:8443", "192.0.2.7.", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0x", "１２７.0.0.1", "a.7",
		"::1", "[::1]", "[::1]:8443", "fe80::1%eth0", "[a]", "[a]:8443x",
		strings.Repeat("a", 64) + ".example", strings.Repeat("a.", 127) + "example",
	} {
		if host, ok := Host(typed); ok || host != "" {
			t.Errorf("%q is %q, %t", typed, host, ok)
		}
	}
}

func FuzzHostIsTheSameTheSecondTime(f *testing.F) {
	for _, seed := range []string{"photos.example.org", "BÜCHER.example.:0443", "127.1", "a。b", "[::1]:80", "xn--a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		host, ok := Host(typed)
		if !ok {
			return
		}
		if again, ok := Host(host); again != host || !ok || strings.ContainsAny(host, "/@?#\\, %_*") || strings.ToLower(host) != host {
			t.Errorf("%q is %q, and %q, %t the second time", typed, host, again, ok)
		}
	})
}
