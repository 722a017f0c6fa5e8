package main

import (
	"crypto/rand"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/store"
)

// passwordLinkMaxAge is how long a person has to use a link (ASVS 5.0 6.4.1).
const passwordLinkMaxAge = 24 * time.Hour

// newPasswordLink is the path of a new link, which is told to nobody but the administrator, and what the database knows of it.
func newPasswordLink() (path string, hash []byte) {
	token := rand.Text() // at least 128 bits
	return components.PasswordLinkPath(token), hashPasswordLink(token)
}

func hashPasswordLink(token string) []byte { return hashOf("password link ", token) }

func (a *app) showPasswordLink(c echo.Context) error {
	user, err := a.userByLink(c)
	if err != nil {
		return err
	}
	return a.render(c, http.StatusOK, passwordLinkView(a.passwordLinkForm(c, user)))
}

// usePasswordLink sets the password that the person chose, and signs the person in; the administrator never knows it
// (ASVS 5.0 6.4.6).
func (a *app) usePasswordLink(c echo.Context) error {
	ctx := c.Request().Context()
	user, err := a.userByLink(c)
	if err != nil {
		return err
	}
	form := a.passwordLinkForm(c, user)
	secret := c.Request().PostFormValue("password")
	if form.Password.Error, err = a.judgePassword(secret, user.Username); err != nil {
		return err
	}
	if form.Password.Error != "" {
		return a.render(c, http.StatusUnprocessableEntity, passwordLinkView(form))
	}
	passHash, err := a.guard.HashPassword(ctx, clientOf(c), secret)
	if err != nil {
		return a.orTryLater(c, err, func(message string) view {
			form.Error = message
			return passwordLinkView(form)
		})
	}
	codeVoided := false
	user.PassHash = passHash
	err = a.startSignIn(c, user, false, func(login store.NewSignIn) (err error) {
		codeVoided, err = a.store.UsePasswordLink(ctx, store.UseLinkParams{
			TokenHash: hashPasswordLink(c.Param("token")), Login: login,
		}, a.origin(c))
		return err
	})
	if err != nil {
		return err
	}
	a.flash(c, "Password set. You are logged in.")
	if codeVoided {
		a.flash(c, codeVoidedMessage)
	}
	return a.redirect(c, components.HomePath(user.Username))
}

func (a *app) userByLink(c echo.Context) (store.User, error) {
	now := a.now()
	return a.store.UserByPasswordLink(c.Request().Context(), hashPasswordLink(c.Param("token")), now, now.Add(passwordLinkMaxAge+clockTolerance))
}

func (a *app) passwordLinkForm(c echo.Context, user store.User) components.PasswordLinkForm {
	return components.PasswordLinkForm{
		CSRF: csrfToken(c), Action: components.PasswordLinkPath(c.Param("token")), Username: user.Username,
		Password: a.newPassword(),
	}
}

func passwordLinkView(form components.PasswordLinkForm) view {
	return view{title: "Choose a password", main: components.PasswordLink(form), hasError: form.Password.Error != "" || form.Error != ""}
}
