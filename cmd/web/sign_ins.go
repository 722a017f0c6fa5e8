package main

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/store"
)

// signInsShown is how many sign-ins one page shows; the store bounds how many there are.
const signInsShown = 20

// showSignIns lists where the person is signed in, this browser first (ASVS 5.0 7.5.2). A page beyond the last one,
// which sign-ins that have ended leave behind, is the last one.
func (a *app) showSignIns(c echo.Context) error {
	me := currentSignIn(c)
	number, ok := positiveParam(c, "page")
	if !ok {
		return echo.ErrNotFound
	}
	signIns, err := a.store.SignInsOf(c.Request().Context(), me.UID, me.ID)
	if err != nil {
		return err
	}
	signIns = slices.DeleteFunc(signIns, a.hasEnded)
	entered, err := a.store.AppsEntered(c.Request().Context(), me.UID)
	if err != nil {
		return err
	}
	last := max(1, (len(signIns)+signInsShown-1)/signInsShown)
	number = min(max(number, 1), last)
	page := components.SignInsPage{
		CSRF: csrfToken(c), Username: me.Username,
		Alone: !slices.ContainsFunc(signIns, func(s store.SignIn) bool { return s.ID != me.ID }),
	}
	first := (number - 1) * signInsShown
	for _, signIn := range signIns[first:min(first+signInsShown, len(signIns))] {
		page.Rows = append(page.Rows, components.SignInRow{
			ID: signIn.ID, Here: signIn.ID == me.ID, Browser: browserInWords(signIn.UserAgent), Address: signIn.Address,
			BeganAt: signIn.CreatedAt, LastUsedAt: signIn.LastSeenAt, Apps: entered[signIn.ID],
		})
	}
	if number > 1 {
		page.Pages.Newer = signInsPath(me.Username, number-1)
	}
	if number < last {
		page.Pages.Older = signInsPath(me.Username, number+1)
	}
	return a.render(c, http.StatusOK, view{title: "Sessions", main: components.SignIns(page)})
}

func signInsPath(username string, page int) string {
	path := components.SignInsPath(username)
	if page == 1 {
		return path
	}
	return path + "?page=" + strconv.Itoa(page)
}

// endSignIn ends one other sign-in of the account. One that is not there any more, or that is somebody else's, gets the
// same answer.
func (a *app) endSignIn(c echo.Context) error {
	id := c.Request().PostFormValue("id")
	asked := components.Asked{
		What: "log out that session", Button: "Log out",
		Carried: []components.Carried{{Name: "id", Value: validUTF8(id)}},
	}
	return a.requireRecentProof(c, asked, func(c echo.Context, by store.Origin) error {
		me := currentSignIn(c)
		userAgent, ended, err := a.store.EndSignIn(c.Request().Context(), me.UID, id, by)
		message := "That session had ended already."
		if ended {
			message = "Logged out " + browserInWords(userAgent) + "."
		}
		return a.signInsEnded(c, message, err)
	})
}

func (a *app) endOtherSignIns(c echo.Context) error {
	asked := components.Asked{What: "log out everywhere else", Button: "Log out everywhere else"}
	return a.requireRecentProof(c, asked, func(c echo.Context, by store.Origin) error {
		ended, err := a.store.EndOtherSignIns(c.Request().Context(), currentSignIn(c).UID, by)
		message := fmt.Sprintf("Logged out %d other sessions.", ended)
		switch ended {
		case 0:
			message = "There were no other sessions."
		case 1:
			message = "Logged out 1 other session."
		}
		return a.signInsEnded(c, message, err)
	})
}

func (a *app) signInsEnded(c echo.Context, message string, err error) error {
	if err != nil {
		return err
	}
	a.flash(c, message)
	return a.redirect(c, components.SignInsPath(currentSignIn(c).Username))
}
