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
	present, err := a.signedIn(c)
	if err != nil {
		return err
	}
	form := components.LoginForm{
		CSRF:         csrfToken(c),
		Username:     validUTF8(c.QueryParam("username")),
		Next:         safeNext(c.QueryParam("next")),
		SignupClosed: a.signupClosed(),
		Passkey:      a.offersPasskeys(c),
	}
	for _, signIn := range present {
		form.Present = append(form.Present, personOf(signIn))
	}
	return a.render(c, http.StatusOK, loginView(form))
}

func (a *app) logIn(c echo.Context) error {
	r := c.Request()
	typed, secret := r.PostFormValue("username"), r.PostFormValue("password")
	form := components.LoginForm{
		CSRF:         csrfToken(c),
		Username:     validUTF8(typed),
		Remember:     r.PostFormValue("remember") != "",
		Next:         safeNext(r.PostFormValue("next")),
		Carried:      carriedAlong(r.PostForm),
		SignupClosed: a.signupClosed(),
		Passkey:      a.offersPasskeys(c),
	}
	if answer := r.PostFormValue(components.PasskeyField); answer != "" {
		return a.logInByPasskey(c, form, answer)
	}
	if strings.TrimSpace(typed) == "" {
		form.UsernameError = "Username cannot be empty."
	}
	if secret == "" {
		form.PasswordError = "Password cannot be empty."
	}
	form.PasswordAgain = form.UsernameError != "" && secret != ""
	if form.Invalid() {
		return a.render(c, http.StatusUnprocessableEntity, loginView(form))
	}
	username, half := "", false
	err := a.guard.Login(r.Context(), clientOf(c), typed, secret, func(user store.User, settled store.Settlement) error {
		username = user.Username
		err := a.startSignIn(c, user, form.Remember, func(login store.NewSignIn) error {
			login.Settled = settled
			return a.store.CreateSignIn(r.Context(), login, a.origin(c))
		})
		if half = errors.Is(err, store.ErrSecondFactorMissing); half {
			// What failed before is forgiven when the second step is passed.
			return a.beginHalfLogin(c, user, form.Remember, store.Settlement{TakeBack: settled.TakeBack})
		}
		return err
	})
	a.metrics.countLogin(err, half)
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
	to := a.leaveLogin(c, form, username)
	if half {
		to = components.SecondStepPath(form.Next)
	}
	return a.redirect(c, to)
}

// leaveLogin returns where a person goes who has logged in with the form, and brings along what it carried.
func (a *app) leaveLogin(c echo.Context, form components.LoginForm, username string) (to string) {
	to = afterLogin(form.Next, username)
	if to != form.Next {
		form.Carried = nil // it was somebody else's
	}
	a.keepDraft(c, to, form.Carried)
	return to
}

func loginView(form components.LoginForm) view {
	return view{title: "Log in", main: components.Login(form), hasError: form.Invalid() || form.Error != ""}
}
