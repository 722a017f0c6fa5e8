package main

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"net/url"
	"time"

	"latchkey/internal/auth"
	"latchkey/internal/password"
	"latchkey/internal/store"
)

// settings are the program's flags. Each is an environment variable too, LATCHKEY_ and the flag's name in capitals.
type settings struct {
	Addr         hostPort       `group:"Server" default:"localhost:8080" placeholder:"HOST:PORT" help:"Address to listen on (${default})."`
	DB           string         `group:"Server" name:"db" default:"auth.db" placeholder:"FILE" help:"SQLite file, created when it does not exist (${default}), or a PostgreSQL's postgres://…"`
	URL          *url.URL       `group:"Server" placeholder:"URL" help:"Address that people type to come here. With https, cookies are Secure and HSTS is sent. Made from --addr and --tls-cert when not given."`
	TLSCert      string         `group:"Server" name:"tls-cert" placeholder:"FILE" type:"existingfile" help:"Certificate chain in PEM, to serve https without a proxy."`
	TLSKey       string         `group:"Server" name:"tls-key" placeholder:"FILE" type:"existingfile" help:"Private key of --tls-cert in PEM."`
	TrustedProxy []netip.Prefix `group:"Server" placeholder:"CIDR" help:"Networks of proxies whose X-Forwarded-For says where a request comes from. None by default."`
	BusyTimeout  time.Duration  `group:"Server" default:"5s" help:"How long a request waits for a locked database (${default})."`

	KeyFile string `group:"Server" type:"path" placeholder:"FILE" help:"Key that seals the secrets of one-time codes, made when the first person sets them up. The name of the database file and .key when not given; with PostgreSQL, name one that all programs have."`

	SiteName string  `group:"Face" default:"Latchkey" placeholder:"NAME" help:"What the site calls itself (${default})."`
	Accent   color   `group:"Face" placeholder:"#RRGGBB" help:"Colour of links and buttons, dark enough to be read on white; dark pages get a lighter tone of it."`
	Logo     logo    `group:"Face" placeholder:"FILE" help:"PNG or SVG in place of the key in the head of each page, at most 256 KiB."`
	Contact  contact `group:"Face" placeholder:"ADDRESS" help:"Whom pages say to ask: an e-mail address or a link. Also in /.well-known/security.txt."`

	Signup             string        `group:"Accounts" default:"open" enum:"open,closed" placeholder:"open|closed" help:"Whether people may create accounts themselves (${default})."`
	ReservedUsernames  []string      `group:"Accounts" default:"admin,administrator,root,support,postmaster,hostmaster,webmaster,abuse,security,info,help,contact,mail,noreply,no-reply,system,www,marketing,sales,noc,news,usenet,uucp,ftp" placeholder:"NAME" help:"Usernames that only the administrator gives out (${default})."`
	SignInLifetime     time.Duration `group:"Accounts" default:"12h" help:"How long a sign-in lasts (${default})."`
	SignInIdle         time.Duration `group:"Accounts" default:"2h" help:"How long it lasts unused (${default})."`
	RememberedLifetime time.Duration `group:"Accounts" default:"720h" help:"How long a sign-in lasts with \"Keep me signed in\" (${default})."`
	RememberedIdle     time.Duration `group:"Accounts" default:"336h" help:"How long that one lasts unused (${default})."`
	EventRetention     time.Duration `group:"Accounts" default:"2160h" help:"How long the activity of an account is kept (${default})."`

	SecondFactor string `group:"Accounts" default:"optional" enum:"optional,required" placeholder:"optional|required" help:"Whether everybody needs a second factor, a code of an app or a passkey, to go on (${default})."`

	PasswordMinLength int    `group:"Passwords" default:"8" placeholder:"N" help:"Minimum length of a new password, 8 to 64; NIST SP 800-63B-4 says 15 (${default})."`
	LeakedPasswords   string `group:"Passwords" placeholder:"FILE" help:"File of leaked passwords, which nobody may choose: SHA-1 hashes and counts sorted by hash, as the list of Have I Been Pwned is downloaded. Searched on the disk. None by default."`
	HashMemory        int    `group:"Passwords" default:"19456" placeholder:"KIB" help:"Memory of one Argon2id password hash in KiB (${default})."`
	HashIterations    int    `group:"Passwords" default:"2" placeholder:"N" help:"Passes over that memory (${default})."`
	HashThreads       int    `group:"Passwords" default:"1" placeholder:"N" help:"Threads of one password hash (${default})."`

	KnownBrowserFailures   int           `group:"Limits" default:"10" placeholder:"N" help:"Failed logins to one account allowed in 10 minutes to a browser that has logged in to it (${default})."`
	UnknownBrowserFailures int           `group:"Limits" default:"5" placeholder:"N" help:"Failed logins to one account allowed to all other browsers together, before each further attempt has to wait (${default})."`
	UnknownBrowserWait     time.Duration `group:"Limits" default:"30s" help:"The first of these waits (${default}); each next one is twice as long, …"`
	UnknownBrowserMaxWait  time.Duration `group:"Limits" default:"1h" help:"… up to this (${default})."`
	CloseAfter             int           `group:"Limits" default:"100" placeholder:"N" help:"Failures in a row after which either of these limits closes (${default})."`
	FailuresPerHour        int           `group:"Limits" default:"100" placeholder:"N" help:"Failed logins, over all accounts, that one address may have in an hour (${default})."`
	SignupsPerHour         int           `group:"Limits" default:"30" placeholder:"N" help:"Signups that one address may try in an hour (${default})."`

	ForwardAuthAddr hostPort `group:"Apps" placeholder:"HOST:PORT" help:"Address for proxies that ask whether a request to an app may pass. Off by default; on loopback or a private network, never for browsers."`
	EmailDomain     string   `group:"Apps" placeholder:"DOMAIN" help:"Apps are told USERNAME@DOMAIN as an account's address. None by default."`

	MetricsAddr hostPort `group:"Monitoring" placeholder:"HOST:PORT" help:"Address to serve GET /metrics on, in Prometheus's form. Off by default; keep it from the public."`
	LogFormat   string   `group:"Monitoring" default:"text" enum:"text,json" placeholder:"text|json" help:"How log lines are written (${default})."`
}

// Validate is called by kong before anything else happens. Its error is one line for the person at the terminal, about
// the first setting that is wrong.
func (s *settings) Validate() error {
	switch {
	case s.Addr == hostPort{}:
		return errors.New("--addr: HOST:PORT, as in localhost:8080")
	case s.DB == "":
		return errors.New("--db: the name of a file, as in auth.db, or postgres://…")
	case (s.TLSCert == "") != (s.TLSKey == ""):
		return errors.New("--tls-cert and --tls-key go together")
	}
	return cmp.Or(
		checkSiteName(s.SiteName),
		within("busy-timeout", s.BusyTimeout, 0, time.Minute),
		atLeast("sign-in-lifetime", s.SignInLifetime, time.Minute),
		within("sign-in-idle", s.SignInIdle, time.Minute, s.SignInLifetime),
		atLeast("remembered-lifetime", s.RememberedLifetime, time.Minute),
		within("remembered-idle", s.RememberedIdle, time.Minute, s.RememberedLifetime),
		atLeast("event-retention", s.EventRetention, time.Hour),
		within("password-min-length", s.PasswordMinLength, 8, 64),
		within("hash-threads", s.HashThreads, 1, math.MaxUint8),
		within("hash-iterations", s.HashIterations, 1, password.MaxIterations),
		within("hash-memory", s.HashMemory, password.MinMemoryKiB*s.HashThreads, password.MaxMemoryKiB),
		atLeast("known-browser-failures", s.KnownBrowserFailures, 1),
		within("unknown-browser-failures", s.UnknownBrowserFailures, 1, s.CloseAfter),
		within("unknown-browser-wait", s.UnknownBrowserWait, time.Second, s.UnknownBrowserMaxWait),
		atLeast("close-after", s.CloseAfter, 1),
		atLeast("failures-per-hour", s.FailuresPerHour, 1),
		atLeast("signups-per-hour", s.SignupsPerHour, 1),
	)
}

func atLeast[T int | time.Duration](flag string, value, least T) error {
	if value < least {
		return fmt.Errorf("--%s: %v is too little; at least %v", flag, value, least)
	}
	return nil
}

func within[T int | time.Duration](flag string, value, least, most T) error {
	if value < least || value > most {
		return fmt.Errorf("--%s: %v is not between %v and %v", flag, value, least, most)
	}
	return nil
}

// keyFile is where the key is that seals the secrets of one-time codes. Programs that share a PostgreSQL share one key: it
// has to be named, or each would make its own.
func (s *settings) keyFile() string {
	if s.KeyFile == "" && !store.IsPostgres(s.DB) {
		return s.DB + ".key"
	}
	return s.KeyFile
}

// site is the address that people use: scheme and host.
func (s *settings) site() *url.URL {
	if s.URL != nil {
		return s.URL
	}
	site := &url.URL{Scheme: "http", Host: s.Addr.String()}
	if s.TLSCert != "" {
		site.Scheme = "https"
	}
	if host := s.Addr.host; host == "" || host == "0.0.0.0" || host == "::" {
		site.Host = net.JoinHostPort("localhost", s.Addr.port)
	}
	return site
}

// What nobody needs to set.
const (
	// hashQueue is how many password checks may wait while as many run as there are processors. With the usual costs
	// the last of them waits for a few seconds.
	hashQueue           = 256
	knownBrowserWindow  = 10 * time.Minute
	nameChecksPerMinute = 60 // more than anybody types; signing up tells too whether a name is taken
	recoveriesPerHour   = 20
)

func (s *settings) limits() auth.Limits {
	return auth.Limits{
		KnownBrowserFailures: s.KnownBrowserFailures, KnownBrowserWindow: knownBrowserWindow,
		UnknownBrowserFailures: s.UnknownBrowserFailures, UnknownBrowserWait: s.UnknownBrowserWait, UnknownBrowserMaxWait: s.UnknownBrowserMaxWait,
		CloseAt: s.CloseAfter, FailuresPerHour: s.FailuresPerHour, SignupsPerHour: s.SignupsPerHour,
		RecoveriesPerHour: recoveriesPerHour, NameChecksPerMinute: nameChecksPerMinute,
	}
}

func (s *settings) hashParams() password.Params {
	return password.Params{MemoryKiB: uint32(s.HashMemory), Iterations: uint32(s.HashIterations), Threads: uint8(s.HashThreads)}
}
