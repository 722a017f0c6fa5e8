package main

import (
	"net/netip"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
)

// ipExtractor believes X-Forwarded-For only when the request comes from a trusted proxy, and then only as far as
// trusted proxies wrote it.
func (a *app) ipExtractor() echo.IPExtractor {
	networks, err := a.settings.trustedProxies()
	if err != nil {
		panic(err) // validated before
	}
	if len(networks) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, network := range networks {
		options = append(options, echo.TrustIPRange(network))
	}
	return echo.ExtractIPFromXFFHeader(options...)
}

// address is where the request comes from, in its shortest form, without zone.
func address(c echo.Context) string {
	parsed, err := netip.ParseAddr(c.RealIP())
	if err != nil {
		return c.RealIP()
	}
	return parsed.Unmap().WithZone("").String()
}

// addressLimit lets each address do something a number of times per period, then once whenever its share of the
// period has passed. It forgets on restart.
type addressLimit struct {
	number int
	period time.Duration

	mu sync.Mutex
	// free is when an address will have used none of its number again (the "theoretical arrival time" of the generic
	// cell rate algorithm).
	free map[string]time.Time
}

// maxAddresses bounds the memory of one limit, at about 100 bytes each.
const maxAddresses = 100_000

func newAddressLimit(number int, period time.Duration) *addressLimit {
	return &addressLimit{number: number, period: period, free: map[string]time.Time{}}
}

// take uses one of the address's number and returns 0, or returns how long to wait until there is one.
func (l *addressLimit) take(address string, now time.Time) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := neighbourhood(address)
	share := l.period / time.Duration(l.number)
	free := l.free[key]
	if free.Before(now) || free.After(now.Add(l.period)) { // after: the clock was set back
		free = now
	}
	free = free.Add(share)
	if over := free.Sub(now) - l.period; over > 0 {
		return over
	}
	if len(l.free) >= maxAddresses {
		l.forget(now)
	}
	l.free[key] = free
	return 0
}

// forget drops the addresses that have used nothing, or everybody when all have: memory must stay bounded, and a
// flood from so many addresses is not one that this limit can stop.
func (l *addressLimit) forget(now time.Time) {
	for key, free := range l.free {
		if free.Before(now) {
			delete(l.free, key)
		}
	}
	if len(l.free) >= maxAddresses {
		clear(l.free)
	}
}

// neighbourhood is what one subscriber gets: an IPv4 address, or the first 64 bits of an IPv6 one.
func neighbourhood(address string) string {
	parsed, err := netip.ParseAddr(address)
	if err != nil || parsed.Is4() {
		return address
	}
	prefix, err := parsed.Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}
