package main

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"latchkey/internal/auth"
	"latchkey/internal/store"
)

const clientContext = "client"

// identifyClient finds out who asks, once for each request.
func (a *app) identifyClient(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		device := ""
		if cookie, err := c.Cookie(a.deviceCookieName()); err == nil {
			device = cookie.Value
		}
		c.Set(clientContext, auth.Client{
			Address: address(c), UserAgent: c.Request().UserAgent(), RequestID: requestID(c), Device: auth.HashDevice(device),
		})
		return next(c)
	}
}

// clientOf is who asks; there is one behind identifyClient.
func clientOf(c echo.Context) auth.Client {
	return c.Get(clientContext).(auth.Client)
}

// origin is when and from where the owner of an account does something, and for which sign-in, if there is one.
func (a *app) origin(c echo.Context) store.Origin {
	origin := clientOf(c).Origin(a.now())
	if signIn, ok := c.Get(currentContext).(store.SignIn); ok {
		origin.SignIn = signIn.ID
	}
	return origin
}

func (a *app) deviceCookieName() string {
	return cookieName("device", a.secure())
}

// deviceCookieMaxAge is how long a browser stays known without a login.
const deviceCookieMaxAge = 365 * 24 * time.Hour

// remembering makes the browser known to the account whose owner do proves to be there, with a new device cookie.
func (a *app) remembering(c echo.Context, do func(store.DeviceRotation) error) error {
	token, browser := clientOf(c).NewDevice()
	if err := do(browser); err != nil {
		return err
	}
	c.SetCookie(&http.Cookie{
		Name: a.deviceCookieName(), Value: token, Path: "/", MaxAge: int(deviceCookieMaxAge / time.Second),
		HttpOnly: true, Secure: a.secure(), SameSite: http.SameSiteLaxMode,
	})
	return nil
}
