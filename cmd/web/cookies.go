package main

import (
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"
)

const cookiesNeeded = "Your browser did not keep the cookies of this login. Allow cookies for this site, then log in again."

// lostCookies reports whether this is the page after a login, asked for by a browser that keeps no cookies: it comes
// from the login form, which stands at /login and in place of the page itself, and leads there only by logging in, and
// without the device cookie, which each login sets and no logout removes. Browsers say where they come from because Referrer-Policy has them do so
// within this site, and no other site can have them say it.
func (a *app) lostCookies(c echo.Context) bool {
	if _, err := c.Cookie(a.deviceCookieName()); err == nil {
		return false
	}
	from, err := url.Parse(c.Request().Referer())
	here := url.URL{Host: c.Request().Host} // its port may be lost at a proxy
	if err != nil || from.Hostname() != here.Hostname() {
		return false
	}
	return strings.TrimSuffix(from.Path, "/") == "/login" || from.Path == c.Request().URL.Path
}
