package main

import (
	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/store"
)

// accountHead returns the head of a page of an account, or nil on other pages.
func accountHead(c echo.Context) *components.AccountHead {
	me, ok := c.Get(currentContext).(store.SignIn)
	if !ok {
		return nil
	}
	head := &components.AccountHead{CSRF: csrfToken(c), Me: personOf(me)}
	for _, signIn := range c.Get(signInsContext).([]store.SignIn) {
		if signIn.UID != me.UID {
			head.Others = append(head.Others, personOf(signIn))
		}
	}
	return head
}

func personOf(signIn store.SignIn) components.Person {
	return components.Person{Username: signIn.Username, Name: signIn.Name}
}

// showAsSignedIn has the page that answers the request that signed somebody in be a page of their account.
func (a *app) showAsSignedIn(c echo.Context, username string) error {
	signIns, err := a.signedIn(c)
	if err != nil {
		return err
	}
	for _, signIn := range signIns {
		if signIn.Username == username {
			c.Set(currentContext, signIn)
			c.Set(signInsContext, signIns)
		}
	}
	return nil
}
