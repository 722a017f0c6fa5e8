package main

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/store"
)

func (a *app) showPassword(c echo.Context) error {
	return a.render(c, http.StatusOK, passwordView(a.passwordForm(c)))
}

// changePassword takes the current password with the new one (ASVS 5.0 6.2.3), and ends every other sign-in of the
// account (ASVS 5.0 7.4.3).
func (a *app) changePassword(c echo.Context) error {
	me := currentSignIn(c)
	form := a.passwordForm(c)
	current, chosen := c.Request().PostFormValue("current_password"), c.Request().PostFormValue("password")
	if current == "" {
		form.CurrentError = "Password cannot be empty."
	}
	form.NewError = a.policy.Judge(chosen, me.Username)
	if form.NewError == "" && chosen == current {
		form.NewError = "This is the current password. Choose another one."
	}
	if form.Invalid() {
		return a.render(c, http.StatusUnprocessableEntity, passwordView(form))
	}
	user, err := a.checkOwnPassword(c, current)
	var hash string
	if err == nil {
		hash, err = a.hasher.Hash(c.Request().Context(), neighbourhood(address(c)), chosen)
	}
	if err == nil {
		change := store.PasswordChange{UID: me.UID, OldHash: user.PassHash, NewHash: hash, KeepSignIn: me.ID, KeepBrowser: a.deviceHash(c)}
		err = a.store.ChangePassword(c.Request().Context(), change, a.occasion(c))
	}
	if status, message := a.tryLater(c, err); status != 0 {
		form.Error = message
		return a.render(c, status, passwordView(form))
	}
	switch {
	case errors.Is(err, errWrongCredentials):
		form.CurrentError = "That is not your current password."
		return a.render(c, http.StatusUnprocessableEntity, passwordView(form))
	case errors.Is(err, store.ErrPasswordChanged):
		form.CurrentError = "The password was changed elsewhere a moment ago."
		return a.render(c, http.StatusUnprocessableEntity, passwordView(form))
	case errors.Is(err, store.ErrNoUser):
		return errNotSignedIn
	case err != nil:
		return err
	}
	a.logEvent(c, store.PasswordChanged, me.UID)
	if err := a.renewSession(c); err != nil {
		return err
	}
	a.flash(c, "The password is changed. You are signed out everywhere else.")
	return a.redirect(c, components.HomePath(me.Username))
}

// leadToPassword lets password managers find the page where a password is changed
// (W3C, A Well-Known URL for Changing Passwords).
func (a *app) leadToPassword(c echo.Context) error {
	signIns, err := a.signedIn(c)
	if err != nil {
		return err
	}
	to := loginPath(c.Request().URL.Path)
	if len(signIns) > 0 {
		to = components.PasswordPath(signIns[len(signIns)-1].Username)
	}
	return c.Redirect(http.StatusFound, to)
}

func (a *app) passwordForm(c echo.Context) components.PasswordForm {
	return components.PasswordForm{
		CSRF:              csrfToken(c),
		Username:          currentSignIn(c).Username,
		PasswordRule:      a.passwordRule(),
		PasswordMinLength: a.policy.MinLength,
	}
}

func passwordView(form components.PasswordForm) view {
	return view{title: "Change the password", main: components.ChangePassword(form)}
}
