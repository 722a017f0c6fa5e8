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
func newPasswordLink(now time.Time) (path string, link store.PasswordLink) {
	token := rand.Text() // at least 128 bits
	return components.PasswordLinkPath(token), store.PasswordLink{TokenHash: hashPasswordLink(token), Expires: now.Add(passwordLinkMaxAge)}
}

func hashPasswordLink(token string) []byte { return hashOf("password link ", token) }

func (a *app) showPasswordLink(c echo.Context) error {
	_, form, err := a.passwordLinkForm(c)
	if err != nil {
		return err
	}
	return a.render(c, http.StatusOK, passwordLinkView(form))
}

// usePasswordLink sets the password that the person chose, and signs the person in; the administrator never knows it
// (ASVS 5.0 6.4.6). It takes a second factor of the account, if there is one, unless the link is for whoever has lost that
// (ASVS 5.0 6.4.3).
func (a *app) usePasswordLink(c echo.Context) error {
	ctx := c.Request().Context()
	user, form, err := a.passwordLinkForm(c)
	if err != nil {
		return err
	}
	secret := c.Request().PostFormValue("password")
	if form.Password.Error, err = a.judgePassword(secret, user.Username); err != nil {
		return err
	}
	if form.Password.Error != "" {
		return a.render(c, http.StatusUnprocessableEntity, passwordLinkView(form))
	}
	codeVoided := false
	err = a.withNewPassword(c, user, secret, &form.Proof, func(login store.NewSignIn) (err error) {
		codeVoided, err = a.store.UsePasswordLink(ctx, store.UseLinkParams{
			TokenHash: hashPasswordLink(c.Param("token")), Login: login,
		}, a.origin(c))
		return err
	})
	if status, ok := proofStatus(err); ok {
		form.Password.Again = true
		return a.render(c, status, passwordLinkView(form))
	}
	if err != nil {
		return a.orTryLater(c, err, func(message string) view {
			form.Error = message
			return passwordLinkView(form)
		})
	}
	a.flash(c, "Password set. You are logged in.")
	if codeVoided {
		a.flash(c, codeVoidedMessage)
	}
	return a.redirect(c, components.HomePath(user.Username))
}

// passwordLinkForm returns store.ErrNoLink when the link of the address is not valid any more.
func (a *app) passwordLinkForm(c echo.Context) (store.User, components.PasswordLinkForm, error) {
	ctx, now := c.Request().Context(), a.now()
	user, lost, err := a.store.UserByPasswordLink(ctx, hashPasswordLink(c.Param("token")), now, now.Add(passwordLinkMaxAge+clockTolerance))
	form := components.PasswordLinkForm{
		CSRF: csrfToken(c), Action: components.PasswordLinkPath(c.Param("token")), Username: user.Username,
		Password: a.newPassword(),
	}
	if err != nil || lost {
		return user, form, err
	}
	factors, err := a.store.SecondFactors(ctx, user.UID)
	form.Proof = a.secondProof(c, factors, components.PasskeyRecover)
	return user, form, err
}

func passwordLinkView(form components.PasswordLinkForm) view {
	return view{title: "Choose a password", main: components.PasswordLink(form), hasError: form.Password.Error != "" || form.Proof.Invalid() || form.Error != ""}
}
