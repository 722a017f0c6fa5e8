package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"latchkey/internal/auth"
	"latchkey/internal/password"
)

// settings are what whoever runs the site can choose. Each is a flag and an environment variable, LATCHKEY_ and
// the flag's name in capitals.
type settings struct {
	Addr         string        `default:"localhost:8080" placeholder:"HOST:PORT" help:"Address to listen on (${default})."`
	DB           string        `name:"db" default:"auth.db" placeholder:"FILE" help:"SQLite file, created when it does not exist (${default})."`
	URL          string        `placeholder:"URL" help:"Address that people type to come here. With https, cookies are Secure and HSTS is sent. Made from --addr and --tls-cert when not given."`
	TLSCert      string        `name:"tls-cert" placeholder:"FILE" type:"existingfile" help:"Certificate chain in PEM, to serve https without a proxy."`
	TLSKey       string        `name:"tls-key" placeholder:"FILE" type:"existingfile" help:"Private key of --tls-cert in PEM."`
	TrustedProxy []string      `placeholder:"CIDR" help:"Networks of proxies whose X-Forwarded-For says where a request comes from. None by default."`
	BusyTimeout  time.Duration `default:"5s" help:"How long a query waits for a locked database (${default})."`

	Signup string `default:"open" enum:"open,closed" placeholder:"open|closed" help:"Whether people may create accounts themselves (${default})."`

	SignInLifetime     time.Duration `default:"12h" help:"How long a sign-in signInLimits (${default})."`
	SignInIdle         time.Duration `default:"2h" help:"How long it signInLimits unused (${default})."`
	RememberedLifetime time.Duration `default:"720h" help:"How long a sign-in signInLimits with \"Keep me signed in\" (${default})."`
	RememberedIdle     time.Duration `default:"336h" help:"How long that one signInLimits unused (${default})."`

	LeakedPasswords   string `placeholder:"FILE" help:"File of leaked passwords, which nobody may choose: SHA-1 hashes and counts sorted by hash, as the list of Have I Been Pwned is downloaded. Searched on the disk. None by default."`
	PasswordMinLength int    `default:"8" placeholder:"N" help:"Least characters of a new password, 8 to 64; NIST SP 800-63B-4 says 15 (${default})."`
	HashMemory        uint32 `default:"19456" placeholder:"KIB" help:"Memory of one Argon2id password hash in KiB (${default})."`
	HashIterations    uint32 `default:"2" placeholder:"N" help:"Passes over that memory (${default})."`
	HashThreads       uint8  `default:"1" placeholder:"N" help:"Threads of one password hash (${default})."`
	HashQueue         int    `default:"256" placeholder:"N" help:"Password checks that may wait while as many run as there are processors; past it people are asked to try again (${default})."`

	KnownBrowserFailures   int           `default:"10" placeholder:"N" help:"Failed logins to one account allowed to a browser that has logged in to it (${default}) …"`
	KnownBrowserWindow     time.Duration `default:"10m" help:"… in this time (${default})."`
	UnknownBrowserFailures int           `default:"5" placeholder:"N" help:"Failed logins to one account allowed to all other browsers together, before each further try has to wait (${default})."`
	UnknownBrowserWait     time.Duration `default:"30s" help:"The first of these waits (${default}); each next one is twice as long, …"`
	UnknownBrowserMaxWait  time.Duration `default:"1h" help:"… up to this (${default})."`
	CloseAfter             int           `default:"100" placeholder:"N" help:"Failures in a row after which only a known browser or the recovery code lets anybody in (${default})."`
	FailuresPerHour        int           `default:"100" placeholder:"N" help:"Failed logins, over all accounts, that one address may have in an hour (${default})."`

	SignupsPerHour      int `default:"30" placeholder:"N" help:"Signups that one address may try in an hour (${default})."`
	NameChecksPerMinute int `default:"60" placeholder:"N" help:"Usernames whose availability one address may ask for in a minute (${default})."`

	RecoveriesPerHour int `default:"20" placeholder:"N" help:"Recovery codes that one address may try in an hour (${default})."`

	EventRetention time.Duration `default:"2160h" help:"How long the activity of an account is kept (${default})."`

	MetricsAddr string `placeholder:"HOST:PORT" help:"Address to serve GET /metrics on, in Prometheus's form. Off by default; keep it from the public."`

	LogFormat string `default:"text" enum:"text,json" placeholder:"text|json" help:"How log lines are written (${default})."`
}

// Validate is called by kong before anything else happens. Its error is one line for the person at the terminal.
func (s *settings) Validate() error {
	if !isHostPort(s.Addr) {
		return fmt.Errorf("--addr: %q is not HOST:PORT, as in localhost:8080", s.Addr)
	}
	if s.MetricsAddr != "" && !isHostPort(s.MetricsAddr) {
		return fmt.Errorf("--metrics-addr: %q is not HOST:PORT, as in localhost:9090", s.MetricsAddr)
	}
	if s.DB == "" {
		return errors.New("--db: the name of a file, as in auth.db")
	}
	if (s.TLSCert == "") != (s.TLSKey == "") {
		return errors.New("--tls-cert and --tls-key go together")
	}
	if _, err := s.siteURL(); err != nil {
		return err
	}
	if _, err := s.trustedProxies(); err != nil {
		return err
	}
	for _, signInLimits := range []struct {
		flag           string
		lifetime, idle time.Duration
	}{
		{"sign-in", s.SignInLifetime, s.SignInIdle},
		{"remembered", s.RememberedLifetime, s.RememberedIdle},
	} {
		if signInLimits.lifetime < time.Minute || signInLimits.idle < time.Minute {
			return fmt.Errorf("--%s-lifetime and --%[1]s-idle: at least 1m", signInLimits.flag)
		}
		if signInLimits.idle > signInLimits.lifetime {
			return fmt.Errorf("--%s-idle: cannot be longer than --%[1]s-lifetime", signInLimits.flag)
		}
	}
	if s.BusyTimeout < 0 || s.BusyTimeout > time.Minute {
		return errors.New("--busy-timeout: 0s to 1m")
	}
	if s.PasswordMinLength < 8 || s.PasswordMinLength > 64 {
		return errors.New("--password-min-length: 8 to 64")
	}
	if err := s.hashParams().Validate(); err != nil {
		return fmt.Errorf("--hash-%w", err)
	}
	if s.KnownBrowserFailures < 1 || s.UnknownBrowserFailures < 1 || s.FailuresPerHour < 1 {
		return errors.New("--known-browser-failures, --unknown-browser-failures and --failures-per-hour: at least 1")
	}
	if s.CloseAfter < s.UnknownBrowserFailures {
		return errors.New("--close-after: cannot be less than --unknown-browser-failures")
	}
	if s.KnownBrowserWindow < time.Second || s.UnknownBrowserWait < time.Second || s.UnknownBrowserMaxWait < s.UnknownBrowserWait {
		return errors.New("--known-browser-window and --unknown-browser-wait: at least 1s; --unknown-browser-max-wait: not less than --unknown-browser-wait")
	}
	if s.HashQueue < 0 || s.HashQueue > 1_000_000 || s.SignupsPerHour < 1 || s.NameChecksPerMinute < 1 || s.RecoveriesPerHour < 1 {
		return errors.New("--hash-queue: 0 to 1000000; --signups-per-hour, --name-checks-per-minute and --recoveries-per-hour: at least 1")
	}
	if s.EventRetention < time.Hour {
		return errors.New("--event-retention: at least 1h")
	}
	return nil
}

// siteURL is the address that people use: scheme and host.
func (s *settings) siteURL() (*url.URL, error) {
	if s.URL == "" {
		return s.defaultURL(), nil
	}
	site, err := url.Parse(s.URL)
	if err != nil || (site.Scheme != "http" && site.Scheme != "https") || site.Hostname() == "" || !isPort(site.Port()) ||
		site.User != nil || strings.Trim(site.Path, "/") != "" || site.RawQuery != "" || site.Fragment != "" {
		return nil, fmt.Errorf("--url: %q is not http:// or https:// and a host, as in https://login.example.org", s.URL)
	}
	return &url.URL{Scheme: site.Scheme, Host: site.Host}, nil
}

func isHostPort(address string) bool {
	_, port, err := net.SplitHostPort(address)
	return err == nil && isPort(port)
}

// isPort accepts none too, and the names that the system knows.
func isPort(port string) bool {
	_, err := net.LookupPort("tcp", port)
	return err == nil
}

func (s *settings) defaultURL() *url.URL {
	scheme := "http"
	if s.TLSCert != "" {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(s.Addr)
	if err != nil || host == "" || host == "0.0.0.0" || host == "::" {
		host = "localhost"
	}
	return &url.URL{Scheme: scheme, Host: net.JoinHostPort(host, port)}
}

func (s *settings) trustedProxies() ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for _, text := range s.TrustedProxy {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			address, addressErr := netip.ParseAddr(text)
			if addressErr != nil || address.Zone() != "" {
				return nil, fmt.Errorf("--trusted-proxy: %q is not an address or a network, as in 10.0.0.0/8", text)
			}
			prefix = netip.PrefixFrom(address, address.BitLen())
		}
		if prefix.Addr().Is4In6() && prefix.Bits() >= 96 {
			prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96)
		}
		networks = append(networks, prefix.Masked())
	}
	return networks, nil
}

func (s *settings) limits() auth.Limits {
	return auth.Limits{
		KnownBrowserFailures: s.KnownBrowserFailures, KnownBrowserWindow: s.KnownBrowserWindow,
		UnknownBrowserFailures: s.UnknownBrowserFailures, UnknownBrowserWait: s.UnknownBrowserWait, UnknownBrowserMaxWait: s.UnknownBrowserMaxWait,
		CloseAt: s.CloseAfter, FailuresPerHour: s.FailuresPerHour, SignupsPerHour: s.SignupsPerHour,
		RecoveriesPerHour: s.RecoveriesPerHour, NameChecksPerMinute: s.NameChecksPerMinute,
	}
}

func (s *settings) hashParams() password.Params {
	return password.Params{MemoryKiB: s.HashMemory, Iterations: s.HashIterations, Threads: s.HashThreads}
}

// isLocal reports whether only this machine can be meant by the host.
func isLocal(site *url.URL) bool {
	return isLocalHost(site.Hostname())
}

func isLocalHost(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || (err == nil && address.IsLoopback())
}
