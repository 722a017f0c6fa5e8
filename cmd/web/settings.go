package main

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"latchkey/internal/auth"
	"latchkey/internal/password"
)

// settings are the program's flags. Each is an environment variable too, LATCHKEY_ and the flag's name in capitals.
type settings struct {
	Addr         string        `group:"Server" default:"localhost:8080" placeholder:"HOST:PORT" help:"Address to listen on (${default})."`
	DB           string        `group:"Server" name:"db" default:"auth.db" placeholder:"FILE" help:"SQLite file, created when it does not exist (${default})."`
	URL          string        `group:"Server" placeholder:"URL" help:"Address that people type to come here. With https, cookies are Secure and HSTS is sent. Made from --addr and --tls-cert when not given."`
	TLSCert      string        `group:"Server" name:"tls-cert" placeholder:"FILE" type:"existingfile" help:"Certificate chain in PEM, to serve https without a proxy."`
	TLSKey       string        `group:"Server" name:"tls-key" placeholder:"FILE" type:"existingfile" help:"Private key of --tls-cert in PEM."`
	TrustedProxy []string      `group:"Server" placeholder:"CIDR" help:"Networks of proxies whose X-Forwarded-For says where a request comes from. None by default."`
	BusyTimeout  time.Duration `group:"Server" default:"5s" help:"How long a request waits for a locked database (${default})."`

	Signup             string        `group:"Accounts" default:"open" enum:"open,closed" placeholder:"open|closed" help:"Whether people may create accounts themselves (${default})."`
	SignInLifetime     time.Duration `group:"Accounts" default:"12h" help:"How long a sign-in lasts (${default})."`
	SignInIdle         time.Duration `group:"Accounts" default:"2h" help:"How long it lasts unused (${default})."`
	RememberedLifetime time.Duration `group:"Accounts" default:"720h" help:"How long a sign-in lasts with \"Keep me signed in\" (${default})."`
	RememberedIdle     time.Duration `group:"Accounts" default:"336h" help:"How long that one lasts unused (${default})."`
	EventRetention     time.Duration `group:"Accounts" default:"2160h" help:"How long the activity of an account is kept (${default})."`

	PasswordMinLength int    `group:"Passwords" default:"8" placeholder:"N" help:"Minimum length of a new password, 8 to 64; NIST SP 800-63B-4 says 15 (${default})."`
	LeakedPasswords   string `group:"Passwords" placeholder:"FILE" help:"File of leaked passwords, which nobody may choose: SHA-1 hashes and counts sorted by hash, as the list of Have I Been Pwned is downloaded. Searched on the disk. None by default."`
	HashMemory        uint32 `group:"Passwords" default:"19456" placeholder:"KIB" help:"Memory of one Argon2id password hash in KiB (${default})."`
	HashIterations    uint32 `group:"Passwords" default:"2" placeholder:"N" help:"Passes over that memory (${default})."`
	HashThreads       uint8  `group:"Passwords" default:"1" placeholder:"N" help:"Threads of one password hash (${default})."`
	HashQueue         int    `group:"Passwords" default:"256" placeholder:"N" help:"Password checks that may wait while as many run as there are processors; past it people are asked to try again (${default})."`

	KnownBrowserFailures   int           `group:"Limits" default:"10" placeholder:"N" help:"Failed logins to one account allowed to a browser that has logged in to it (${default}) …"`
	KnownBrowserWindow     time.Duration `group:"Limits" default:"10m" help:"… in this time (${default})."`
	UnknownBrowserFailures int           `group:"Limits" default:"5" placeholder:"N" help:"Failed logins to one account allowed to all other browsers together, before each further attempt has to wait (${default})."`
	UnknownBrowserWait     time.Duration `group:"Limits" default:"30s" help:"The first of these waits (${default}); each next one is twice as long, …"`
	UnknownBrowserMaxWait  time.Duration `group:"Limits" default:"1h" help:"… up to this (${default})."`
	CloseAfter             int           `group:"Limits" default:"100" placeholder:"N" help:"Failures in a row after which either of these limits closes (${default})."`
	FailuresPerHour        int           `group:"Limits" default:"100" placeholder:"N" help:"Failed logins, over all accounts, that one address may have in an hour (${default})."`
	SignupsPerHour         int           `group:"Limits" default:"30" placeholder:"N" help:"Signups that one address may try in an hour (${default})."`
	NameChecksPerMinute    int           `group:"Limits" default:"60" placeholder:"N" help:"Usernames whose availability one address may ask for in a minute (${default})."`
	RecoveriesPerHour      int           `group:"Limits" default:"20" placeholder:"N" help:"Recovery codes that one address may try in an hour (${default})."`

	MetricsAddr string `group:"Monitoring" placeholder:"HOST:PORT" help:"Address to serve GET /metrics on, in Prometheus's form. Off by default; keep it from the public."`
	LogFormat   string `group:"Monitoring" default:"text" enum:"text,json" placeholder:"text|json" help:"How log lines are written (${default})."`
}

// Validate is called by kong before anything else happens. Its error is one line for the person at the terminal, about
// the first setting that is wrong.
func (s *settings) Validate() error {
	switch {
	case !isHostPort(s.Addr):
		return fmt.Errorf("--addr: %q is not HOST:PORT, as in localhost:8080", s.Addr)
	case s.MetricsAddr != "" && !isHostPort(s.MetricsAddr):
		return fmt.Errorf("--metrics-addr: %q is not HOST:PORT, as in localhost:9090", s.MetricsAddr)
	case s.DB == "":
		return errors.New("--db: the name of a file, as in auth.db")
	case (s.TLSCert == "") != (s.TLSKey == ""):
		return errors.New("--tls-cert and --tls-key go together")
	}
	if _, err := s.siteURL(); err != nil {
		return err
	}
	if _, err := s.trustedProxies(); err != nil {
		return err
	}
	const noMost = math.MaxInt
	return cmp.Or(
		checkRange("busy-timeout", s.BusyTimeout, 0, time.Minute),
		checkRange("sign-in-lifetime", s.SignInLifetime, time.Minute, noMost),
		checkRange("sign-in-idle", s.SignInIdle, time.Minute, s.SignInLifetime),
		checkRange("remembered-lifetime", s.RememberedLifetime, time.Minute, noMost),
		checkRange("remembered-idle", s.RememberedIdle, time.Minute, s.RememberedLifetime),
		checkRange("event-retention", s.EventRetention, time.Hour, noMost),
		checkRange("password-min-length", s.PasswordMinLength, 8, 64),
		checkRange("hash-threads", s.HashThreads, 1, math.MaxUint8),
		checkRange("hash-iterations", s.HashIterations, 1, password.MaxIterations),
		checkRange("hash-memory", s.HashMemory, password.MinMemoryKiB*uint32(s.HashThreads), password.MaxMemoryKiB),
		checkRange("hash-queue", s.HashQueue, 0, 1_000_000),
		checkRange("known-browser-failures", s.KnownBrowserFailures, 1, noMost),
		checkRange("known-browser-window", s.KnownBrowserWindow, time.Second, noMost),
		checkRange("unknown-browser-failures", s.UnknownBrowserFailures, 1, s.CloseAfter),
		checkRange("unknown-browser-wait", s.UnknownBrowserWait, time.Second, s.UnknownBrowserMaxWait),
		checkRange("close-after", s.CloseAfter, 1, noMost),
		checkRange("failures-per-hour", s.FailuresPerHour, 1, noMost),
		checkRange("signups-per-hour", s.SignupsPerHour, 1, noMost),
		checkRange("name-checks-per-minute", s.NameChecksPerMinute, 1, noMost),
		checkRange("recoveries-per-hour", s.RecoveriesPerHour, 1, noMost),
	)
}

// checkRange returns what is wrong with the value of a flag.
func checkRange[T int | uint8 | uint32 | time.Duration](flag string, value, least, most T) error {
	switch {
	case least <= value && value <= most:
		return nil
	case int64(most) == math.MaxInt:
		return fmt.Errorf("--%s: %v is too little; at least %v", flag, value, least)
	}
	return fmt.Errorf("--%s: %v is not within %v and %v", flag, value, least, most)
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
