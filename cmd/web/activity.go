package main

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/store"
)

// activityShown is how many events the page shows.
const activityShown = 50

func (a *app) showActivity(c echo.Context) error {
	me := currentSignIn(c)
	events, err := a.store.Activity(c.Request().Context(), me.UID, 0, activityShown)
	if err != nil {
		return err
	}
	rows := make([]components.ActivityRow, len(events))
	for i, event := range events {
		rows[i] = components.ActivityRow{
			What: eventInWords(event), At: event.At, Address: event.Address, Browser: browserInWords(event.UserAgent),
		}
	}
	return a.render(c, http.StatusOK, view{title: "Recent activity", main: components.Activity(me.Username, rows)})
}

var eventWords = map[store.EventKind]string{
	store.AccountCreated:   "The account was created",
	store.LoginSucceeded:   "Login",
	store.LoginFailed:      "Failed login: wrong password",
	store.LoginThrottled:   "A login was refused: too many failed ones before it",
	store.LoggedOut:        "Logout",
	store.PasswordChanged:  "The password was changed",
	store.RecoveryCodeMade: "A recovery code was made",
	store.RecoveryCodeUsed: "The recovery code was used",
	store.RecoveryFailed:   "A wrong recovery code was tried",
	store.SignInEnded:      "A sign-in was ended",
	store.AccountDisabled:  "The account was disabled",
	store.AccountEnabled:   "The account was enabled again",
	store.AccountUnlocked:  "The account was opened for logins again",
	store.PasswordLinkMade: "A link to choose a password was made",
	store.PasswordLinkUsed: "The link to choose a password was used",
}

func eventInWords(event store.Event) string {
	words, ok := eventWords[event.Kind]
	if !ok {
		words = string(event.Kind)
	}
	if event.By == store.Keeper {
		words += ", by the keeper of this site"
	}
	return words
}
