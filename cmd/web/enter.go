package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/store"
)

// appCodeMaxAge is how long a code that hands a sign-in over to an app is good.
const appCodeMaxAge = time.Minute

// showEnter is the way into an app: log in if need be, choose the account, say "continue" the first time, and off to the
// app with a code.
func (a *app) showEnter(c echo.Context) error {
	return a.enter(c, false)
}

// chooseToEnter takes the account that was chosen, and the answer to "Continue to Photos as Bob".
func (a *app) chooseToEnter(c echo.Context) error {
	return a.enter(c, c.Request().PostFormValue("continue") != "")
}

func (a *app) enter(c echo.Context, continued bool) error {
	form, err := a.enterForm(c)
	if err != nil {
		return err
	}
	signIns, err := a.signedIn(c)
	if err != nil {
		return err
	}
	if len(signIns) == 0 {
		return store.ErrNotSignedIn
	}
	account := c.FormValue("account")
	if account == "" && len(signIns) == 1 && c.FormValue("choose") == "" {
		account = signIns[0].Username
	}
	for _, signIn := range signIns {
		form.Accounts = append(form.Accounts, personOf(signIn))
	}
	at := slices.IndexFunc(signIns, func(s store.SignIn) bool { return s.Username == account })
	if at < 0 {
		return a.render(c, http.StatusOK, view{title: "Open " + form.AppName, main: components.ChooseAccount(form)})
	}
	me := signIns[at]
	form.Me = personOf(me)
	may, known, err := a.store.MayEnter(c.Request().Context(), me.UID, form.Host)
	if err != nil {
		return err
	}
	if !may {
		return a.render(c, http.StatusForbidden, view{title: "No access", main: components.EnterRefused(form)})
	}
	me.MustHaveSecondFactor = me.MustHaveSecondFactor || form.SecondFactor
	if a.lacksSecondFactor(me) {
		a.flash(c, form.AppName+" needs a second factor.")
		return a.redirect(c, components.SecondFactorPathTo(me.Username, form.Path))
	}
	if !known && !continued {
		return a.render(c, http.StatusOK, view{title: "Open " + form.AppName, main: components.ContinueToApp(form)})
	}
	return a.handOverTo(c, form, me)
}

// enterForm reads what the app's host asks for. Nothing typed names a host: the address comes from the app's row.
func (a *app) enterForm(c echo.Context) (components.EnterForm, error) {
	form := components.EnterForm{
		CSRF: csrfToken(c), Administrator: a.face.Administrator(), Host: c.FormValue("app"), To: safeNext(c.FormValue("to")), Scheme: c.FormValue("way"), Nonce: c.FormValue("nonce"),
	}
	app, err := a.store.App(c.Request().Context(), form.Host)
	if errors.Is(err, store.ErrNoApp) {
		return form, echo.ErrNotFound
	}
	if err != nil {
		return form, err
	}
	form.AppName, form.SecondFactor = app.Name, app.SecondFactor
	if form.To == "" {
		form.To = "/"
	}
	form.Path = enterPath(form.Host, form.To, form.Scheme, form.Nonce)
	hash, err := base64.RawURLEncoding.DecodeString(form.Nonce)
	if form.Scheme != "https" && (form.Scheme != "http" || a.secure()) || form.Nonce != "" && (err != nil || len(hash) != 32) {
		return form, echo.ErrBadRequest
	}
	return form, nil
}

// enterPath is the way in as the app's host asks for it.
func enterPath(host, to, scheme, nonce string) string {
	return "/enter?" + url.Values{"app": {host}, "to": {to}, "way": {scheme}, "nonce": {nonce}}.Encode()
}

// handOverTo leads to the app by a page that refreshes itself, because a redirect that follows a form may not lead to
// another host (CSP form-action), and htmx cannot go there.
func (a *app) handOverTo(c echo.Context, form components.EnterForm, me store.SignIn) error {
	if form.Nonce == "" {
		form.Address = form.Scheme + "://" + form.Host + form.To // the app begins the way in
	} else {
		code := rand.Text()
		err := a.store.CreateAppCode(c.Request().Context(), me.UID, store.AppCode{
			CodeHash: hashAppCode(code), SignIn: me.ID, Host: form.Host, NonceHash: []byte(form.Nonce), Target: form.To, Expires: a.now().Add(appCodeMaxAge),
		})
		if err != nil {
			return err
		}
		form.Address = form.Scheme + "://" + form.Host + handOverPath + "enter?" + url.Values{"code": {code}, "to": {form.To}}.Encode()
	}
	if swapsFragment(c.Request()) {
		c.Response().Header().Set("HX-Redirect", form.Address)
		return c.NoContent(http.StatusOK)
	}
	return a.render(c, http.StatusOK, view{title: "Opening " + form.AppName, main: components.HandOver(form), refresh: form.Address})
}
