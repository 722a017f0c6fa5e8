package main

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// oddTexts are what nobody types and programs send.
var oddTexts = []string{
	"", " ", "\x00", "a\x00b", "\xff\xfe", "é\xc3", "\u202e\u2066", "\r\n", "-1", "99999999999999999999", "٣٤٥٦٧٨", "000000",
	strings.Repeat("x", 50_000), strings.Repeat("\xff", 50_000), strings.Repeat("1", 50_000),
	"{", "null", "[]", "{}", `"x"`, `{"id":1}`, `{"id":"AA","rawId":"AA","type":"public-key"}`, `{"id":"AA","rawId":"AA","type":"public-key","response":null}`,
	`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"AA","authenticatorData":"AA","signature":"AA","attestationObject":"AA"}}`,
	strings.Repeat("[", 50_000), `{"id":"\ud800","rawId":"\u0000"}`, "AAAA", "%00", "../..",
}

// neededTexts are those of an answer of a passkey without which it is good for nothing.
var neededTexts = regexp.MustCompile(`"(id|type|clientDataJSON|authenticatorData|signature|attestationObject)":"[^"]*"`)

// spoiled calls try with answers of a passkey in which one such text is replaced, or which end there. Each is made anew: a
// challenge is answered once.
func spoiled(answer func() string, try func(string)) {
	for i := range neededTexts.FindAllStringIndex(answer(), -1) {
		for _, text := range []string{"", "AA", "!", `\u0000`, "oWNmbXRkbm9uZQ", "_____________________________________________________w", "bnVsbA", "e30", strings.Repeat("A", 50_000)} {
			whole := answer()
			at := neededTexts.FindAllStringSubmatchIndex(whole, -1)[i]
			try(whole[:at[3]] + `":"` + text + `"` + whole[at[1]:])
		}
		for _, rest := range []string{``, `":null`, `":{}`} {
			whole := answer()
			at := neededTexts.FindAllStringSubmatchIndex(whole, -1)[i]
			if rest != "" {
				rest += whole[at[1]:]
			}
			try(whole[:at[3]] + rest)
		}
	}
}

func TestFormsOfSecondFactorsTakeOddInputForAMistake(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteFor(t, "bob")
	b, device := s.withPasskey("bob")
	code := s.saveRecoveryCodeBy(device, "bob")
	b.post("/user/bob/recovery/saved").wantStatus(http.StatusOK)
	phone, shown := b.startCodes("bob")
	enrolment := enrolmentIn(shown)
	b.post("/user/bob/second-factor/codes/confirm", "enrolment", enrolment, "one_time_code", phone.code()).wantPath("/user/bob/second-factor")
	link, stored := newPasswordLink(s.clock.Now())
	s.exec("INSERT INTO password_links (uid, token_hash, expires_at) SELECT uid, ?, ? FROM users", stored.TokenHash, stored.Expires.Unix())
	half := s.half("bob")
	odd := func(b *browser, path string, fields ...string) {
		t.Helper()
		s.exec("DELETE FROM throttle") // a refused attempt is not looked at
		if p := b.stay().post(path, fields...); p.status >= http.StatusInternalServerError {
			t.Errorf("%s with %.200q: status %d", path, fields, p.status)
		}
	}
	for _, form := range []struct {
		browser *browser
		path    string
		fields  []string // in pairs, good as far as they can be
	}{
		{half, "/login/second", []string{"one_time_code", "000000", "next", "/"}},
		{half, "/login/second", []string{"passkey", "", "one_time_code", ""}},
		{half, "/login/second/recovery", []string{"recovery_code", "wrong", "next", "/"}},
		{b, "/passkey/challenge", []string{"purpose", "confirm", "account", "bob"}},
		{half, "/passkey/challenge", []string{"purpose", "second", "account", ""}},
		{s.browser(), "/login", []string{"passkey", "x", "username", "bob", "remember", "yes"}},
		{s.browser(), "/recover", []string{"username", "bob", "code", code, "password", "quite another one", "one_time_code", "000000"}},
		{s.browser(), "/recover", []string{"username", "bob", "code", code, "password", "quite another one", "passkey", "x"}},
		{s.browser(), link, []string{"password", "quite another one", "one_time_code", "000000"}},
		{s.browser(), link, []string{"password", "quite another one", "passkey", "x"}},
		{b, "/user/bob/second-factor/codes", []string{confirmField, "x", "passkey", "x"}},
		{b, "/user/bob/second-factor/codes/confirm", []string{"enrolment", enrolment, "one_time_code", "000000"}},
		{b, "/user/bob/second-factor/passkeys", []string{confirmField, "x", "passkey", "x"}},
		{b, "/user/bob/second-factor/passkeys/confirm", []string{"passkey", "x"}},
		{b, "/user/bob/second-factor/passkeys/remove", []string{"id", "x"}},
	} {
		odd(form.browser, form.path)
		for field := 0; field < len(form.fields); field += 2 {
			odd(form.browser, form.path, slices.Delete(slices.Clone(form.fields), field, field+2)...)
			for _, text := range oddTexts {
				fields := slices.Clone(form.fields)
				fields[field+1] = text
				odd(form.browser, form.path, fields...)
				fields[field] = text // a name that is no field's
				odd(form.browser, form.path, fields...)
			}
		}
		for contentType, body := range map[string]string{
			"application/json": "{", "multipart/form-data; boundary=x": "--x\r\n", "application/x-www-form-urlencoded": "%zz&=&;&\x00=\xff", "": "\x00", "x": "x",
		} {
			if p := form.browser.stay().send(http.MethodPost, form.path, contentType, strings.NewReader(body)); p.status >= http.StatusInternalServerError {
				t.Errorf("%s with a body of %q: status %d", form.path, contentType, p.status)
			}
		}
	}
	for _, text := range oddTexts {
		odd(s.browser(), "/choose-password/"+url.PathEscape(text), "password", "quite another one")
	}
	spoiled(func() string { return device.Get(half.challenge("second")) }, func(answer string) {
		odd(half, "/login/second", "passkey", answer)
	})
	spoiled(func() string { return s.device().Create(b.post("/user/bob/second-factor/passkeys").creation()) }, func(answer string) {
		odd(b, "/user/bob/second-factor/passkeys/confirm", "passkey", answer)
	})
	if log := s.log.String(); strings.Contains(log, "panic") {
		t.Error("a request panicked")
	}
	// All is as it was.
	b.get("/user/bob/second-factor").wantStatus(http.StatusOK)
	s.browser().get(link).wantStatus(http.StatusOK).want("Choose a")
	half.post("/login/second", "one_time_code", phone.next()).wantStatus(http.StatusOK).wantPath("/user/bob")
	if got := s.query("SELECT (SELECT count(*) FROM passkeys) || ' ' || (SELECT count(*) FROM totp)"); got != "1 1" {
		t.Errorf("passkeys and codes: %s", got)
	}
}
