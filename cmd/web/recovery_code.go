package main

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/recovery"
	"latchkey/internal/store"
)

func (a *app) showRecovery(c echo.Context) error {
	me := currentSignIn(c)
	madeAt, err := a.store.RecoveryCodeMadeAt(c.Request().Context(), me.UID)
	if err != nil {
		return err
	}
	return a.render(c, http.StatusOK, view{title: "Recovery code", main: components.Recovery(components.RecoveryPage{
		CSRF: csrfToken(c), Username: me.Username, MadeAt: madeAt, Next: nextAfterEnrolment(c),
	})})
}

// makeRecovery makes a code, and confirms the password first if need be.
func (a *app) makeRecovery(c echo.Context) error {
	asked := components.Asked{What: "create a recovery code", Button: "Create recovery code", BothFactors: true}
	return a.requireRecentProof(c, asked, a.makeRecoveryCode)
}

func (a *app) recoverySaved(c echo.Context) error {
	me := currentSignIn(c)
	if err := a.store.MarkRecoveryCodeSaved(c.Request().Context(), me.UID, a.origin(c)); err != nil {
		return err
	}
	a.flash(c, "Recovery code saved.")
	return a.redirect(c, afterLogin(nextAfterEnrolment(c), me.Username))
}

func (a *app) recoveryLater(c echo.Context) error {
	me := currentSignIn(c)
	if err := a.store.PutOffRecoveryCode(c.Request().Context(), me.UID, a.origin(c)); err != nil {
		return err
	}
	a.flash(c, "You can create a recovery code at any time.")
	return a.redirect(c, components.HomePath(me.Username))
}

// makeRecoveryCode renders the new code directly. It is stored only as a hash, and no later page could show it.
func (a *app) makeRecoveryCode(c echo.Context, by store.Origin) error {
	me := currentSignIn(c)
	code := recovery.NewCode()
	hash, _ := recovery.Hash(code)
	if err := a.store.SetRecoveryCode(c.Request().Context(), me.UID, hash[:], by); err != nil {
		return err
	}
	return a.render(c, http.StatusOK, view{
		title: "Your recovery code", main: components.NewRecoveryCode(me.Username, code, csrfToken(c), nextAfterEnrolment(c)),
	})
}
