package main

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/store"
)

// activityShown is how many events one page shows.
const activityShown = 50

// showActivity shows a page of events: the newest, or those before the event that the address names.
func (a *app) showActivity(c echo.Context) error {
	me := currentSignIn(c)
	ctx := c.Request().Context()
	parameter, ok := positiveParam(c, "before")
	if !ok {
		return echo.ErrNotFound
	}
	before := int64(parameter)
	events, err := a.store.Activity(ctx, me.UID, before, activityShown+1) // one more tells whether there is an older page
	if err != nil {
		return err
	}
	page := components.ActivityPage{Username: me.Username}
	if len(events) > activityShown {
		events = events[:activityShown]
		page.Pages.Older = activityPath(me.Username, events[activityShown-1].ID)
	}
	if before != 0 {
		newer, err := a.store.NewerActivity(ctx, me.UID, before, activityShown)
		if err != nil {
			return err
		}
		page.Pages.Newer = activityPath(me.Username, newer)
	}
	for _, event := range events {
		page.Rows = append(page.Rows, components.ActivityRow{
			What: eventInWords(event), At: event.FirstAt, LastAt: event.At, Repeats: event.Repeats,
			Address: event.Address, Browser: browserInWords(event.UserAgent),
		})
	}
	return a.render(c, http.StatusOK, view{title: "Recent activity", main: components.Activity(page)})
}

func activityPath(username string, before int64) string {
	path := components.ActivityPath(username)
	if before == 0 {
		return path
	}
	return path + "?before=" + strconv.FormatInt(before, 10)
}

// positiveParam reads a number above 0 from the address. Without the parameter it is 0; ok is false for anything else.
func positiveParam(c echo.Context, name string) (number int, ok bool) {
	text := c.QueryParam(name)
	if text == "" {
		return 0, true
	}
	number, err := strconv.Atoi(text)
	return number, err == nil && number > 0
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
	store.RecoveryCodeVoid: "The recovery code stopped working: the password was changed",
	store.RecoveryFailed:   "A wrong recovery code was tried",
	store.SignInEnded:      "A session was ended",
	store.AccountDisabled:  "The account was disabled",
	store.AccountEnabled:   "The account was enabled again",
	store.AccountUnlocked:  "The account was unlocked",
	store.PasswordLinkMade: "A link to choose a password was made",
	store.PasswordLinkUsed: "The link to choose a password was used",
	store.AppPasswordMade:  "An app password was made",
	store.AppPasswordEnded: "An app password was ended",

	store.CodesAdded:        "Codes from an app were set up",
	store.CodesRemoved:      "Codes from an app were removed",
	store.PasskeyAdded:      "A passkey was added",
	store.PasskeyRemoved:    "A passkey was removed",
	store.SecondFactorsLost: "The second factors were removed as lost",
	store.SecondStepMissing: "Right password, but no second factor",
	store.RecoveryHalfDone:  "Right recovery code; the second factor was asked for",
	store.LostLinkMade:      "A link was made to choose a password and remove the second factors",
	store.SecondStepFailed:  "A wrong code was tried",
	store.PasskeyRefused:    "A passkey was refused",
	store.SecondThrottled:   "A code was refused: too many wrong ones before it",
}

func eventInWords(event store.Event) string {
	words, ok := eventWords[event.Kind]
	if !ok {
		words = string(event.Kind)
	}
	if event.By == store.Admin {
		words += ", by an administrator"
	}
	return words
}
