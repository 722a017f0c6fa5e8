package main

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/auth"
	"latchkey/internal/password"
	"latchkey/internal/store"
)

func (a *app) showPassword(c echo.Context) error {
	form, err := a.passwordForm(c)
	if err != nil {
		return err
	}
	return a.render(c, http.StatusOK, passwordView(form))
}

// changePassword takes the current password with the new one (ASVS 5.0 6.2.3), and the second factor of an account that has
// one: a new password voids the recovery code, so that whoever knows the password alone must not have it. It ends every other
// sign-in of the account (ASVS 5.0 7.4.3).
func (a *app) changePassword(c echo.Context) error {
	me := currentSignIn(c)
	form, err := a.passwordForm(c)
	if err != nil {
		return err
	}
	current, chosen := c.Request().PostFormValue("current_password"), c.Request().PostFormValue("password")
	if current == "" {
		form.CurrentError = "Password cannot be empty."
	}
	form.New.Error = a.policy.Judge(chosen, me.Username)
	if form.New.Error == "" && password.Same(chosen, current) {
		form.New.Error = "This is the current password. Choose another one."
	}
	form.New.Again = chosen != ""
	if form.Invalid() {
		return a.render(c, http.StatusUnprocessableEntity, passwordView(form))
	}
	codeVoided := false
	err = a.guard.Confirm(c.Request().Context(), clientOf(c), me, current, func(user store.User, settled store.Settlement) (err error) {
		if form.New.Error, err = a.judgeLeaked(chosen); err == nil && form.New.Error != "" {
			err = errPasswordRefused
		}
		if err != nil {
			return err
		}
		replace := func(proof store.Proof, more store.Settlement) (err error) {
			codeVoided, err = a.replacePassword(c, user, chosen, proof, settled.And(more))
			return err
		}
		if form.Proof.Asked() {
			return a.proveSecond(c, user, me.ID, &form.Proof, replace)
		}
		return replace(store.Proof{}, store.Settlement{})
	})
	if status, ok := proofStatus(err); ok {
		return a.render(c, status, passwordView(form))
	}
	switch {
	case errors.Is(err, errPasswordRefused):
		return a.render(c, http.StatusUnprocessableEntity, passwordView(form))
	case errors.Is(err, auth.ErrWrongCredentials):
		form.CurrentError = "Wrong password."
		return a.render(c, http.StatusUnprocessableEntity, passwordView(form))
	case errors.Is(err, store.ErrPasswordChanged):
		form.CurrentError = "The password was just changed in another browser."
		return a.render(c, http.StatusUnprocessableEntity, passwordView(form))
	case err != nil:
		return a.orTryLater(c, err, func(message string) view {
			form.Error = message
			return passwordView(form)
		})
	}
	a.flash(c, "Password changed. You are logged out everywhere else.")
	if codeVoided {
		a.flash(c, codeVoidedMessage)
	}
	return a.redirect(c, components.HomePath(me.Username))
}

// errPasswordRefused means that the new password may not be chosen; the form says why.
var errPasswordRefused = errors.New("password refused")

// codeVoidedMessage says what became of a recovery code when the password was replaced. The home page offers a new one.
const codeVoidedMessage = "Your old recovery code no longer works. Create a new one."

func (a *app) replacePassword(c echo.Context, user store.User, chosen string, proof store.Proof, settled store.Settlement) (codeVoided bool, err error) {
	ctx, by := c.Request().Context(), a.origin(c)
	by.SecondSince = by.At.Add(-confirmationMaxAge)
	hash, err := a.guard.HashPassword(ctx, clientOf(c), chosen)
	if err != nil {
		return false, err
	}
	if err := a.renewSession(c); err != nil {
		return false, err
	}
	err = a.remembering(c, func(browser store.DeviceRotation) error {
		return a.withSession(c, func(session store.SessionChange) error {
			codeVoided, err = a.store.ChangePassword(ctx, store.PasswordChange{
				UID: user.UID, OldHash: user.PassHash, NewHash: hash, Browser: browser, Settled: settled, Session: session, Proof: proof,
			}, by)
			return err
		})
	})
	return codeVoided, err
}

// redirectToPassword lets password managers find the page where a password is changed
// (W3C, A Well-Known URL for Changing Passwords).
func (a *app) redirectToPassword(c echo.Context) error {
	signIns, err := a.signedIn(c)
	if err != nil {
		return err
	}
	to := components.LoginPathTo(c.Request().URL.Path)
	if len(signIns) > 0 {
		to = components.PasswordPath(signIns[len(signIns)-1].Username)
	}
	return c.Redirect(http.StatusFound, to)
}

func (a *app) passwordForm(c echo.Context) (components.PasswordForm, error) {
	me := currentSignIn(c)
	form := components.PasswordForm{CSRF: csrfToken(c), Username: me.Username, New: a.newPassword()}
	if !me.HasSecondFactor || a.isWithin(confirmationMaxAge, me.SecondAt) {
		return form, nil
	}
	factors, err := a.store.SecondFactors(c.Request().Context(), me.UID)
	form.Proof = a.secondProof(c, factors, components.PasskeyConfirm)
	return form, err
}

func passwordView(form components.PasswordForm) view {
	return view{title: "Change password", main: components.ChangePassword(form), hasError: form.Invalid() || form.Proof.Invalid() || form.Error != ""}
}
