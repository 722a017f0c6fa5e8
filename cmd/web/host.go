package main

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/net/idna"
	"golang.org/x/time/rate"

	"latchkey/public"
)

// hosts are the names by which a server answers. A page elsewhere can point a name of its own at this machine (DNS
// rebinding). To a visitor's browser the page and this server are one origin then, and only the Host header tells.
// An IP address in it was typed or linked to, and no DNS can change where it leads.
type hosts struct {
	names []string
	// addresses stands for every IP address, and for localhost and the names below it.
	addresses bool
	// unregistered stands for names that nobody can register, and so make a page for: those without a dot, and those
	// of unregisteredDomains. They are what people use in a private network.
	unregistered bool
	any          bool
}

// unregisteredDomains are kept for private networks: RFC 6762, RFC 8375, and ICANN's resolution of 29 July 2024.
var unregisteredDomains = []string{".local", ".home.arpa", ".internal"}

// siteHosts returns the host of --url and no other. Without --url it returns the hosts that lead to --addr.
func (s *settings) siteHosts() hosts {
	if s.URL != nil {
		return hosts{names: []string{canonicalHost(s.URL.Host)}}
	}
	// A machine that listens to itself alone is out of reach for a network that invents names, unless we let them in.
	return hosts{names: []string{canonicalHost(s.Addr.String())}, addresses: true, unregistered: !s.Addr.isLocal()}
}

// metricsHosts guards metrics that only this machine can read. Those that a network can read hold nothing to steal
// through somebody's browser, and Prometheus may know the machine by any name.
func (s *settings) metricsHosts() hosts {
	if !s.MetricsAddr.isLocal() {
		return hosts{any: true}
	}
	own := s.siteHosts()
	return hosts{names: append(own.names, canonicalHost(s.MetricsAddr.String())), addresses: true}
}

// has takes the value of a Host header. It does not compare ports: no rebinding changes one, and proxies leave it out
// or put their own there.
func (h hosts) has(header string) bool {
	host := canonicalHost(header)
	if host == "" {
		return h.any
	}
	_, err := netip.ParseAddr(host)
	isAddress := err == nil
	return h.any || slices.Contains(h.names, host) ||
		h.addresses && (isAddress || isLocalHost(host)) ||
		h.unregistered && !isAddress && isUnregistered(host)
}

func isUnregistered(host string) bool {
	return !strings.Contains(host, ".") ||
		slices.ContainsFunc(unregisteredDomains, func(domain string) bool { return strings.HasSuffix(host, domain) })
}

// canonicalHost is the host of HOST or HOST:PORT as browsers send it: in small letters, in ASCII (IDNA), without the
// dot of the DNS's root.
func canonicalHost(hostPort string) string {
	host := strings.TrimSuffix(strings.ToLower((&url.URL{Host: hostPort}).Hostname()), ".")
	if address, err := netip.ParseAddr(host); err == nil {
		return address.Unmap().WithZone("").String()
	}
	if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		return ascii
	}
	return host // with an underscore, say, which is no host name in the sense of the standard, but is used
}

// isLocal reports whether only this machine can be meant by the host.
func isLocal(site *url.URL) bool {
	return isLocalHost(site.Hostname())
}

func isLocalHost(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || (err == nil && address.IsLoopback())
}

// logAtMostEvery is how often a line that other people can bring about is written.
const logAtMostEvery = time.Minute

// refuseOtherHosts answers requests for another host with 421 (RFC 9110, section 15.5.20). What watches over the
// program may ask by any name, and the error page needs its style.
func (a *app) refuseOtherHosts() echo.MiddlewareFunc {
	own := a.settings.siteHosts()
	seldom := rate.Sometimes{Interval: logAtMostEvery}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			path, host := c.Path(), c.Request().Host
			if path == healthPath || path == public.Prefix+"*" || own.has(host) {
				return next(c)
			}
			seldom.Do(func() {
				a.log.Warn("refused a request for a host that is not this site's: set --url to the address that people type, and have a proxy pass the Host on",
					"host", host[:min(len(host), maxHost)], "site", a.site.String(), "request", requestID(c))
			})
			return errOtherHost
		}
	}
}

// maxHost is the longest name that DNS has, with a port, in bytes.
const maxHost = 253 + len(":65535")
