package main

import (
	"crypto/rand"
	"time"

	"github.com/labstack/echo/v4"

	"latchkey/internal/store"
)

// halfLoginMaxAge is how long a person has for the second step of a login.
const halfLoginMaxAge = 10 * time.Minute

// beginHalfLogin remembers in the session that the password of a user with a second factor was right. Nobody is signed in
// by it. The session gets a new token, as at each step of a login (ASVS 5.0 7.2.4).
func (a *app) beginHalfLogin(c echo.Context, user store.User, remember bool, settled store.Settlement) error {
	ctx := c.Request().Context()
	present, err := a.signedIn(c)
	if err != nil {
		return err
	}
	if len(present) > 0 {
		err = a.setSignIns(c, present)
	} else {
		err = a.sessions.RenewToken(ctx)
	}
	if err != nil {
		return err
	}
	half := store.HalfLogin{ID: rand.Text(), User: user, Remembered: remember, Abandoned: a.halfLoginID(c)}
	a.sessions.Put(ctx, halfLoginKey, half.ID)
	return a.withSession(c, func(session store.SessionChange) error {
		return a.store.BeginHalfLogin(ctx, half, settled, session, a.origin(c))
	})
}

// halfLogin returns the login of this browser whose second step is to come, or store.ErrNoHalfLogin.
func (a *app) halfLogin(c echo.Context) (store.HalfLogin, error) {
	id := a.halfLoginID(c)
	if id == "" || a.browserWasClosed(c) {
		return store.HalfLogin{}, store.ErrNoHalfLogin
	}
	now := a.now()
	return a.store.HalfLogin(c.Request().Context(), id, now.Add(-halfLoginMaxAge), now.Add(clockTolerance))
}

func (a *app) halfLoginID(c echo.Context) string {
	id, _ := a.sessions.Get(c.Request().Context(), halfLoginKey).(string)
	return id
}
