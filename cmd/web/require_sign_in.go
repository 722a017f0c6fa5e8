package main

import (
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"latchkey/internal/store"
	"latchkey/internal/username"
)

const (
	currentContext = "current sign-in"
	signInsContext = "sign-ins of this browser"
)

// touchEvery is how coarsely last use is recorded: not each page that is read means a write to the disk.
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
