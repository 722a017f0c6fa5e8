package main

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/store"
)

// showLogout asks first: a link that somebody else made must not log anybody out.
func (a *app) showLogout(c echo.Context) error {
	name, err := usernameInPath(c)
	if err != nil {
		return err
	}
	if name == "" {
		return echo.ErrNotFound
	}
	person := components.Person{Username: name, Name: name}
	signIns, err := a.signedIn(c)
	if err != nil {
		return err
	}
	if at := slices.IndexFunc(signIns, func(s store.SignIn) bool { return s.Username == name }); at >= 0 {
		person = personOf(signIns[at])
	}
	return a.render(c, http.StatusOK, view{title: "Log out", main: components.Logout(person, csrfToken(c))})
}

// logOut ends the sign-in of one account in this browser. When there is none, what the person wanted is so already.
func (a *app) logOut(c echo.Context) error {
	name, err := usernameInPath(c)
	if err != nil {
		return err
	}
	return a.logOutWhere(c, func(s store.SignIn) bool { return s.Username == name })
}

// logOutAll ends the sign-ins of all accounts in this browser.
func (a *app) logOutAll(c echo.Context) error {
	return a.logOutWhere(c, func(store.SignIn) bool { return true })
}

func (a *app) logOutWhere(c echo.Context, which func(store.SignIn) bool) error {
	ended, err := a.endSignIns(c, which)
	if err != nil {
		return err
	}
	a.flash(c, "Successfully logged out.")
	if ended == 0 {
		return a.showLogin(c) // in this answer: a session that only holds a message would be written for nothing
	}
	return a.redirect(c, "/login")
}
