package main

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/recovery"
	"latchkey/internal/store"
	"latchkey/internal/username"
)

func (a *app) showRecover(c echo.Context) error {
	form := a.recoverForm(c)
	form.Username = validUTF8(c.QueryParam("username"))
	return a.render(c, http.StatusOK, recoverView(form))
}

// recoverAccount lets a person who has forgotten the password back in. The first form brings name and code; when
// they match, a second one asks for the new password, and brings both again with it.
func (a *app) recoverAccount(c echo.Context) error {
	r := c.Request()
	form := a.recoverForm(c)
	typedName, typedCode := r.PostFormValue("username"), r.PostFormValue("code")
	form.Username = validUTF8(typedName)
	if strings.TrimSpace(typedName) == "" {
		form.UsernameError = "Username cannot be empty."
	}
	if strings.TrimSpace(typedCode) == "" {
		form.CodeError = "Recovery code cannot be empty."
	}
	if form.UsernameError != "" || form.CodeError != "" {
		return a.render(c, http.StatusUnprocessableEntity, recoverView(form))
	}
	name, _ := username.Lookup(typedName)
	if err := a.guard.AllowRecovery(r.Context(), clientOf(c), name); err != nil {
		return a.orTryLater(c, err, func(message string) view {
			form.Error = message
			return recoverView(form)
		})
	}
	codeHash, _ := recovery.Hash(typedCode)
	user, err := a.store.UserByRecoveryCode(r.Context(), name, codeHash[:])
	if errors.Is(err, store.ErrNoRecoveryCode) {
		a.store.RecordFailure(store.Failure{Kind: store.RecoveryFailed, UID: user.UID}, a.origin(c))
		form.Error = wrongRecoveryCode
		return a.render(c, http.StatusUnauthorized, recoverView(form))
	}
	if err != nil {
		return err
	}
	form.Code = validUTF8(typedCode)
	factors, err := a.store.SecondFactors(r.Context(), user.UID)
	if err != nil {
		return err
	}
	if factors.Any() { // whoever comes this far has one of three
		a.store.RecordFailure(store.Failure{Kind: store.RecoveryHalfDone, UID: user.UID}, a.origin(c))
	}
	form.Proof = a.secondProof(c, factors, components.PasskeyRecover)
	if !r.PostForm.Has("password") {
		return a.render(c, http.StatusOK, recoverPasswordView(form))
	}
	return a.setRecoveredPassword(c, form, user, codeHash[:])
}

const wrongRecoveryCode = "Invalid username or recovery code."

// setRecoveredPassword ends the recovery: new password, new code, and this sign-in alone. It takes a second factor of the
// account, if there is one (ASVS 5.0 6.4.3).
func (a *app) setRecoveredPassword(c echo.Context, form components.RecoverForm, user store.User, codeHash []byte) error {
	secret := c.Request().PostFormValue("password")
	var err error
	if form.Password.Error, err = a.judgePassword(secret, user.Username); err != nil {
		return err
	}
	if form.Password.Error != "" {
		return a.render(c, http.StatusUnprocessableEntity, recoverPasswordView(form))
	}
	ctx := c.Request().Context()
	newCode := recovery.NewCode()
	newCodeHash, _ := recovery.Hash(newCode)
	err = a.withNewPassword(c, user, secret, &form.Proof, func(login store.NewSignIn) error {
		return a.store.Recover(ctx, store.RecoverParams{CodeHash: codeHash, NewCodeHash: newCodeHash[:], Login: login}, a.origin(c))
	})
	if errors.Is(err, store.ErrNoRecoveryCode) { // spent by another browser a moment ago
		form.Error = wrongRecoveryCode
		return a.render(c, http.StatusUnauthorized, recoverView(form))
	}
	if status, ok := proofStatus(err); ok {
		form.Password.Again = true
		return a.render(c, status, recoverPasswordView(form))
	}
	if err != nil {
		return a.orTryLater(c, err, func(message string) view {
			form.Error = message
			return recoverPasswordView(form)
		})
	}
	if err := a.showAsSignedIn(c, user.Username); err != nil {
		return err
	}
	return a.render(c, http.StatusOK, view{
		title: "Password set", main: components.Recovered(user.Username, newCode, csrfToken(c)),
	})
}

func (a *app) recoverForm(c echo.Context) components.RecoverForm {
	return components.RecoverForm{CSRF: csrfToken(c), Password: a.newPassword(), Administrator: a.face.Administrator()}
}

func recoverView(form components.RecoverForm) view {
	return view{
		title: "Reset your password", main: components.Recover(form),
		hasError: form.UsernameError != "" || form.CodeError != "" || form.Error != "",
	}
}

func recoverPasswordView(form components.RecoverForm) view {
	return view{title: "Choose a new password", main: components.RecoverPassword(form), hasError: form.Proof.Invalid() || form.Password.Error != "" || form.Error != ""}
}
