package main

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/store"
)

func (a *app) showSecondFactor(c echo.Context) error {
	me := currentSignIn(c)
	factors, err := a.store.SecondFactors(c.Request().Context(), me.UID)
	if err != nil {
		return err
	}
	page := components.SecondFactorPage{
		CSRF: csrfToken(c), Username: me.Username, CodesAt: factors.CodeAddedAt,
		RecoverySaved: factors.RecoveryCodeSaved, Any: factors.Any(), Required: a.lacksSecondFactor(me), Lost: me.LostSecondFactor,
	}
	a.showPasskeys(c, &page, me, factors)
	return a.render(c, http.StatusOK, view{title: "Second factor", main: components.SecondFactor(page)})
}

// requireSecondFactor leads a person who must have a second factor, and has none, to where one is set up, and nowhere
// else (ASVS 5.0 6.3.3).
func (a *app) requireSecondFactor(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if me := currentSignIn(c); a.lacksSecondFactor(me) {
			return a.redirect(c, components.SecondFactorPath(me.Username))
		}
		return next(c)
	}
}

// lacksSecondFactor reports whether the account must have a second factor on this site and has none, or none that still
// works as far as this sign-in shows.
func (a *app) lacksSecondFactor(me store.SignIn) bool {
	return (!me.HasSecondFactor || me.LostSecondFactor) && (me.MustHaveSecondFactor || a.settings.SecondFactor == "required")
}

// seeHalfLogins takes away what the home page tells about logins without a second factor.
func (a *app) seeHalfLogins(c echo.Context) error {
	me := currentSignIn(c)
	if err := a.store.SeeHalfLogins(c.Request().Context(), me.UID, a.origin(c)); err != nil {
		return err
	}
	return a.redirect(c, components.HomePath(me.Username))
}
