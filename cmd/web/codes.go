package main

import (
	"encoding/base64"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/auth"
	"latchkey/internal/store"
	"latchkey/internal/totp"
)

// setUpCodes shows the secret of new codes, for an app to take. It is stored when a code of it comes back.
func (a *app) setUpCodes(c echo.Context) error {
	asked := components.Asked{What: "set up codes", Button: "Set up codes", BothFactors: true}
	return a.requireRecentProof(c, asked, func(c echo.Context, _ store.Origin) error {
		me, ctx := currentSignIn(c), c.Request().Context()
		factors, err := a.store.SecondFactors(ctx, me.UID)
		if err != nil {
			return err
		}
		if !factors.MayBegin(me.ID) {
			return a.backToSecondFactor(c, "")
		}
		enrolment, err := a.guard.NewCodes(ctx, me.UID, me.ID)
		if errors.Is(err, auth.ErrCodesUnavailable) {
			a.log.Error("set up codes", "error", err, "request", requestID(c))
			return a.backToSecondFactor(c, "Codes cannot be set up at this moment. Contact "+a.face.Administrator()+".")
		}
		if err != nil {
			return err
		}
		return a.showCodes(c, http.StatusOK, enrolment, "")
	})
}

// confirmCodes turns them on when the app shows the right ones (RFC 6238). That its owner confirmed who is there, the
// enrolment tells: it was made for them minutes ago.
func (a *app) confirmCodes(c echo.Context) error {
	me, r := currentSignIn(c), c.Request()
	enrolment, err := base64.RawURLEncoding.DecodeString(r.PostFormValue("enrolment"))
	if err != nil {
		return a.startCodesAgain(c)
	}
	code, ok := totp.Read(r.PostFormValue(components.OneTimeCodeField))
	if !ok {
		return a.showCodes(c, http.StatusUnprocessableEntity, enrolment, "A code has 6 digits.")
	}
	err = a.guard.SetUpCodes(r.Context(), me.UID, enrolment, code, a.origin(c))
	switch {
	case errors.Is(err, auth.ErrWrongCode):
		return a.showCodes(c, http.StatusUnprocessableEntity, enrolment, "Wrong code. If this goes on, set your phone's clock.")
	case errors.Is(err, auth.ErrEnrolmentOver), errors.Is(err, store.ErrNoRecovery):
		return a.startCodesAgain(c)
	case err != nil:
		return err
	}
	message := "Codes are on."
	if !me.HasSecondFactor {
		message = "Your second factor is on. You are logged out everywhere else."
	}
	return a.backToSecondFactor(c, message)
}

func (a *app) startCodesAgain(c echo.Context) error {
	return a.backToSecondFactor(c, "That took too long. Please start again.")
}

func (a *app) removeCodes(c echo.Context) error {
	asked := components.Asked{What: "remove the codes", Button: "Remove codes", Danger: true, BothFactors: true}
	return a.requireRecentProof(c, asked, func(c echo.Context, by store.Origin) error {
		if _, err := a.store.RemoveCodes(c.Request().Context(), currentSignIn(c).UID, by); err != nil {
			return err
		}
		return a.backToSecondFactor(c, "Codes removed.")
	})
}

// showCodes renders the secret directly; no other page shows it.
func (a *app) showCodes(c echo.Context, status int, enrolment []byte, problem string) error {
	me := currentSignIn(c)
	secret, err := a.guard.ReadEnrolment(me.UID, me.ID, enrolment)
	if errors.Is(err, auth.ErrEnrolmentOver) {
		return a.startCodesAgain(c)
	}
	if err != nil {
		return err
	}
	return a.render(c, status, view{title: "Set up codes", hasError: problem != "", main: components.SetUpCodes(components.CodesForm{
		CSRF: csrfToken(c), Username: me.Username, Enrolment: base64.RawURLEncoding.EncodeToString(enrolment),
		Groups: totp.Groups(secret), Address: totp.URI(a.settings.SiteName, me.Username, secret),
		CodeError: problem, First: !me.HasSecondFactor, Next: nextAfterEnrolment(c), Now: a.now(),
	})})
}
