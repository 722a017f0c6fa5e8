package main

import (
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"latchkey/internal/store"
)

// deviceCookieLasts is how long a browser stays known without a login.
const deviceCookieLasts = 365 * 24 * time.Hour

// The device cookie tells a browser in which somebody logged in before from a stranger's. It is random, names nobody,
// serves all accounts of the browser, outlives the sign-in, and lets nobody in.
func (a *app) deviceCookieName() string {
	return cookieName("device", a.secure())
}

// deviceHash is what the database knows of the browser's device cookie.
func (a *app) deviceHash(c echo.Context) []byte {
	token := ""
	if cookie, err := c.Cookie(a.deviceCookieName()); err == nil {
		token = cookie.Value
	}
	return hashDevice(token)
}

func hashDevice(token string) []byte {
	hash := sha256.Sum256([]byte("device " + token))
	return hash[:]
}

// knownBrowser identifies the browser when it is known to the account, and is "" otherwise.
func (a *app) knownBrowser(c echo.Context, username string) (string, error) {
	hash := a.deviceHash(c)
	known, err := a.store.IsKnownBrowser(c.Request().Context(), username, hash)
	if !known {
		return "", err
	}
	return string(hash), nil
}

// newDevice is the browser's next device cookie, in place of the one it sent.
func (a *app) newDevice(c echo.Context) (cookie *http.Cookie, browser store.KnownBrowser) {
	token := rand.Text() // at least 128 bits
	return &http.Cookie{
		Name: a.deviceCookieName(), Value: token, Path: "/", MaxAge: int(deviceCookieLasts / time.Second),
		HttpOnly: true, Secure: a.secure(), SameSite: http.SameSiteLaxMode,
	}, store.KnownBrowser{OldHash: a.deviceHash(c), NewHash: hashDevice(token)}
}
