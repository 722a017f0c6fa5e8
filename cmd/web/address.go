package main

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"
)

// ipExtractor believes X-Forwarded-For only when the request comes from a trusted proxy, and then only as far as
// trusted proxies wrote it: from its end on, up to the first address that is none of theirs. What they wrote and
// cannot be read ends the search, and the request counts as the proxy's own. Forwarded (RFC 7239) does not count:
// most proxies pass on what a client puts there.
func (a *app) ipExtractor() echo.IPExtractor {
	seldom := rate.Sometimes{Interval: logAtMostEvery}
	return func(r *http.Request) string {
		from, ok := parseAddress(r.RemoteAddr)
		if !ok {
			return r.RemoteAddr
		}
		if !a.settings.trusts(from) {
			return from.String()
		}
		hops := strings.Split(strings.Join(r.Header.Values(echo.HeaderXForwardedFor), ","), ",")
		for _, hop := range slices.Backward(hops) {
			hop = strings.Trim(hop, " \t\"")
			if hop == "" {
				continue
			}
			sender, ok := parseAddress(hop)
			if !ok {
				// Not what stands there: it may be what a client sent.
				seldom.Do(func() {
					a.log.Warn("X-Forwarded-For of a trusted proxy holds no address where it should: its requests count as its own", "proxy", from.String())
				})
				break
			}
			from = sender
			if !a.settings.trusts(from) {
				break
			}
		}
		return from.String()
	}
}

// trusts reports whether an address is a trusted proxy's.
func (s *settings) trusts(address netip.Addr) bool {
	return slices.ContainsFunc(s.TrustedProxy, func(network netip.Prefix) bool { return network.Contains(address) })
}

// parseAddress reads an address in each form that proxies write: bare, an IPv6 one also in brackets, with or without a
// port, with or without a zone, which says nothing on another machine.
func parseAddress(text string) (address netip.Addr, ok bool) {
	if withPort, err := netip.ParseAddrPort(text); err == nil {
		address = withPort.Addr()
	} else {
		if inner, found := strings.CutPrefix(text, "["); found && strings.HasSuffix(inner, "]") {
			text = strings.TrimSuffix(inner, "]")
		}
		if address, err = netip.ParseAddr(text); err != nil {
			return netip.Addr{}, false
		}
	}
	return address.WithZone("").Unmap(), true
}

// address is where the request comes from, in its shortest form, without zone.
func address(c echo.Context) string {
	return c.RealIP()
}
