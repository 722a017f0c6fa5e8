package main

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/store"
)

// confirmedFor is how long a password that was given counts for what matters (ASVS 5.0 7.5.1, 7.5.3).
const confirmedFor = 10 * time.Minute

const confirmField = "confirm_password"

// whenConfirmed does what the signed-in person asked for if they gave their password lately. Otherwise it asks for
// it in place, with a form that carries the fields of asked, and does it when that form comes back with the
// password. The session gets a new token then (ASVS 5.0 7.2.4).
func (a *app) whenConfirmed(c echo.Context, asked components.Asked, do func() error) error {
	me := currentSignIn(c)
	if a.now().Sub(me.ConfirmedAt) < confirmedFor {
		return do()
	}
	sent := c.Request().PostForm
	form := components.ConfirmForm{
		CSRF: csrfToken(c), Username: me.Username, Asked: asked,
		Action: c.Request().URL.EscapedPath(),
	}
	if !sent.Has(confirmField) {
		return a.render(c, http.StatusUnauthorized, confirmView(form))
	}
	secret := sent.Get(confirmField)
	if secret == "" {
		form.PasswordError = "Password cannot be empty."
		return a.render(c, http.StatusUnprocessableEntity, confirmView(form))
	}
	_, err := a.checkOwnPassword(c, secret)
	if status, message := a.tryLater(c, err); status != 0 {
		form.Error = message
		return a.render(c, status, confirmView(form))
	}
	if errors.Is(err, errWrongCredentials) {
		form.PasswordError = "That is not your password."
		return a.render(c, http.StatusUnauthorized, confirmView(form))
	}
	if err != nil {
		return err
	}
	if err := a.store.ConfirmSignIn(c.Request().Context(), me.ID, a.now()); err != nil {
		return err
	}
	a.logEvent(c, store.IdentityVerified, me.UID)
	if err := a.renewSession(c); err != nil {
		return err
	}
	return do()
}

// checkOwnPassword returns the account of the signed-in person if this is its password, errWrongCredentials if not,
// a *throttledError if it comes too early, and errNotSignedIn if the account was deleted meanwhile.
func (a *app) checkOwnPassword(c echo.Context, secret string) (store.User, error) {
	me := currentSignIn(c)
	user, err := a.store.UserByUsername(c.Request().Context(), me.Username)
	if errors.Is(err, store.ErrNoUser) || err == nil && user.UID != me.UID {
		return store.User{}, errNotSignedIn
	}
	if err != nil {
		return store.User{}, err
	}
	g, err := a.guess(c, me.Username, me.ID)
	return a.finishGuess(c, g, err, user, secret)
}

func confirmView(form components.ConfirmForm) view {
	return view{title: "Confirm it is you", main: components.Confirm(form)}
}
