package main

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/auth"
	"latchkey/internal/store"
	"latchkey/internal/username"
)

func (a *app) showSignup(c echo.Context) error {
	if a.signupClosed() {
		return errSignupClosed
	}
	form := a.signupForm(c)
	form.Next = safeNext(c.QueryParam("next"))
	return a.render(c, http.StatusOK, signupView(form))
}

func (a *app) signupClosed() bool {
	return a.settings.Signup == "closed"
}

// signUp creates an account and leads to the login form. Signing up does not sign in: the person types the password once
// more, or has it saved.
func (a *app) signUp(c echo.Context) error {
	if a.signupClosed() {
		return errSignupClosed
	}
	form := a.signupForm(c)
	typed, secret := c.Request().PostFormValue("username"), c.Request().PostFormValue("password")
	form.Username, form.Next = validUTF8(typed), safeNext(c.Request().PostFormValue("next"))
	name, problem := username.Canonical(typed)
	form.UsernameError = problem
	if a.isReserved(name) {
		form.UsernameError = notAvailable(name)
	}
	form.Password.Error = a.policy.Judge(secret, name)
	form.Password.Again = secret != ""
	if form.Invalid() {
		return a.render(c, http.StatusUnprocessableEntity, signupView(form))
	}
	ctx, client := c.Request().Context(), clientOf(c)
	var hash string
	err := a.guard.Allow(ctx, client, auth.Signup)
	if err == nil {
		form.Password.Error, err = a.judgePassword(secret, name)
	}
	if form.Invalid() {
		return a.render(c, http.StatusUnprocessableEntity, signupView(form))
	}
	if err == nil {
		hash, err = a.guard.HashPassword(ctx, client, secret)
	}
	if err != nil {
		return a.orTryLater(c, err, func(message string) view {
			form.Error = message
			return signupView(form)
		})
	}
	err = a.remembering(c, func(browser store.DeviceRotation) error {
		_, err := a.store.CreateUser(ctx, store.User{Username: name, Name: username.AsTyped(typed), PassHash: hash}, browser, a.origin(c))
		return err
	})
	if errors.Is(err, store.ErrUsernameTaken) {
		form.UsernameError = notAvailable(name)
		return a.render(c, http.StatusUnprocessableEntity, signupView(form))
	}
	if err != nil {
		return err
	}
	a.flash(c, "User account has been created. Log in to continue.")
	return a.redirect(c, components.LoginPath(name, form.Next))
}

// checkUsername says whether a name may be chosen, while the person types it. What is typed comes in a form, never in
// the address, which proxies log (ASVS 5.0 14.2.1).
func (a *app) checkUsername(c echo.Context) error {
	if a.signupClosed() {
		return errSignupClosed
	}
	typed := c.Request().PostFormValue("username")
	err := a.guard.Allow(c.Request().Context(), clientOf(c), auth.NameCheck)
	if status, message := a.tryLater(c, err); status != 0 {
		return a.renderNameCheck(c, status, typed, message)
	}
	if err != nil {
		return err
	}
	name, problem := username.Canonical(typed)
	if problem == "" {
		taken, err := a.store.UsernameTaken(c.Request().Context(), name)
		if err != nil {
			return err
		}
		if taken || a.isReserved(name) {
			problem = notAvailable(name)
		}
	}
	return a.renderNameCheck(c, http.StatusOK, typed, problem)
}

func (a *app) renderNameCheck(c echo.Context, status int, typed, problem string) error {
	form := a.signupForm(c)
	form.Username, form.UsernameError = validUTF8(typed), problem
	v := signupView(form)
	v.part = components.FieldMessage(problem)
	if problem == "" {
		v.part = components.FieldApproval("Available")
	}
	return a.render(c, status, v)
}

func (a *app) signupForm(c echo.Context) components.SignupForm {
	return components.SignupForm{
		CSRF:     csrfToken(c),
		Password: a.newPassword(),
	}
}

func signupView(form components.SignupForm) view {
	return view{title: "Create an account", main: components.Signup(form), hasError: form.Invalid() || form.Error != ""}
}

// isReserved reports whether only the administrator gives the name out: people would take its owner for one.
func (a *app) isReserved(name string) bool {
	return slices.ContainsFunc(a.settings.ReservedUsernames, func(reserved string) bool {
		reserved, _ = username.Canonical(reserved)
		return name == reserved || !username.OfASCII(name) && username.Skeleton(name) == username.Skeleton(reserved)
	})
}

func notAvailable(name string) string {
	return fmt.Sprintf("Username %s is not available.", name)
}
