package main

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/auth"
	"latchkey/internal/store"
	"latchkey/internal/totp"
)

// A second factor that was not accepted; the form says why.
var (
	errProofUnreadable = errors.New("second factor unreadable")
	errProofRefused    = errors.New("second factor refused")
)

// secondProof is the part of a form that asks the account for a second factor.
func (a *app) secondProof(factors store.SecondFactors) components.SecondProof {
	proof := components.SecondProof{Code: factors.Code(), Now: a.now()}
	for _, passkey := range factors.Passkeys {
		if passkey.Host == a.site.Hostname() {
			proof.Passkey = true
		} else {
			proof.OtherHosts = append(proof.OtherHosts, passkey.Host)
		}
	}
	return proof
}

// proveSecond lets proceed do what the second factor that the form brought allows. signIn is the id of the sign-in in which
// it is shown, and "" in a login. A factor that was not accepted is errProofUnreadable or errProofRefused, and form says
// why; the other errors are those of the guard's TryCode.
func (a *app) proveSecond(c echo.Context, user store.User, signIn string, form *components.SecondProof, proceed func(store.Proof, store.Settlement) error) error {
	typed := c.Request().PostFormValue(components.OneTimeCodeField)
	if strings.TrimSpace(typed) == "" {
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
