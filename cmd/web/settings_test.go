package main

import (
	"testing"
)

// parseSettings returns the settings that these flags make.
func parseSettings(t *testing.T, flags ...string) *settings {
	t.Helper()
	var command commands
	if _, err := newParser(&command).Parse(flags); err != nil {
		t.Fatal(err)
	}
	return &command.Settings
}

func TestTheSitesAddressIsTheOneGivenOrTheOneItListensOn(t *testing.T) {
	for _, site := range []struct {
		url, addr string
		tls       bool
		want      string
	}{
		{"", "localhost:8080", false, "http://localhost:8080"},
		{"", "localhost:8443", true, "https://localhost:8443"},
		{"", "127.0.0.1:80", false, "http://127.0.0.1:80"},
		{"", ":8080", false, "http://localhost:8080"},
		{"", "0.0.0.0:8080", false, "http://localhost:8080"},
		{"", "[::]:8080", false, "http://localhost:8080"},
		{"", "[::1]:8080", false, "http://[::1]:8080"},
		{"", "login.example.org:443", true, "https://login.example.org:443"},
		{"http://login.example.org", "localhost:8080", false, "http://login.example.org"},
		{"https://login.example.org/", "localhost:8080", false, "https://login.example.org"},
		{"https://login.example.org:8443", ":8080", false, "https://login.example.org:8443"},
		{"HTTPS://login.example.org", ":8080", false, "https://login.example.org"},
		{"https://[2001:db8::1]:8443", ":8080", false, "https://[2001:db8::1]:8443"},
	} {
		s := parseSettings(t, "--url="+site.url, "--addr="+site.addr)
		if site.tls {
			s.TLSCert, s.TLSKey = "cert.pem", "key.pem"
		}
		if got := s.site().String(); got != site.want {
			t.Errorf("--url=%q --addr=%q with TLS %t: %s, want %s", site.url, site.addr, site.tls, got, site.want)
		}
	}
}

func TestOnlyThisMachinesOwnNamesAreLocal(t *testing.T) {
	for address, want := range map[string]bool{
		"http://localhost:8080": true, "http://latchkey.localhost": true, "http://127.0.0.1": true,
		"http://127.1.2.3:80": true, "http://[::1]:8080": true,
		"http://login.example.org": false, "http://192.168.0.7": false, "http://localhost.example.org": false,
		"http://notlocalhost": false, "http://[2001:db8::1]": false, "http://0.0.0.0": false,
	} {
		if got := isLocal(parseSettings(t, "--url="+address).site()); got != want {
			t.Errorf("%s is local: %t, want %t", address, got, want)
		}
	}
}

func TestEachTrustedProxyIsANetworkOrOneAddress(t *testing.T) {
	s := parseSettings(t, "--trusted-proxy=10.1.2.3/8,192.0.2.1", "--trusted-proxy=2001:db8::/32", "--trusted-proxy=::1")
	networks := s.TrustedProxy
	want := []string{"10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32", "::1/128"}
	if len(networks) != len(want) {
		t.Fatalf("networks %v, want %v", networks, want)
	}
	for i, network := range networks {
		if network.String() != want[i] {
			t.Errorf("network %v, want %s", network, want[i])
		}
	}
}

func TestTheDefaultsAreTheOnesThatAreWrittenDown(t *testing.T) {
	s := parseSettings(t)
	if s.Addr.String() != "localhost:8080" || s.DB != "auth.db" || s.PasswordMinLength != 8 || s.LogFormat != "text" {
		t.Errorf("the defaults are %+v", s)
	}
	if s.SignInLifetime.Hours() != 12 || s.SignInIdle.Hours() != 2 ||
		s.RememberedLifetime.Hours() != 30*24 || s.RememberedIdle.Hours() != 14*24 {
		t.Errorf("sign-ins last %v or %v unused, remembered %v or %v", s.SignInLifetime, s.SignInIdle, s.RememberedLifetime, s.RememberedIdle)
	}
	if s.HashMemory != 19456 || s.HashIterations != 2 || s.HashThreads != 1 {
		t.Errorf("a hash costs %+v", s.hashParams())
	}
	if s.TLSCert != "" || s.URL != nil || len(s.TrustedProxy) != 0 {
		t.Errorf("TLS %q, address %v, proxies %v; want none", s.TLSCert, s.URL, s.TrustedProxy)
	}
}
