package main

import (
	"net/netip"

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
