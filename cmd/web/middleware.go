package main

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// normalizePath drops a trailing slash and routes on the decoded path. Usernames hold no slash: decoding loses nothing,
// and a handler gets each name decoded exactly once.
func normalizePath(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		url := c.Request().URL
		url.RawPath = ""
		if len(url.Path) > 1 {
			url.Path = strings.TrimSuffix(url.Path, "/")
		}
		return next(c)
	}
}

// setRequestID gives each request an id, which the log and the error page show. It ignores the client's own
// X-Request-Id, which would let anybody write into the log.
func (a *app) setRequestID(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderXRequestID, rand.Text()[:16])
		return next(c)
	}
}

func requestID(c echo.Context) string {
	return c.Response().Header().Get(echo.HeaderXRequestID)
}

// recoverPanic turns a panic into the error page for unexpected errors; the stack goes to the log only.
func (a *app) recoverPanic() echo.MiddlewareFunc {
	return middleware.RecoverWithConfig(middleware.RecoverConfig{
		LogErrorFunc: func(c echo.Context, err error, stack []byte) error {
			a.log.Error("panic", "error", err, "request", requestID(c), "stack", string(stack))
			return err
		},
	})
}

// contentSecurityPolicy allows what the pages use and nothing else (ASVS 5.0 3.4.3, 3.4.6).
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
	"connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// challenge goes with each 401 (RFC 9110, section 15.5.2). No scheme is registered for a form and a cookie; this one is
// of draft-broyer-http-cookie-auth. Browsers do not know it, and show the page instead of asking for a password.
const challenge = `Cookie realm="Latchkey"`

// secureHeaders are the same for every answer. Echo calls what it returns for each request.
func (a *app) secureHeaders() echo.MiddlewareFunc {
	always := http.Header{
		"Content-Security-Policy":      {contentSecurityPolicy},
		"X-Content-Type-Options":       {"nosniff"},     // ASVS 5.0 3.4.4
		"Referrer-Policy":              {"same-origin"}, // ASVS 5.0 3.4.5
		"Cross-Origin-Opener-Policy":   {"same-origin"}, // ASVS 5.0 3.4.8
		"Cross-Origin-Resource-Policy": {"same-origin"}, // ASVS 5.0 3.5.8
		"Permissions-Policy":           {"camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
		// Pages are about a person, or hold a token for a form (ASVS 5.0 14.3.2); assets and errors set their own.
		"Cache-Control": {"no-store"},
	}
	// ASVS 5.0 3.4.1. Not for this machine's own name: the browser would refuse every http://localhost after it.
	if a.secure() && !isLocal(a.site) {
		always.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			maps.Copy(c.Response().Header(), always)
			c.Response().Before(func() {
				if c.Response().Status == http.StatusUnauthorized {
					c.Response().Header().Set(echo.HeaderWWWAuthenticate, challenge)
				}
			})
			return next(c)
		}
	}
}

const (
	// maxBody is in bytes. The longest form, a name and a password of 256 characters, takes a few KiB.
	maxBody = 64 << 10
	// maxDrain is how much more of a body that is too large is read and thrown away, because browsers show the answer
	// only when they could send all of it.
	maxDrain = 16 << 20
)

// readForm parses the body of a form before anything else looks at it. A body that is too large, or is no form, gets
// its own answer.
func (a *app) readForm(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if r.Method != http.MethodPost || r.ContentLength == 0 {
			return next(c)
		}
		mediaType, _, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType))
		if err != nil || mediaType != echo.MIMEApplicationForm {
			return echo.ErrUnsupportedMediaType
		}
		body := r.Body
		r.Body = http.MaxBytesReader(nil, body, maxBody)
		if err := r.ParseForm(); err != nil {
			var tooLarge *http.MaxBytesError
			if errors.As(err, &tooLarge) {
				_, _ = io.CopyN(io.Discard, body, maxDrain)
				return echo.ErrStatusRequestEntityTooLarge
			}
			return echo.ErrBadRequest.WithInternal(err)
		}
		return next(c)
	}
}

// outliveClient finishes what a form asks for, once it has arrived, also when the client does not wait for the answer:
// somebody who logs out and closes the window is logged out.
func outliveClient(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if r := c.Request(); r.Method == http.MethodPost {
			c.SetRequest(r.WithContext(context.WithoutCancel(r.Context())))
		}
		return next(c)
	}
}
