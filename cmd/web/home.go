package main

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/store"
)

// showFirstPage goes to the home page of the account last signed in in this browser, or to the login form.
func (a *app) showFirstPage(c echo.Context) error {
	signIns, err := a.signedIn(c)
	if err != nil {
		return err
	}
	if len(signIns) == 0 {
		return a.redirect(c, "/login")
	}
	return a.redirect(c, components.HomePath(signIns[len(signIns)-1].Username))
}

func (a *app) showHome(c echo.Context) error {
	me := currentSignIn(c)
	home := components.HomePage{
		CSRF:                 csrfToken(c),
		Username:             me.Username,
		PreviousLoginAt:      me.PreviousLoginAt,
		PreviousLoginAddress: me.PreviousLoginAddress,
		OfferRecovery:        me.LacksRecoveryCode,
	}
	for _, signIn := range c.Get(signInsContext).([]store.SignIn) {
		if signIn.UID != me.UID {
			home.Others = append(home.Others, signIn.Username)
		}
	}
	return a.render(c, http.StatusOK, view{title: components.TitleCase(me.Username), main: components.Home(home)})
}
