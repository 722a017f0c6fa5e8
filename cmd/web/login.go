package main

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/password"
	"latchkey/internal/store"
	"latchkey/internal/username"
)

func (a *app) showLogin(c echo.Context) error {
	return a.render(c, http.StatusOK, loginView(components.LoginForm{
		CSRF:     csrfToken(c),
		Username: shown(c.QueryParam("username")),
		Next:     safeNext(c.QueryParam("next")),
	}))
}

func (a *app) logIn(c echo.Context) error {
	r := c.Request()
	typed, secret := r.PostFormValue("username"), r.PostFormValue("password")
	form := components.LoginForm{
		CSRF:     csrfToken(c),
		Username: shown(typed),
		Remember: r.PostFormValue("remember") != "",
		Next:     safeNext(r.PostFormValue("next")),
	}
	if strings.TrimSpace(typed) == "" {
		form.UsernameError = "Username cannot be empty."
	}
	if secret == "" {
		form.PasswordError = "Password cannot be empty."
	}
	if form.Invalid() {
		return a.render(c, http.StatusUnprocessableEntity, loginView(form))
	}
	user, err := a.authenticate(c, typed, secret)
	switch {
	case errors.Is(err, errWrongCredentials):
		a.logEvent(c, "login failed", user.UID)
		form.Error = "Invalid username or password."
		return a.render(c, http.StatusUnauthorized, loginView(form))
	case errors.Is(err, password.ErrBusy):
		form.Error = busy(c)
		return a.render(c, http.StatusServiceUnavailable, loginView(form))
	case err != nil:
		return err
	}
	if err := a.startSignIn(c, user, form.Remember); err != nil {
		return err
	}
	a.logEvent(c, "login succeeded", user.UID)
	if form.Next != "" {
		return a.redirect(c, form.Next)
	}
	return a.redirect(c, components.HomePath(user.Username))
}

// errWrongCredentials is one answer for a wrong name and a wrong password, so that nobody learns which accounts
// exist (ASVS 5.0 6.3.8).
var errWrongCredentials = errors.New("wrong credentials")

// authenticate returns the account with this name and password. With errWrongCredentials it still returns the
// account that was tried, if there is one, for the log alone. It takes as long when there is none.
func (a *app) authenticate(c echo.Context, typed, secret string) (store.User, error) {
	ctx := c.Request().Context()
	name, _ := username.Canonical(typed) // a name that is not allowed is looked up, and not found, as ""
	user, err := a.store.UserByUsername(ctx, name)
	if err != nil && !errors.Is(err, store.ErrNoUser) {
		return store.User{}, err
	}
	matches, outdated, err := a.hasher.Verify(ctx, secret, user.PassHash)
	switch {
	case errors.Is(err, password.ErrDamagedHash):
		a.log.Error("login", "error", err, "uid", user.UID, "request", requestID(c))
		return user, errWrongCredentials
	case err != nil:
		return user, err
	case !matches:
		return user, errWrongCredentials
	}
	if outdated {
		a.renewHash(ctx, user, secret)
	}
	return user, nil
}

// renewHash stores the password hashed with today's parameters. The login is good without it.
func (a *app) renewHash(ctx context.Context, user store.User, secret string) {
	hash, err := a.hasher.Hash(ctx, secret)
	if err == nil {
		err = a.store.ReplacePassHash(ctx, user.UID, user.PassHash, hash)
	}
	if err != nil {
		a.log.Warn("renew password hash", "error", err, "uid", user.UID)
	}
}

func loginView(form components.LoginForm) view {
	return view{title: "Log in", main: components.Login(form)}
}
