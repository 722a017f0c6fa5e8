package main

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/auth"
	"latchkey/internal/passkey"
	"latchkey/internal/store"
	"latchkey/internal/totp"
)

// A second factor that was not accepted; the form says why.
var (
	errProofUnreadable = errors.New("second factor unreadable")
	errProofRefused    = errors.New("second factor refused")
)

// secondProof is the part of a form that asks the account for a second factor, for one of the purposes of package
// components.
func (a *app) secondProof(c echo.Context, factors store.SecondFactors, purpose string) components.SecondProof {
	proof := components.SecondProof{Code: factors.Code(), Purpose: purpose, Now: a.now()}
	for _, each := range factors.Passkeys {
		switch {
		case a.isForHere(each) && a.hasPasskeys(c):
			proof.Passkey = true
		case !slices.Contains(proof.OtherHosts, each.Host):
			proof.OtherHosts = append(proof.OtherHosts, each.Host)
		}
	}
	return proof
}

// proveSecond lets proceed do what the second factor that the form brought allows. signIn is the id of the sign-in in which
// it is shown, and "" in a login. A factor that was not accepted is errProofUnreadable or errProofRefused, and form says
// why; the other errors are those of the guard's TryCode.
func (a *app) proveSecond(c echo.Context, user store.User, signIn string, form *components.SecondProof, proceed func(store.Proof, store.Settlement) error) error {
	if answer := c.Request().PostFormValue(components.PasskeyField); answer != "" {
		return a.provePasskey(c, user, signIn, form, answer, proceed)
	}
	typed := c.Request().PostFormValue(components.OneTimeCodeField)
	switch {
	case !form.Code && form.Passkey:
		form.PasskeyError = "Use your passkey."
		return errProofUnreadable
	case !form.Code:
		form.PasskeyError = "No second factor of this account works here. Contact " + a.face.Administrator() + "."
		return errProofUnreadable
	case strings.TrimSpace(typed) == "":
		form.CodeError = "Code cannot be empty."
		return errProofUnreadable
	}
	code, ok := totp.Read(typed)
	if !ok {
		form.CodeError = "A code has 6 digits."
		return errProofUnreadable
	}
	err := a.guard.TryCode(c.Request().Context(), clientOf(c), user, signIn, code, proceed)
	switch {
	case errors.Is(err, auth.ErrWrongCode):
		form.CodeError = "Wrong code. If this goes on, set your phone's clock."
	case errors.Is(err, auth.ErrCodeUsed):
		form.CodeError = "This code was used before. Wait for the next one."
	case errors.Is(err, store.ErrNoCodes):
		form.CodeError = "This account has no codes any more."
	default:
		return err
	}
	return errProofRefused
}

// provePasskey is proveSecond for an answer of a passkey.
func (a *app) provePasskey(c echo.Context, user store.User, signIn string, form *components.SecondProof, answer string, proceed func(store.Proof, store.Settlement) error) error {
	id, err := a.tryPasskey(c, form.Purpose, answer, user.UID, signIn, func(_ store.User, proof store.Proof, settled store.Settlement) error {
		return proceed(proof, settled)
	})
	if form.PasskeyError = passkeyProblem(err); form.PasskeyError == "" {
		return err
	}
	if errors.Is(err, store.ErrNoPasskey) {
		form.Signals = a.unknownPasskey(id)
	}
	if statusOfPasskey(err) == http.StatusUnprocessableEntity {
		return errProofUnreadable
	}
	return errProofRefused
}

// statusOfPasskey is the status of a page whose passkey was not accepted.
func statusOfPasskey(err error) int {
	if errors.Is(err, passkey.ErrUnreadable) {
		return http.StatusUnprocessableEntity
	}
	return http.StatusUnauthorized
}

// proofStatus is the status of a page whose second factor was not accepted; ok is false for other errors.
func proofStatus(err error) (status int, ok bool) {
	switch {
	case errors.Is(err, errProofUnreadable):
		return http.StatusUnprocessableEntity, true
	case errors.Is(err, errProofRefused):
		return http.StatusUnauthorized, true
	}
	return 0, false
}
