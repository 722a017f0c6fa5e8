package main

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"

	"github.com/labstack/echo/v4"
)

// Each account of a browser keeps its own choice of "Keep me signed in". When they differ, the session's cookie lasts,
// and the sign-ins that must not outlive the browser need a second cookie, which ends with it: the run cookie.

// browserWasClosed reports whether the browser was closed since the session began to depend on the run cookie.
func (a *app) browserWasClosed(c echo.Context) bool {
	want, _ := a.sessions.Get(c.Request().Context(), runKey).(string)
	if want == "" {
		return false
	}
	cookie, err := c.Cookie(a.runCookieName())
	return err != nil || subtle.ConstantTimeCompare([]byte(hashRun(cookie.Value)), []byte(want)) == 0
}

// bindToRun makes the session depend on the run cookie, or not. A cookie that is not needed any more stays, and ends with
// the browser: another tab's answer, or this change if it fails, may leave a session that still depends on it.
func (a *app) bindToRun(c echo.Context, bind bool) {
	ctx := c.Request().Context()
	bound := a.sessions.Exists(ctx, runKey)
	switch {
	case !bind && bound:
		a.sessions.Remove(ctx, runKey)
	case bind && (!bound || a.browserWasClosed(c)):
		token := rand.Text()
		a.sessions.Put(ctx, runKey, hashRun(token))
		c.SetCookie(&http.Cookie{
			Name: a.runCookieName(), Value: token, Path: "/",
			HttpOnly: true, Secure: a.secure(), SameSite: http.SameSiteLaxMode,
		})
	}
}

func (a *app) runCookieName() string {
	return cookieName("run", a.secure())
}

// hashRun returns the stored hash of a run cookie: a copy of the database makes none.
func hashRun(token string) string { return textHashOf("browser run ", token) }
