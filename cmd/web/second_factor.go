package main

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/store"
)

func (a *app) showSecondFactor(c echo.Context) error {
	me := currentSignIn(c)
	factors, err := a.store.SecondFactors(c.Request().Context(), me.UID)
	if err != nil {
		return err
	}
	page := components.SecondFactorPage{
		CSRF: csrfToken(c), Username: me.Username, CodesAt: factors.CodeAddedAt,
		MayBegin: factors.MayBegin(me.ID), Any: factors.Any(), Required: a.lacksSecondFactor(me), Lost: me.LostSecondFactor,
	}
	a.showPasskeys(c, &page, me, factors)
	if page.Next = nextAfterEnrolment(c); page.Next == components.SecondFactorPath(me.Username) {
		page.Next = "" // it led here from the recovery code
	}
	if page.Next != "" && page.Any && !page.Required && !page.Lost {
		page.Continue = a.continueTo(c, page.Next)
	}
	return a.render(c, http.StatusOK, view{title: "Second factor", main: components.SecondFactor(page)})
}

// requireSecondFactor leads a person who must have a second factor, and has none, to where one is set up, and nowhere
// else (ASVS 5.0 6.3.3).
func (a *app) requireSecondFactor(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if me := currentSignIn(c); a.lacksSecondFactor(me) {
			return a.redirect(c, components.SecondFactorPathTo(me.Username, nextOf(c)))
		}
		return next(c)
	}
}

// nextAfterEnrolment is where the person was going who was led to the pages of second factors, or "".
func nextAfterEnrolment(c echo.Context) string {
	next := safeNext(c.FormValue("next"))
	if next != "" && leadsToLogin(next, currentSignIn(c).Username) {
		return ""
	}
	return next
}

// continueTo names the link that leads on to next.
func (a *app) continueTo(c echo.Context, next string) string {
	if to, err := url.Parse(next); err == nil && to.Path == "/enter" {
		if app, err := a.store.App(c.Request().Context(), to.Query().Get("app")); err == nil {
			return "Continue to " + app.Name
		}
	}
	return "Continue"
}

// backToSecondFactor shows the message on the page of second factors, and keeps where the person was going.
func (a *app) backToSecondFactor(c echo.Context, message string) error {
	if message != "" {
		a.flash(c, message)
	}
	return a.redirect(c, components.SecondFactorPathTo(currentSignIn(c).Username, nextAfterEnrolment(c)))
}

// lacksSecondFactor reports whether the account must have a second factor on this site and has none, or none that still
// works as far as this sign-in shows.
func (a *app) lacksSecondFactor(me store.SignIn) bool {
	return (!me.HasSecondFactor || me.LostSecondFactor) && (me.MustHaveSecondFactor || a.settings.SecondFactor == "required")
}

// seeHalfLogins takes away what the home page tells about logins without a second factor.
func (a *app) seeHalfLogins(c echo.Context) error {
	me := currentSignIn(c)
	if err := a.store.SeeHalfLogins(c.Request().Context(), me.UID, a.origin(c)); err != nil {
		return err
	}
	return a.redirect(c, components.HomePath(me.Username))
}
