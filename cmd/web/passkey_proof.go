package main

import (
	"errors"
	"slices"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/auth"
	"latchkey/internal/passkey"
	"latchkey/internal/store"
)

// errPasskeyLate means that the browser was not given the challenge that a passkey answered, or not for this, or too long
// ago, or that it was answered before.
var errPasskeyLate = errors.New("no such challenge")

// makeChallenge answers with what a browser needs to have a passkey answer (PublicKeyCredentialRequestOptionsJSON).
func (a *app) makeChallenge(c echo.Context) error {
	if !a.hasPasskeys(c) {
		return echo.ErrNotFound
	}
	ctx, purpose := c.Request().Context(), c.Request().PostFormValue("purpose")
	uid, shown, err := a.accountOfChallenge(c, purpose)
	if err != nil {
		return err
	}
	if err := a.guard.AllowChallenge(ctx, clientOf(c), shown); err != nil {
		return err
	}
	var allowed []passkey.Credential
	if uid != 0 {
		factors, err := a.store.SecondFactors(ctx, uid)
		if err != nil {
			return err
		}
		allowed = a.passkeysHere(factors)
	}
	options, challenge, err := a.passkeys.Request(allowed)
	if err != nil {
		return err
	}
	a.keepChallenge(c, passkeyChallenge{purpose: purpose, uid: uid, value: challenge})
	return a.sendJSON(c, options)
}

// accountOfChallenge is the uid of the account that a challenge is for, as far as this browser has shown that it may know;
// 0 means any. shown is the id of the sign-in, or of the login half done, that shows it.
func (a *app) accountOfChallenge(c echo.Context, purpose string) (uid int64, shown string, err error) {
	switch purpose {
	case components.PasskeyLogin, components.PasskeyRecover:
		return 0, "", nil
	case components.PasskeySecond:
		half, err := a.halfLogin(c)
		if err == nil && stepOfOther(c, half) {
			err = store.ErrNoHalfLogin
		}
		return half.User.UID, half.ID, err
	case components.PasskeyConfirm:
		present, err := a.signedIn(c)
		if err != nil {
			return 0, "", err
		}
		name := c.Request().PostFormValue("account")
		i := slices.IndexFunc(present, func(s store.SignIn) bool { return s.Username == name })
		if i < 0 {
			return 0, "", store.ErrNotSignedIn
		}
		return present[i].UID, present[i].ID, nil
	}
	return 0, "", echo.ErrBadRequest
}

// tryPasskey lets proceed do what the answer of a passkey to a challenge for this purpose allows. uid is the account that
// has to show it, or 0 for a login; signIn is the id of the sign-in in which it is shown, or "". Errors are
// passkey.ErrUnreadable, errPasskeyLate, and those of the guard's TryPasskey. id is that of the passkey.
func (a *app) tryPasskey(c echo.Context, purpose, sent string, uid int64, signIn string, proceed func(store.User, store.Proof, store.Settlement) error) (id []byte, err error) {
	if !a.hasPasskeys(c) {
		return nil, errPasskeyLate
	}
	answer, err := passkey.ReadAnswer([]byte(sent))
	if err != nil {
		return nil, err
	}
	challenge := passkeyChallenge{purpose: purpose, uid: uid, value: answer.Challenge}
	if purpose == components.PasskeyRecover {
		challenge.uid = 0 // whose it is, is known only with the form
	}
	if !a.takeChallenge(c, challenge) {
		return nil, errPasskeyLate
	}
	err = a.guard.TryPasskey(c.Request().Context(), clientOf(c), auth.PasskeyAnswer{
		Answer: answer, Site: a.passkeys, Given: answer.Challenge, Of: uid, SignIn: signIn,
	}, proceed)
	if err != nil {
		a.takeChallenge(c, challenge) // what the session forgot with a change that failed
	}
	return answer.ID, err
}

// passkeyProblem says why a passkey was not accepted, or nothing for an error of another kind.
func passkeyProblem(err error) string {
	switch {
	case errors.Is(err, passkey.ErrUnreadable):
		return "Your browser's answer cannot be read. Please try again."
	case errors.Is(err, errPasskeyLate):
		return "That took too long. Please use your passkey again."
	case errors.Is(err, store.ErrNoPasskey):
		return "This passkey was removed, or its account was."
	case errors.Is(err, auth.ErrPasskeyOfOther):
		return "This passkey is of another account."
	case errors.Is(err, auth.ErrPasskeyRefused):
		return "This passkey was not accepted."
	}
	return ""
}

// logInByPasskey signs in whose passkey it is, which is both factors at once (NIST SP 800-63B-4 section 3.1.7).
func (a *app) logInByPasskey(c echo.Context, form components.LoginForm, sent string) error {
	username := ""
	id, err := a.tryPasskey(c, components.PasskeyLogin, sent, 0, "", func(user store.User, proof store.Proof, settled store.Settlement) error {
		username = user.Username
		return a.startSignIn(c, user, form.Remember, func(login store.NewSignIn) error {
			login.Factors, login.Proof, login.Settled = store.ByPasskey, proof, settled
			return a.store.CreateSignIn(c.Request().Context(), login, a.origin(c))
		})
	})
	form.Error = passkeyProblem(err)
	a.metrics.countLogin(err, false)
	if form.Error != "" {
		if errors.Is(err, store.ErrNoPasskey) {
			form.Passkey, form.Signals = true, a.unknownPasskey(id)
		}
		form.Error += " You can log in with your password."
		return a.render(c, statusOfPasskey(err), loginView(form))
	}
	if err != nil {
		return err
	}
	return a.redirect(c, a.leaveLogin(c, form, username))
}
