package main

import (
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"
)

const cookiesNeeded = "Your browser did not keep the cookies of this login. Allow cookies for this site, then log in again."

// lostCookies reports whether this is the page after a login, asked for by a browser that keeps no cookies: it comes
// from the login form, which stands at /login and in place of the page itself, and leads there only by logging in, and
// without the device cookie, which each login sets and no logout removes, and without a session. Browsers say where they
// come from because Referrer-Policy has them do so within this site, and no other site can have them say it. The forms of
// a login's second step stand at addresses of their own: they were reached with cookies.
func (a *app) lostCookies(c echo.Context) bool {
	for _, name := range []string{a.deviceCookieName(), a.sessions.Cookie.Name} {
		if _, err := c.Cookie(name); err == nil {
			return false
		}
	}
	from, to := cameFrom(c), c.Request().URL.Path
	return from == "/login" || from == strings.TrimSuffix(to, "/") && !strings.HasPrefix(to, "/login/")
}

// cameFrom is the path of the page of this site that led here, or "".
func cameFrom(c echo.Context) string {
	from, err := url.Parse(c.Request().Referer())
	here := url.URL{Host: c.Request().Host} // its port may be lost at a proxy
	if err != nil || from.Hostname() != here.Hostname() {
		return ""
	}
	return strings.TrimSuffix(from.Path, "/")
}
