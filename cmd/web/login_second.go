package main

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/recovery"
	"latchkey/internal/store"
)

// showSecondStep asks for the second factor of the account whose password was right (ASVS 5.0 6.3.3).
func (a *app) showSecondStep(c echo.Context) error {
	return a.showStep(c, secondStepView)
}

func (a *app) showRecoveryStep(c echo.Context) error {
	return a.showStep(c, recoveryStepView)
}

func (a *app) showStep(c echo.Context, page func(components.SecondStepForm) view) error {
	form, _, err := a.secondStepForm(c)
	switch {
	case !errors.Is(err, store.ErrNoHalfLogin):
	case a.lostCookies(c):
		return store.ErrNotSignedIn // which says so
	case !strings.HasPrefix(cameFrom(c), "/login/"):
		return a.redirect(c, components.LoginPathTo(form.Next))
	}
	if err != nil {
		return err
	}
	return a.render(c, http.StatusOK, page(form))
}

func (a *app) passSecondStep(c echo.Context) error {
	form, half, err := a.secondStepForm(c)
	if err != nil {
		return a.orStepOfOther(c, err, form)
	}
	err = a.proveSecond(c, half.User, "", &form.Proof, func(proof store.Proof, settled store.Settlement) error {
		return a.finishLogin(c, half, func(login store.NewSignIn) error {
			login.Factors, login.Proof, login.Settled = proof.Factors(), proof, settled
			return a.store.CreateSignIn(c.Request().Context(), login, a.origin(c))
		})
	})
	if status, ok := proofStatus(err); ok {
		return a.render(c, status, secondStepView(form))
	}
	if err != nil {
		return a.orTryLater(c, err, func(message string) view {
			form.Error = message
			return secondStepView(form)
		})
	}
	return a.redirect(c, afterLogin(form.Next, half.User.Username))
}

// passRecoveryStep takes the recovery code in place of a second factor that was lost, and gives a new one (ASVS 5.0 6.4.4).
func (a *app) passRecoveryStep(c echo.Context) error {
	form, half, err := a.secondStepForm(c)
	if err != nil {
		return a.orStepOfOther(c, err, form)
	}
	ctx, typed := c.Request().Context(), c.Request().PostFormValue("recovery_code")
	if strings.TrimSpace(typed) == "" {
		form.RecoveryError = "Recovery code cannot be empty."
		return a.render(c, http.StatusUnprocessableEntity, recoveryStepView(form))
	}
	if err := a.guard.AllowRecovery(ctx, clientOf(c), half.User.Username); err != nil {
		return a.orTryLater(c, err, func(message string) view {
			form.Error = message
			return recoveryStepView(form)
		})
	}
	codeHash, _ := recovery.Hash(typed)
	newCode := recovery.NewCode()
	newCodeHash, _ := recovery.Hash(newCode)
	err = a.finishLogin(c, half, func(login store.NewSignIn) error {
		login.Factors = store.ByPasswordAndRecovery
		return a.store.LogInByRecoveryCode(ctx, store.RecoverParams{CodeHash: codeHash[:], NewCodeHash: newCodeHash[:], Login: login}, a.origin(c))
	})
	if errors.Is(err, store.ErrNoRecoveryCode) {
		a.store.RecordFailure(store.Failure{Kind: store.RecoveryFailed, UID: half.User.UID}, a.origin(c))
		form.RecoveryError = "Wrong recovery code."
		return a.render(c, http.StatusUnauthorized, recoveryStepView(form))
	}
	if err != nil {
		return err
	}
	if err := a.showAsSignedIn(c, half.User.Username); err != nil {
		return err
	}
	return a.render(c, http.StatusOK, view{
		title: "You are logged in", main: components.RecoveredStep(half.User.Username, newCode, csrfToken(c), form.Next),
	})
}

// finishLogin signs in whose second step is passed. Whatever ended sign-ins since the first step ended it, too.
func (a *app) finishLogin(c echo.Context, half store.HalfLogin, record func(store.NewSignIn) error) error {
	err := a.startSignIn(c, half.User, half.Remembered, func(login store.NewSignIn) error {
		login.HalfLogin, login.Abandoned = half.ID, ""
		return record(login)
	})
	if errors.Is(err, store.ErrPasswordChanged) {
		err = store.ErrNoHalfLogin
	}
	if err == nil {
		a.metrics.countLogin(nil, false)
	}
	return err
}

// errStepOfOther means that a second step was sent for another account than the one whose login has begun last in this
// browser: in another tab, say.
var errStepOfOther = errors.New("second step of another account")

// orStepOfOther shows whose second step it is instead. What was sent is tried against nobody.
func (a *app) orStepOfOther(c echo.Context, err error, form components.SecondStepForm) error {
	if !errors.Is(err, errStepOfOther) {
		return err
	}
	a.flash(c, "You are logging in as "+form.Me.Shown()+" in another tab. For another account, go back to log in.")
	return a.redirect(c, components.SecondStepPath(form.Next))
}

// secondStepForm returns store.ErrNoHalfLogin when there is no login to go on with, and errStepOfOther.
func (a *app) secondStepForm(c echo.Context) (components.SecondStepForm, store.HalfLogin, error) {
	form := components.SecondStepForm{CSRF: csrfToken(c), Next: safeNext(c.FormValue("next")), Administrator: a.face.Administrator()}
	half, err := a.halfLogin(c)
	if err != nil {
		return form, half, err
	}
	form.Me = components.Person{Username: half.User.Username, Name: half.User.Name}
	if stepOfOther(c, half) {
		return form, half, errStepOfOther
	}
	factors, err := a.store.SecondFactors(c.Request().Context(), half.User.UID)
	switch {
	case err != nil:
		return form, half, err
	case !factors.Any(): // removed since: the password alone is enough
		return form, half, store.ErrNoHalfLogin
	}
	form.Proof = a.secondProof(c, factors, components.PasskeySecond)
	return form, half, nil
}

func stepOfOther(c echo.Context, half store.HalfLogin) bool {
	sent := c.Request().PostForm
	return sent.Has("account") && sent.Get("account") != half.User.Username
}

func secondStepView(form components.SecondStepForm) view {
	return view{title: "One more step", main: components.SecondStep(form), hasError: form.Proof.Invalid() || form.Error != ""}
}

func recoveryStepView(form components.SecondStepForm) view {
	return view{title: "Use your recovery code", main: components.RecoveryStep(form), hasError: form.RecoveryError != "" || form.Error != ""}
}
