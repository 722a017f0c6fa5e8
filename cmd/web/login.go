package main

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/auth"
	"latchkey/internal/store"
)

func (a *app) showLogin(c echo.Context) error {
	return a.render(c, http.StatusOK, loginView(components.LoginForm{
		CSRF:         csrfToken(c),
		Username:     validUTF8(c.QueryParam("username")),
		Next:         safeNext(c.QueryParam("next")),
		SignupClosed: a.signupClosed(),
	}))
}

func (a *app) logIn(c echo.Context) error {
	r := c.Request()
	typed, secret := r.PostFormValue("username"), r.PostFormValue("password")
	form := components.LoginForm{
		CSRF:         csrfToken(c),
		Username:     validUTF8(typed),
		Remember:     r.PostFormValue("remember") != "",
		Next:         safeNext(r.PostFormValue("next")),
		SignupClosed: a.signupClosed(),
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
	username := ""
	err := a.guard.Login(r.Context(), clientOf(c), typed, secret, func(user store.User, settled store.Settlement) error {
		username = user.Username
		return a.startSignIn(c, user, form.Remember, settled)
	})
	a.metrics.countLogin(err)
	if errors.Is(err, auth.ErrWrongCredentials) {
		form.Error = "Invalid username or password."
		return a.render(c, http.StatusUnauthorized, loginView(form))
	}
	if err != nil {
		return a.orTryLater(c, err, func(message string) view {
			form.Error = message
			return loginView(form)
		})
	}
	return a.redirect(c, afterLogin(form.Next, username))
}

func loginView(form components.LoginForm) view {
	return view{title: "Log in", main: components.Login(form)}
}
