package main

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/auth"
	"latchkey/internal/store"
)

// confirmationMaxAge is how long a proof of who is there counts for what matters (ASVS 5.0 7.5.1, 7.5.3).
const confirmationMaxAge = 10 * time.Minute

const confirmField = "confirm_password"

// requireRecentProof does what the signed-in person asked for if they proved lately who they are. Otherwise it asks in
// place, with a form that carries the fields of asked, and does it when that form comes back with the password; where asked
// wants both factors, and the account has a second one, with that too. A passkey is both. The session gets a new token then
// (ASVS 5.0 7.2.4). What do changes, it changes only while the sign-in is still there and was confirmed: the store asks, by
// the origin.
func (a *app) requireRecentProof(c echo.Context, asked components.Asked, do func(echo.Context, store.Origin) error) error {
	me, both := currentSignIn(c), asked.BothFactors && currentSignIn(c).HasSecondFactor
	by := a.origin(c)
	by.ConfirmedSince = by.At.Add(-confirmationMaxAge)
	if asked.BothFactors {
		by.SecondSince = by.ConfirmedSince
	}
	if a.isWithin(confirmationMaxAge, me.ConfirmedAt) && (!both || a.isWithin(confirmationMaxAge, me.SecondAt)) {
		return do(c, by)
	}
	if next := safeNext(c.FormValue("next")); next != "" {
		asked.Carried = append(asked.Carried, components.Carried{Name: "next", Value: next})
	}
	form := components.ConfirmForm{CSRF: csrfToken(c), Me: personOf(me), Asked: asked, Action: c.Request().URL.EscapedPath()}
	if me.HasSecondFactor {
		factors, err := a.store.SecondFactors(c.Request().Context(), me.UID)
		if err != nil {
			return err
		}
		form.Proof = a.secondProof(c, factors, components.PasskeyConfirm)
		form.PasskeyOnly = both && !form.Proof.Code
		if !both { // a passkey will do, but nothing beside the password is needed
			form.Proof.Code, form.Proof.OtherHosts = false, nil
		}
	}
	sent := c.Request().PostForm
	answer := sent.Get(components.PasskeyField)
	if !sent.Has(confirmField) && answer == "" {
		return a.render(c, http.StatusUnauthorized, confirmView(form))
	}
	if answer != "" {
		err := a.provePasskey(c, store.User{UID: me.UID, Username: me.Username}, me.ID, &form.Proof, answer, func(proof store.Proof, settled store.Settlement) error {
			return a.confirmSignIn(c, me, proof, settled)
		})
		if status, ok := proofStatus(err); ok {
			return a.render(c, status, confirmView(form))
		}
		if err != nil {
			return err
		}
		return do(c, by)
	}
	secret := sent.Get(confirmField)
	if secret == "" {
		form.PasswordError = "Password cannot be empty."
		return a.render(c, http.StatusUnprocessableEntity, confirmView(form))
	}
	err := a.guard.Confirm(c.Request().Context(), clientOf(c), me, secret, func(user store.User, settled store.Settlement) error {
		if !both {
			return a.confirmSignIn(c, me, store.Proof{}, settled)
		}
		return a.proveSecond(c, user, me.ID, &form.Proof, func(proof store.Proof, more store.Settlement) error {
			return a.confirmSignIn(c, me, proof, settled.And(more))
		})
	})
	if errors.Is(err, auth.ErrWrongCredentials) {
		form.PasswordError = "Wrong password."
		return a.render(c, http.StatusUnauthorized, confirmView(form))
	}
	if status, ok := proofStatus(err); ok {
		return a.render(c, status, confirmView(form))
	}
	if err != nil {
		return a.orTryLater(c, err, func(message string) view {
			form.Error = message
			return confirmView(form)
		})
	}
	return do(c, by)
}

func (a *app) confirmSignIn(c echo.Context, me store.SignIn, proof store.Proof, settled store.Settlement) error {
	if err := a.renewSession(c); err != nil {
		return err
	}
	return a.remembering(c, func(browser store.DeviceRotation) error {
		return a.withSession(c, func(session store.SessionChange) error {
			return a.store.ConfirmSignIn(c.Request().Context(), me.UID, store.Confirmation{
				Proof: proof, Browser: browser, Settled: settled, Session: session,
			}, a.origin(c))
		})
	})
}

func confirmView(form components.ConfirmForm) view {
	return view{title: "Confirm it's you", main: components.Confirm(form), hasError: form.PasswordError != "" || form.Proof.Invalid() || form.Error != ""}
}
