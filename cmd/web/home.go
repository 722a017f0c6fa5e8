package main

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/store"
	"latchkey/internal/username"
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

const (
	currentContext = "current sign-in"
	signInsContext = "sign-ins of this browser"
)

// touchEvery is how coarsely last use is recorded, so that reading pages does not mean writing to the disk.
const touchEvery = 5 * time.Minute

// requireSignIn serves pages below /user/:username only to that person, signed in in this browser. Everybody else
// gets one and the same answer, whether there is such an account or not.
func (a *app) requireSignIn(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		signIns, err := a.signedIn(c)
		if err != nil {
			return err
		}
		name, err := usernameInPath(c)
		if err != nil {
			return err
		}
		for _, signIn := range signIns {
			if signIn.Username != name {
				continue
			}
			if a.now().Sub(signIn.LastSeenAt) >= touchEvery {
				a.store.TouchSignIn(signIn.ID, a.now())
			}
			c.Set(currentContext, signIn)
			c.Set(signInsContext, signIns)
			return next(c)
		}
		return store.ErrNotSignedIn
	}
}

// usernameInPath is the account that a path names, in canonical form; "" when no account can have that name.
func usernameInPath(c echo.Context) (string, error) {
	typed := c.Param("username")
	if strings.Contains(typed, "/") {
		return "", echo.ErrNotFound // echo's last parameter takes all that is left of the path
	}
	name, _ := username.Lookup(typed)
	return name, nil
}

// currentSignIn is whose page it is; there always is one behind requireSignIn.
func currentSignIn(c echo.Context) store.SignIn {
	return c.Get(currentContext).(store.SignIn)
}
