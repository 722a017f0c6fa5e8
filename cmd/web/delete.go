package main

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/store"
	"latchkey/internal/username"
)

func (a *app) showDelete(c echo.Context) error {
	return a.render(c, http.StatusOK, deleteView(components.DeleteForm{CSRF: csrfToken(c), Username: currentSignIn(c).Username}))
}

// deleteAccount removes the account when its name was typed. Its sign-ins, events and codes go with it: no session of
// it counts any more.
func (a *app) deleteAccount(c echo.Context) error {
	me := currentSignIn(c)
	typed := c.Request().PostFormValue("username")
	if name, _ := username.Lookup(typed); name != me.Username {
		return a.render(c, http.StatusUnprocessableEntity, deleteView(components.DeleteForm{
			CSRF: csrfToken(c), Username: me.Username, Typed: validUTF8(typed),
			UsernameError: "Type " + me.Username + " to delete this account.",
		}))
	}
	asked := components.Asked{
		What: "delete the account " + me.Username + " for good", Button: "Delete the account", Danger: true,
		Carried: []components.Carried{{Name: "username", Value: me.Username}},
	}
	return a.requireRecentPassword(c, asked, func(c echo.Context, by store.Origin) error {
		if err := a.store.DeleteUser(c.Request().Context(), me.UID, by); err != nil {
			return err
		}
		if err := a.renewSession(c); err != nil {
			return err
		}
		a.flash(c, "The account "+me.Username+" is deleted.")
		return a.redirect(c, "/login")
	})
}

func deleteView(form components.DeleteForm) view {
	return view{title: "Delete the account", main: components.Delete(form)}
}
