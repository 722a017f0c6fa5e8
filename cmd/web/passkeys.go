package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/auth"
	"latchkey/internal/passkey"
	"latchkey/internal/store"
)

// addPasskey has the browser make a passkey. It is stored when that comes back.
func (a *app) addPasskey(c echo.Context) error {
	asked := components.Asked{What: "add a passkey", Button: "Continue", BothFactors: true}
	return a.requireRecentProof(c, asked, func(c echo.Context, by store.Origin) error {
		me, ctx := currentSignIn(c), c.Request().Context()
		factors, err := a.store.SecondFactors(ctx, me.UID)
		switch {
		case err != nil:
			return err
		case !a.hasPasskeys(c), !factors.MayBegin(me.ID), len(factors.Passkeys) >= store.MaxPasskeys:
			return a.backToSecondFactor(c, "") // which does not offer it, and says why
		}
		if err := a.guard.AllowChallenge(ctx, clientOf(c), me.ID); err != nil {
			return err
		}
		account, err := a.passkeyAccount(c, me, factors, by)
		if err != nil {
			return err
		}
		options, challenge, err := a.passkeys.Creation(account)
		if err != nil {
			return err
		}
		a.keepChallenge(c, passkeyChallenge{purpose: components.PasskeyEnrol, uid: me.UID, value: challenge})
		return a.render(c, http.StatusOK, view{title: "Add a passkey", main: components.AddPasskey(components.PasskeyForm{
			CSRF: csrfToken(c), Username: me.Username, Options: string(options), First: !me.HasSecondFactor,
			Next: nextAfterEnrolment(c),
		})})
	})
}

func (a *app) passkeyAccount(c echo.Context, me store.SignIn, factors store.SecondFactors, by store.Origin) (passkey.Account, error) {
	handle, err := a.store.PasskeyHandle(c.Request().Context(), me.UID, by)
	return passkey.Account{Handle: handle, Username: me.Username, Name: me.Name, Credentials: a.passkeysHere(factors)}, err
}

// confirmPasskey takes the passkey that the browser made. That its owner confirmed who is there, the challenge tells: it was
// given to them minutes ago.
func (a *app) confirmPasskey(c echo.Context) error {
	me, ctx := currentSignIn(c), c.Request().Context()
	answer := []byte(c.Request().PostFormValue(components.PasskeyField))
	challenge, err := passkey.ChallengeOfCreation(answer)
	switch {
	case err != nil:
		return a.backToSecondFactor(c, "The browser made no passkey. Please try again.")
	case !a.hasPasskeys(c), !a.takeChallenge(c, passkeyChallenge{purpose: components.PasskeyEnrol, uid: me.UID, value: challenge}):
		return a.backToSecondFactor(c, "That took too long. Please start again.")
	}
	factors, err := a.store.SecondFactors(ctx, me.UID)
	if err != nil {
		return err
	}
	made, err := a.passkeys.Created(passkey.Account{Handle: factors.Handle, Username: me.Username}, challenge, answer)
	if err == nil {
		err = a.store.AddPasskey(ctx, store.Passkey{
			Credential: made, UID: me.UID, Host: a.passkeys.Host(), Name: newPasskeyName(factors.Passkeys, browserInWords(c.Request().UserAgent())),
		}, auth.HashChallenge(challenge), a.origin(c))
	}
	switch {
	case errors.Is(err, passkey.ErrRefused), errors.Is(err, passkey.ErrUnreadable):
		return a.backToSecondFactor(c, "This passkey cannot be used here. Please try another one.")
	case errors.Is(err, store.ErrPasskeyTaken):
		return a.backToSecondFactor(c, "This passkey is there already.")
	case errors.Is(err, store.ErrTooManyPasskeys), errors.Is(err, store.ErrNoRecovery):
		return a.backToSecondFactor(c, "Passkey not added.")
	case err != nil:
		return err
	case !me.HasSecondFactor:
		return a.backToSecondFactor(c, "Your second factor is on. You are logged out everywhere else.")
	}
	return a.backToSecondFactor(c, "Passkey added.")
}

// newPasskeyName tells passkeys of one kind of browser apart.
func newPasskeyName(others []store.Passkey, browser string) string {
	name := browser
	for number := 2; slices.ContainsFunc(others, func(p store.Passkey) bool { return p.Name == name }); number++ {
		name = fmt.Sprintf("%s (%d)", browser, number)
	}
	return name
}

func (a *app) removePasskey(c echo.Context) error {
	id := validUTF8(c.Request().PostFormValue("id"))
	asked := components.Asked{
		What: "remove the passkey", Button: "Remove passkey", Danger: true, BothFactors: true,
		Carried: []components.Carried{{Name: "id", Value: id}},
	}
	return a.requireRecentProof(c, asked, func(c echo.Context, by store.Origin) error {
		credential, err := base64.RawURLEncoding.DecodeString(id)
		if err != nil {
			return echo.ErrBadRequest
		}
		removed, err := a.store.RemovePasskey(c.Request().Context(), currentSignIn(c).UID, credential, by)
		switch {
		case err != nil:
			return err
		case !removed:
			return a.backToSecondFactor(c, "This passkey was removed before.")
		}
		return a.backToSecondFactor(c, "Passkey removed.")
	})
}

// showPasskeys fills in what the page about second factors says of passkeys.
func (a *app) showPasskeys(c echo.Context, page *components.SecondFactorPage, me store.SignIn, factors store.SecondFactors) {
	page.PasskeysPossible, page.PasskeysFull = a.hasPasskeys(c), len(factors.Passkeys) >= store.MaxPasskeys
	for _, each := range factors.Passkeys {
		row := components.PasskeyRow{
			ID: base64.RawURLEncoding.EncodeToString(each.ID), Name: each.Name, Synced: each.BackedUp, MadeAt: each.CreatedAt, LastUsedAt: each.LastUsedAt,
		}
		if !a.isForHere(each) {
			row.OtherHost = each.Host
		}
		page.PasskeyRows = append(page.PasskeyRows, row)
	}
	if page.PasskeysPossible && factors.Handle != nil {
		page.Signals = a.passkeySignals(me, factors)
	}
}

// redirectToPasskeys leads to where passkeys are made and removed.
func (a *app) redirectToPasskeys(c echo.Context) error {
	signIns, err := a.signedIn(c)
	if err != nil {
		return err
	}
	to := components.LoginPathTo(passkeysPath)
	if len(signIns) > 0 {
		to = components.SecondFactorPath(signIns[len(signIns)-1].Username)
	}
	return c.Redirect(http.StatusFound, to)
}

const passkeysPath = "/passkeys"

// passkeyEndpoints lets password managers find that page (W3C, A Well-Known URL for Relying Party Passkey Endpoints).
func (a *app) passkeyEndpoints(c echo.Context) error {
	if a.passkeys == nil {
		return echo.ErrNotFound
	}
	page := strings.TrimSuffix(a.site.String(), "/") + passkeysPath
	return c.JSON(http.StatusOK, map[string]string{"enroll": page, "manage": page})
}
