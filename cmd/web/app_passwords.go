package main

import (
	"crypto/rand"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/store"
)

// maxAppPasswordName is in characters.
const maxAppPasswordName = 100

func (a *app) showAppPasswords(c echo.Context) error {
	form, err := a.appPasswordsForm(c)
	if err != nil {
		return err
	}
	draft := a.takeDraft(c)
	form.Host, form.Name = draft["host"], draft["name"]
	return a.render(c, http.StatusOK, appPasswordsView(form))
}

// makeAppPassword makes one after confirming the account's password, and renders it directly: it is stored only as a hash.
func (a *app) makeAppPassword(c echo.Context) error {
	host, name := c.Request().PostFormValue("host"), strings.TrimSpace(validUTF8(c.Request().PostFormValue("name")))
	form, err := a.appPasswordsForm(c)
	if err != nil {
		return err
	}
	form.Host, form.Name = host, name
	switch {
	case name == "":
		form.NameError = "Name cannot be empty."
	case utf8.RuneCountInString(name) > maxAppPasswordName:
		form.NameError = "Name cannot be longer than 100 characters."
	}
	if form.NameError != "" {
		return a.render(c, http.StatusUnprocessableEntity, appPasswordsView(form))
	}
	asked := components.Asked{
		What: "create an app password", Button: "Create app password", BothFactors: true,
		Carried: []components.Carried{{Name: "host", Value: validUTF8(host)}, {Name: "name", Value: name}},
	}
	return a.requireRecentProof(c, asked, func(c echo.Context, by store.Origin) error {
		me, secret := currentSignIn(c), rand.Text()
		err := a.store.CreateAppPassword(c.Request().Context(), me.UID, host, name, hashAppPassword(secret), by)
		if errors.Is(err, store.ErrTooMany) {
			form.Error = "This app cannot have another password. End one first."
			return a.render(c, http.StatusUnprocessableEntity, appPasswordsView(form))
		}
		if err != nil {
			return err
		}
		return a.render(c, http.StatusOK, view{
			title: "Your app password", main: components.NewAppPassword(me.Username, name, secret),
		})
	})
}

// endAppPassword ends one. One that is not there any more, or that is somebody else's, gets the same answer.
func (a *app) endAppPassword(c echo.Context) error {
	me := currentSignIn(c)
	id, err := strconv.ParseInt(c.Request().PostFormValue("id"), 10, 64)
	if err != nil {
		id = 0
	}
	if _, err := a.store.EndAppPassword(c.Request().Context(), me.UID, id, a.origin(c)); err != nil {
		return err
	}
	a.flash(c, "App password ended.")
	return a.redirect(c, components.AppPasswordsPath(me.Username))
}

func (a *app) appPasswordsForm(c echo.Context) (components.AppPasswordsForm, error) {
	me := currentSignIn(c)
	form := components.AppPasswordsForm{CSRF: csrfToken(c), Username: me.Username}
	passwords, err := a.store.AppPasswords(c.Request().Context(), me.UID)
	if err != nil {
		return form, err
	}
	for _, password := range passwords {
		form.Rows = append(form.Rows, components.AppPasswordRow{
			ID: password.ID, Name: password.Name, AppName: password.AppName, MadeAt: password.CreatedAt, LastUsedAt: password.LastUsedAt,
		})
	}
	form.Apps, err = a.appLinks(c, me)
	return form, err
}

func appPasswordsView(form components.AppPasswordsForm) view {
	return view{title: "App passwords", main: components.AppPasswords(form), hasError: form.NameError != "" || form.Error != ""}
}

func hashAppPassword(secret string) []byte { return hashOf("app password ", secret) }
