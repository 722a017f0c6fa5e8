package main

import (
	"net/http"
	"strings"
	"testing"
)

func TestProxyMayWriteAnAddressInEachFormThatProxiesUse(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob", "--trusted-proxy=127.0.0.1,10.0.0.0/8,2001:db8:ffff::/48,fe80::/10")
	for _, test := range []struct {
		forwarded []string // one header line each
		want      string
	}{
		{[]string{"203.0.113.8:51234"}, "203.0.113.8"},
		{[]string{"[2001:db8::1]:4711"}, "2001:db8::1"},
		{[]string{"[2001:db8::1]"}, "2001:db8::1"},
		{[]string{"2001:DB8:0:0::1"}, "2001:db8::1"},
		{[]string{`"[2001:db8::1]:4711"`}, "2001:db8::1"},
		{[]string{`"203.0.113.8"`}, "203.0.113.8"},
		{[]string{"[2001:db8::1%eth0]:4711"}, "2001:db8::1"},
		{[]string{"[::ffff:203.0.113.8]:80"}, "203.0.113.8"},
		{[]string{" 203.0.113.8\t"}, "203.0.113.8"},
		{[]string{"203.0.113.8, "}, "203.0.113.8"},
		{[]string{"203.0.113.8,,10.1.2.3:80,"}, "203.0.113.8"},
		{[]string{"198.51.100.1", "203.0.113.8:1", "10.1.2.3"}, "203.0.113.8"},
		{[]string{"198.51.100.1, 203.0.113.8:51234"}, "203.0.113.8"},
		{[]string{"203.0.113.8, fe80::2%eth0, [2001:db8:ffff::2]:443"}, "203.0.113.8"},
		{[]string{"10.1.2.3:1, 10.1.2.4"}, "10.1.2.3"},
		{[]string{""}, "127.0.0.1"},
		// What cannot be read belongs to the proxy that wrote it.
		{[]string{"unknown"}, "127.0.0.1"},
		{[]string{"203.0.113.8, unknown"}, "127.0.0.1"},
		{[]string{"203.0.113.8, _hidden, 10.1.2.3"}, "10.1.2.3"},
		{[]string{"203.0.113.8:99999"}, "127.0.0.1"},
		{[]string{"203.0.113.8:"}, "127.0.0.1"},
		{[]string{"localhost"}, "127.0.0.1"},
		// What a client forged stands before what the proxy wrote.
		{[]string{"unknown, \"[, 203.0.113.8:1"}, "203.0.113.8"},
	} {
		b := s.browser()
		b.header["X-Forwarded-For"] = test.forwarded
		b.header.Set("Forwarded", `for="[2001:db8::bad]:4711"`)
		b.logIn("bob")
		if got := s.query("SELECT address FROM sign_ins ORDER BY rowid DESC LIMIT 1"); got != test.want {
			t.Errorf("%q counts as %s, want %s", test.forwarded, got, test.want)
		}
	}
}

func TestProxyWhoseForwardedAddressCannotBeReadIsLoggedOnceAndNotEachTime(t *testing.T) {
	t.Parallel()
	s := newSite(t, "--trusted-proxy=127.0.0.1")
	s.browser().with("X-Forwarded-For", "203.0.113.8").post("/login", "username", "x", "password", "y")
	// A client's own header that a proxy passes on in front of the address.
	s.browser().with("X-Forwarded-For", "unknown, 203.0.113.8").post("/login", "username", "x", "password", "y")
	const line = `level=WARN msg="X-Forwarded-For of a trusted proxy holds no address`
	if strings.Contains(s.log.String(), line) {
		t.Error("what can be read is complained about")
	}
	for range 50 {
		s.browser().with("X-Forwarded-For", "secret-word").post("/login", "username", "x", "password", "y")
	}
	log := s.log.String()
	if lines := strings.Count(log, line); lines != 1 || !strings.Contains(log, "proxy=127.0.0.1") {
		t.Errorf("%d lines, want one that names the proxy", lines)
	}
	if strings.Contains(log, "secret-word") {
		t.Error("the log holds what the header held")
	}
}

func TestProxyNetworksMayBeWrittenAsMappedAddresses(t *testing.T) {
	t.Parallel()
	s := newSite(t, "--trusted-proxy=::ffff:127.0.0.0/104", "--signups-per-hour=1")
	for name, address := range map[string]string{"bob": "203.0.113.7", "eve": "203.0.113.8"} {
		s.browser().with("X-Forwarded-For", address).post("/signup", "username", name, "password", goodPassword).wantStatus(http.StatusOK)
	}
}
