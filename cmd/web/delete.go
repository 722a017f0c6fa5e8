package main

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/store"
	"latchkey/internal/username"
)

func (a *app) showDelete(c echo.Context) error {
	return a.render(c, http.StatusOK, deleteView(components.DeleteForm{
		CSRF: csrfToken(c), Username: currentSignIn(c).Username, Typed: a.takeDraft(c)["username"],
	}))
}

// deleteAccount removes the account when its name was typed. Its sign-ins, events and codes go with it: no session of
// it counts any more.
func (a *app) deleteAccount(c echo.Context) error {
	me := currentSignIn(c)
	typed := c.Request().PostFormValue("username")
	if name, _ := username.Lookup(typed); name != me.Username {
		return a.render(c, http.StatusUnprocessableEntity, deleteView(components.DeleteForm{
			CSRF: csrfToken(c), Username: me.Username, Typed: validUTF8(typed),
			UsernameError: "Type " + me.Username + " to confirm.",
		}))
	}
	asked := components.Asked{
		What: "delete " + me.Username + " for good", Button: "Delete account", Danger: true,
		Carried: []components.Carried{{Name: "username", Value: me.Username}},
	}
	return a.requireRecentProof(c, asked, func(c echo.Context, by store.Origin) error {
		if err := a.store.DeleteUser(c.Request().Context(), me.UID, by); err != nil {
			return err
		}
		if err := a.renewSession(c); err != nil {
			return err
		}
		a.flash(c, "Account "+me.Username+" deleted.")
		return a.redirect(c, "/login")
	})
}

func deleteView(form components.DeleteForm) view {
	return view{title: "Delete account", main: components.Delete(form), hasError: form.UsernameError != ""}
}
