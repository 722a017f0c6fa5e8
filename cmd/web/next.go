package main

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"unicode"

	"latchkey/components"
	"latchkey/internal/username"

	"github.com/labstack/echo/v4"
)

// maxNext is in bytes.
const maxNext = 2000

// safeNext returns next when it is a path on this site, and "" otherwise: an address that leads elsewhere after a
// login is how people are led to a copy of this page (ASVS 5.0 3.7.2, CWE-601).
func safeNext(next string) string {
	if !strings.HasPrefix(next, "/") || len(next) > maxNext {
		return ""
	}
	// Browsers take a backslash for a slash and drop tabs and line ends: either could hide a second slash.
	if strings.ContainsFunc(next, func(r rune) bool { return r == '\\' || unicode.IsControl(r) }) {
		return ""
	}
	if strings.HasPrefix(next, "//") {
		return ""
	}
	parsed, err := url.Parse(next)
	if err != nil || parsed.Scheme != "" || parsed.Host != "" || parsed.User != nil || strings.HasPrefix(parsed.Path, "//") {
		return ""
	}
	return next
}

// afterLogin is where a person goes who has just logged in: to the page that was asked for, or to their home page
// when none was, or one that would only ask them to log in again.
func afterLogin(next, name string) string {
	if next == "" || leadsToLogin(next, name) {
		return components.HomePath(name)
	}
	return next
}

// leadsToLogin reports whether next, which is safe, is the login form or a page of another account. Paths are compared
// as the router reads them after the browser has resolved them: decoded, without dots, and names in canonical form.
func leadsToLogin(next, name string) bool {
	parsed, err := url.Parse(next)
	if err != nil {
		return true
	}
	parts := strings.Split(strings.TrimPrefix(path.Clean(parsed.Path), "/"), "/")
	switch parts[0] {
	case "login":
		return true
	case "user", "logout":
		if len(parts) == 1 {
			return false
		}
		owner, _ := username.Canonical(parts[1])
		return owner != name
	}
	return false
}

// nextOf is where to go after the login that a request turned out to need: the page itself, which is also where a
// form that was sent stands.
func nextOf(c echo.Context) string {
	r := c.Request()
	switch {
	case strings.HasPrefix(r.URL.Path, "/login/"):
		return safeNext(c.FormValue("next"))
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		return safeNext(r.URL.RequestURI())
	case r.URL.Path == "/enter": // its forms carry what the address of their page says
		return safeNext(enterPath(r.PostFormValue("app"), r.PostFormValue("to"), r.PostFormValue("way"), r.PostFormValue("nonce")))
	}
	page := formPage(r.URL.EscapedPath())
	if next := safeNext(r.PostFormValue("next")); next != "" {
		page += "?" + url.Values{"next": {next}}.Encode()
	}
	return safeNext(page)
}
