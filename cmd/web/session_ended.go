package main

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"latchkey/components"
)

// maxCarried bounds what is carried through a login, in bytes.
const maxCarried = 4000

// tookTooLong is for a login whose second step did not come in time. What else ends such a login is told nobody here.
const tookTooLong = "That took too long. Log in again."

// typedFields are the fields of account pages in which people type something that is no secret, by route.
var typedFields = map[string][]string{
	"/user/:username/app-passwords": {"host", "name"},
	"/user/:username/delete":        {"username"},
}

// showSessionEnded answers a request that needs a login with the login form itself. Everybody gets the same answer,
// whether there is an account of the name in the path or not. halfway is whether it needs a login whose second step is to
// come.
func (a *app) showSessionEnded(c echo.Context, halfway bool) error {
	name, _ := usernameInPath(c)
	form := components.LoginForm{
		CSRF:         csrfToken(c),
		Username:     name,
		Error:        "Log in to continue.",
		Next:         nextOf(c),
		SignupClosed: a.signupClosed(),
		Passkey:      a.offersPasskeys(c),
	}
	present, err := a.signedIn(c)
	if err != nil {
		return err
	}
	for _, signIn := range present {
		form.Present = append(form.Present, personOf(signIn))
	}
	switch {
	case halfway:
		form.Error = tookTooLong
	case len(present) == 0 && a.isKnownBrowser(c):
		form.Error = "Your session has ended. Log in to continue."
	}
	for _, field := range typedFields[c.Path()] {
		if typed := validUTF8(c.Request().PostForm.Get(field)); typed != "" && len(typed) <= maxCarried {
			form.Carried = append(form.Carried, components.Carried{Name: field, Value: typed})
		}
	}
	c.Set(currentContext, nil) // the store may have found that this sign-in is over
	// The form takes the place of the page, whatever part of it was asked for.
	c.Response().Header().Set("HX-Retarget", "#main")
	c.Response().Header().Set("HX-Reswap", "innerHTML")
	return a.render(c, http.StatusUnauthorized, view{title: "Log in", main: components.Login(form)})
}

// isKnownBrowser reports whether somebody has logged in in this browser before.
func (a *app) isKnownBrowser(c echo.Context) bool {
	_, err := c.Cookie(a.deviceCookieName())
	return err == nil
}

// carriedAlong returns the fields that the login form carries for another form.
func carriedAlong(sent url.Values) []components.Carried {
	var carried []components.Carried
	for _, fields := range typedFields {
		for _, field := range fields {
			if typed := validUTF8(sent.Get(components.CarriedPrefix + field)); typed != "" && len(typed) <= maxCarried {
				carried = append(carried, components.Carried{Name: field, Value: typed})
			}
		}
	}
	return carried
}

// formPage returns the page on which the form stands that was sent to path.
func formPage(path string) string {
	if home, ok := strings.CutSuffix(path, "/seen"); ok && strings.Count(home, "/") == 2 {
		return home
	}
	for _, action := range []string{"/others", "/saved", "/later", "/end", "/codes", "/codes/confirm", "/codes/remove", "/passkeys",
		"/passkeys/confirm", "/passkeys/remove"} {
		if page, ok := strings.CutSuffix(path, action); ok && strings.Count(page, "/") == 3 {
			return page
		}
	}
	return path
}
