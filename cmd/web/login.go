package main

import (
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
		CSRF:         csrfToken(c),
		Username:     shown(c.QueryParam("username")),
		Next:         safeNext(c.QueryParam("next")),
		SignupClosed: a.signupClosed(),
	}))
}

func (a *app) logIn(c echo.Context) error {
	r := c.Request()
	typed, secret := r.PostFormValue("username"), r.PostFormValue("password")
	form := components.LoginForm{
		CSRF:         csrfToken(c),
		Username:     shown(typed),
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
	user, err := a.signIn(c, typed, secret, form.Remember)
	a.metrics.countLogin(err)
	if status, message := a.tryLater(c, err); status != 0 {
		form.Error = message
		return a.render(c, status, loginView(form))
	}
	if errors.Is(err, errWrongCredentials) || errors.Is(err, store.ErrPasswordChanged) {
		form.Error = "Invalid username or password."
		return a.render(c, http.StatusUnauthorized, loginView(form))
	}
	if err != nil {
		return err
	}
	if err := a.redirect(c, afterLogin(form.Next, user.Username)); err != nil {
		return err
	}
	a.logEvent(c, store.LoginSucceeded, user.UID)
	return nil
}

// errWrongCredentials is one answer for a wrong name and a wrong password, so that nobody learns which accounts
// exist (ASVS 5.0 6.3.8).
var errWrongCredentials = errors.New("wrong credentials")

// signIn authenticates and starts the sign-in. When the password changes in between, in another browser, it looks
// again, so that no sign-in outlives the password it began with.
func (a *app) signIn(c echo.Context, typed, secret string, remember bool) (store.User, error) {
	user, err := a.authenticate(c, typed, secret)
	if err != nil {
		return user, err
	}
	if err = a.startSignIn(c, user, remember); !errors.Is(err, store.ErrPasswordChanged) {
		return user, err
	}
	if user, err = a.authenticate(c, typed, secret); err != nil {
		return user, err
	}
	return user, a.startSignIn(c, user, remember)
}

// authenticate returns the account with this name and password, or errWrongCredentials, or a *throttledError: each
// after the same work, whether there is such an account or not.
func (a *app) authenticate(c echo.Context, typed, secret string) (store.User, error) {
	name, _ := username.Canonical(typed) // a name that is not allowed is looked up, and not found, as ""
	user, err := a.store.UserByUsername(c.Request().Context(), name)
	if err != nil && !errors.Is(err, store.ErrNoUser) {
		return store.User{}, err
	}
	if user.Disabled {
		user.PassHash = "" // answered like a wrong password, after the same work
	}
	lane := name
	if lane == "" {
		lane = "not allowed: " + typed
	}
	browser, err := a.knownBrowser(c, lane)
	if err != nil {
		return store.User{}, err
	}
	g, err := a.guess(c, lane, browser)
	return a.finishGuess(c, g, err, user, secret)
}

// finishGuess checks the password unless the guess was refused, settles it, and records a failure.
func (a *app) finishGuess(c echo.Context, g guess, refused error, user store.User, secret string) (store.User, error) {
	var throttled *throttledError
	if errors.As(refused, &throttled) {
		if err := a.recordFailure(c, store.LoginThrottled, user.UID); err != nil {
			return store.User{}, err
		}
	}
	if refused != nil {
		return store.User{}, refused
	}
	user, outcome := a.checkPassword(c, user, secret)
	if err := a.settle(c, g, outcome); err != nil {
		return store.User{}, err
	}
	if errors.Is(outcome, errWrongCredentials) {
		if err := a.recordFailure(c, store.LoginFailed, user.UID); err != nil {
			return store.User{}, err
		}
	}
	return user, outcome
}

// checkPassword returns errWrongCredentials unless this is the user's password, and the user with the hash as it is
// now: one made with other costs is made anew. A user without a hash stands for an account that does not exist.
func (a *app) checkPassword(c echo.Context, user store.User, secret string) (store.User, error) {
	ctx := c.Request().Context()
	matches, outdated, err := a.hasher.Verify(ctx, neighbourhood(address(c)), secret, user.PassHash)
	switch {
	case errors.Is(err, password.ErrDamagedHash):
		a.log.Error("check password", "error", err, "uid", user.UID, "request", requestID(c))
		return user, errWrongCredentials
	case err != nil:
		return user, err
	case !matches:
		return user, errWrongCredentials
	}
	if outdated {
		user.PassHash = a.renewHash(c, user, secret)
	}
	return user, nil
}

// renewHash stores the password hashed with today's costs, and returns the hash that is stored now. The login is
// good without it.
func (a *app) renewHash(c echo.Context, user store.User, secret string) string {
	ctx := c.Request().Context()
	hash, err := a.hasher.Hash(ctx, neighbourhood(address(c)), secret)
	if err == nil {
		err = a.store.ReplacePassHash(ctx, user.UID, user.PassHash, hash)
	}
	if err != nil {
		a.log.Warn("renew password hash", "error", err, "uid", user.UID)
		return user.PassHash
	}
	return hash
}

func loginView(form components.LoginForm) view {
	return view{title: "Log in", main: components.Login(form)}
}
