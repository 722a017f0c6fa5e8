package main

import (
	"net/url"
	"strings"
	"testing"
)

// PostgreSQL takes no zero byte and no text that is not UTF-8.
func TestOnPostgresOddBytesInAFieldAreNoFailure(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob", "--signups-per-hour=100000", "--failures-per-hour=100000", "--unknown-browser-failures=100000", "--known-browser-failures=100000", "--close-after=100000")
	s.mustRun("app", "add", "photos.example.org", "--for=everyone", "--yes")
	b := s.signedIn("bob")
	for _, odd := range []string{"\x00", "bob\x00", "\xff", "bob\xff\xfe", "\xed\xa0\x80", "photos.example.org\x00", "/\x00", "/\xff", "\u202e"} {
		for path, fields := range map[string][]string{
			"/login": {"username", "password", "next", "remember"}, "/signup": {"username", "password", "next"},
			"/signup/username": {"username"}, "/recover": {"username", "code", "password"},
			"/user/bob/password": {"current_password", "password"}, "/user/bob/sign-ins": {"id"},
			"/user/bob/app-passwords": {"host", "name"}, "/user/bob/app-passwords/end": {"id"}, "/user/bob/delete": {"username"},
			"/enter": {"app", "to", "way", "nonce", "account"}, "/logout/bob%00": {}, "/choose-password/x%00%ff": {"password"},
		} {
			good := map[string]string{
				"username": "bob", "password": goodPassword + "2", "app": "photos.example.org", "host": "photos.example.org", "to": "/",
				"way": "https", "nonce": "0123456789abcdef0123456789abcdef", "account": "bob", "name": "phone", "current_password": "wrong",
			}
			for _, field := range append(fields, "none") {
				var form []string
				query := url.Values{}
				for _, name := range fields {
					value := good[name]
					if name == field {
						value = odd
					}
					form = append(form, name, value)
					query.Set(name, value)
				}
				for _, browser := range []*browser{b.with("User-Agent", strings.ReplaceAll(odd, "\x00", "")), s.browser()} {
					if answer := browser.get(path + "?" + query.Encode()); answer.status >= 500 {
						t.Errorf("GET %s with %q in %s: status %d", path, odd, field, answer.status)
					}
					if path == "/user/bob/delete" && field == "none" {
						continue
					}
					if answer := browser.post(path, form...); answer.status >= 500 {
						t.Errorf("POST %s with %q in %s: status %d", path, odd, field, answer.status)
					}
				}
			}
		}
	}
}
