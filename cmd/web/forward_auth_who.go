package main

import (
	"errors"
	"net/http"

	"latchkey/components"
	"latchkey/internal/forward"
	"latchkey/internal/store"
)

// showWhoIsInApp says who is signed in in the app, and leads to the site to use another account or to log out.
func (a *app) showWhoIsInApp(w http.ResponseWriter, asked appRequest, relayed bool) {
	asked = asked.front()
	signIn, err := a.appSignIn(asked)
	isPage := forward.KindOf(asked.method, asked.Header) == forward.Navigation
	if err != nil && !(errors.Is(err, store.ErrNotSignedIn) && isPage && !a.needsHTTPS(asked)) {
		a.refuse(w, asked, signIn, err)
		return
	}
	app, findErr := a.store.App(asked.Context(), asked.host)
	switch {
	case errors.Is(findErr, store.ErrNoApp):
		http.Error(w, "there is no app at this address", http.StatusNotFound)
		return
	case findErr != nil:
		a.refuse(w, asked, signIn, findErr)
		return
	}
	enter := a.enterAddress(asked, a.nonceOf(w, asked))
	if err != nil {
		showAppPage(w, http.StatusUnauthorized, appPage{
			Title: "You are not logged in here", Text: "Log in to open " + app.Name + ".", Links: []appLink{{"Log in", enter, false}},
		})
		return
	}
	status := http.StatusOK
	if relayed {
		status = http.StatusUnauthorized
	}
	showAppPage(w, status, appPage{
		Title: "You are " + personOf(signIn.SignIn).Shown() + " here", Text: app.Name + " knows you by the username " + signIn.Username + ".",
		Links: []appLink{
			{"Open " + app.Name, asked.at("/"), false},
			{"Use another account", enter + "&choose=account", false},
			{"Log out", a.site.String() + components.LogoutPath(signIn.Username), false},
		},
	})
}
