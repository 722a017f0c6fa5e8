package main

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"golang.org/x/time/rate"

	"latchkey/components"
)

// errPlainHTTP means that a form of an https site was opened and sent by plain http, where the browser keeps none of
// the site's cookies.
var errPlainHTTP = errors.New("a form came by plain http to an https site")

// refuseCrossSite lets only our own pages change anything (ASVS 5.0 3.5.1), in the order of OWASP's cheat sheet on
// cross-site request forgery: by Sec-Fetch-Site; where the browser does not send it (plain http on another host than
// localhost), by Origin; and where it sends neither, by a token in the form and in a cookie. Signing up and logging in
// are covered like everything else.
func (a *app) refuseCrossSite() echo.MiddlewareFunc {
	headers := http.NewCrossOriginProtection()
	if a.settings.URL != nil {
		// A proxy may leave the port out of the Host.
		if err := headers.AddTrustedOrigin(originOf(a.site)); err != nil {
			panic(err) // parseSiteURL takes origins only
		}
	}
	checkToken := a.checkToken()
	seldom := rate.Sometimes{Interval: logAtMostEvery}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		withToken := checkToken(next)
		return func(c echo.Context) error {
			r := c.Request()
			origin := r.Header.Get(echo.HeaderOrigin)
			onlyOrigin := r.Method == http.MethodPost && origin != "" && r.Header.Get(echo.HeaderSecFetchSite) == ""
			switch {
			case onlyOrigin && a.secure() && strings.HasPrefix(origin, "http://") && canonicalHost(origin[len("http://"):]) == canonicalHost(r.Host):
				seldom.Do(func() {
					a.log.Warn("refused a form that was opened by plain http, because --url is https: let http lead to https, and nobody past the proxy",
						"site", a.site.String(), "request", requestID(c))
				})
				return errPlainHTTP
			case headers.Check(r) != nil:
				return echo.ErrForbidden
			case onlyOrigin:
				// Two pages opened at once overwrite each other's cookie: the token cannot decide.
				c.Set(middleware.DefaultCSRFConfig.ContextKey, tokenOf(r, a.tokenCookie()))
				return next(c)
			}
			return withToken(c)
		}
	}
}

// originOf is the origin of a site as browsers write it: without the port that goes without saying.
func originOf(site *url.URL) string {
	port := site.Port()
	host := canonicalHost(site.Host)
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" && port != map[string]string{"http": "80", "https": "443"}[site.Scheme] {
		host += ":" + port
	}
	return site.Scheme + "://" + host
}

func (a *app) tokenCookie() string {
	return cookieName("csrf", a.secure())
}

// checkToken compares the token of a form with that of the cookie. A browser without one gets both.
func (a *app) checkToken() echo.MiddlewareFunc {
	name := a.tokenCookie()
	compare := middleware.CSRFWithConfig(middleware.CSRFConfig{
		TokenLookup:    "form:" + components.CSRFField,
		CookieName:     name,
		CookiePath:     "/",
		CookieSecure:   a.secure(),
		CookieHTTPOnly: true,
		CookieSameSite: http.SameSiteLaxMode,
		ErrorHandler: func(error, echo.Context) error {
			return echo.ErrForbidden
		},
	})
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		compared := compare(next)
		return func(c echo.Context) error {
			// Echo takes an empty cookie for a token, which an empty field equals.
			if r := c.Request(); tokenOf(r, name) == "" {
				dropCookies(r, name)
			}
			return compared(c)
		}
	}
}

// tokenOf is the token in the request's cookie, empty without one that could be ours. Of several cookies the first
// counts, as for Echo.
func tokenOf(r *http.Request, name string) string {
	cookie, err := r.Cookie(name)
	if err != nil || len(cookie.Value) != int(middleware.DefaultCSRFConfig.TokenLength) {
		return ""
	}
	return cookie.Value
}

func dropCookies(r *http.Request, name string) {
	cookies := r.Cookies()
	r.Header.Del(echo.HeaderCookie)
	for _, cookie := range cookies {
		if cookie.Name != name {
			r.AddCookie(cookie)
		}
	}
}

func csrfToken(c echo.Context) string {
	token, _ := c.Get(middleware.DefaultCSRFConfig.ContextKey).(string)
	return token
}
