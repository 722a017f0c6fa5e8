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
