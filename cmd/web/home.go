package main

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/store"
)

// showFirstPage goes to the home page of the account last signed in in this browser, or to the login form.
func (a *app) showFirstPage(c echo.Context) error {
	signIns, err := a.signedIn(c)
	if err != nil {
		return err
	}
	if len(signIns) == 0 {
		return a.redirect(c, "/login")
	}
	return a.redirect(c, components.HomePath(signIns[len(signIns)-1].Username))
}

func (a *app) showHome(c echo.Context) error {
	me, now := currentSignIn(c), a.now()
	overview, err := a.store.Overview(c.Request().Context(), me.UID, a.cutoffs(now))
	if err != nil {
		return err
	}
	apps, err := a.appLinks(c, me)
	if err != nil {
		return err
	}
	return a.render(c, http.StatusOK, view{title: personOf(me).Shown(), main: components.Home(components.HomePage{
		CSRF:                 csrfToken(c),
		Me:                   personOf(me),
		Apps:                 apps,
		Sessions:             overview.SignIns,
		PasswordChangedAt:    overview.PasswordChangedAt,
		RecoveryCodeMadeAt:   overview.RecoveryCodeMadeAt,
		PreviousLoginAt:      me.PreviousLoginAt,
		PreviousLoginAddress: me.PreviousLoginAddress,
		PreviousLoginBrowser: browserInWords(me.PreviousLoginUserAgent),
		OfferRecovery:        me.LacksRecoveryCode,
		SecondFactor:         secondFactorInWords(overview),
		ReplaceFactor:        me.Factors == store.ByPasswordAndRecovery && overview.SecondFactorAddedAt.Before(me.CreatedAt),
		HalfLogin:            overview.HalfLogin.At,
		HalfLoginAddress:     overview.HalfLogin.Address,
		HalfLoginBrowser:     browserInWords(overview.HalfLogin.UserAgent),
	})})
}

func secondFactorInWords(overview store.Overview) string {
	var words []string
	if overview.Codes {
		words = append(words, "Codes from an app")
	}
	switch overview.Passkeys {
	case 0:
	case 1:
		words = append(words, "1 passkey")
	default:
		words = append(words, fmt.Sprintf("%d passkeys", overview.Passkeys))
	}
	return strings.Join(words, ", ")
}

// appLinks returns the apps that the account may enter. Without forward authentication there is no way into any.
func (a *app) appLinks(c echo.Context, me store.SignIn) ([]components.AppLink, error) {
	if (a.settings.ForwardAuthAddr == hostPort{}) {
		return nil, nil
	}
	apps, err := a.store.AppsOf(c.Request().Context(), me.UID)
	if err != nil {
		return nil, err
	}
	var links []components.AppLink
	for _, app := range apps {
		links = append(links, components.AppLink{Name: app.Name, Host: app.Host, Address: a.site.Scheme + "://" + app.Host + "/"})
	}
	return links, nil
}
