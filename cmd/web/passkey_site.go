package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/auth"
	"latchkey/internal/passkey"
	"latchkey/internal/store"
)

// newPasskeySite returns nil where browsers have no passkeys for the address.
func newPasskeySite(site *url.URL, name string) *passkey.Site {
	host := canonicalHost(site.Host)
	if !passkey.IsPossible(&url.URL{Scheme: site.Scheme, Host: host}) {
		return nil
	}
	passkeys, err := passkey.NewSite(host, originOf(site), name)
	if err != nil {
		return nil
	}
	return passkeys
}

// hasPasskeys reports whether browsers have passkeys for the address that they came by. A site without --url goes by others,
// too: an IP address, say.
func (a *app) hasPasskeys(c echo.Context) bool {
	return a.passkeys != nil && (a.settings.URL != nil || strings.EqualFold(c.Request().Host, a.site.Host))
}

// offersPasskeys reports whether the login page has a passkey in place of name and password: not before anybody has one.
func (a *app) offersPasskeys(c echo.Context) bool {
	if !a.hasPasskeys(c) {
		return false
	}
	has, err := a.store.HasPasskeys(c.Request().Context(), a.passkeys.Host())
	if err != nil {
		a.log.Error("look for passkeys", "error", err, "request", requestID(c)) // passwords go on
	}
	return has
}

// isForHere reports whether a passkey is good at this site's host.
func (a *app) isForHere(each store.Passkey) bool {
	return a.passkeys != nil && each.Host == a.passkeys.Host()
}

// passkeysHere are those of an account that are good here.
func (a *app) passkeysHere(factors store.SecondFactors) (here []passkey.Credential) {
	for _, each := range factors.Passkeys {
		if a.isForHere(each) {
			here = append(here, each.Credential)
		}
	}
	return here
}

// passkeySignals tell the browser which passkeys of an account are good, and what its account is called.
func (a *app) passkeySignals(me store.SignIn, factors store.SecondFactors) []components.PasskeySignal {
	ids, handle := []string{}, base64.RawURLEncoding.EncodeToString(factors.Handle)
	for _, each := range a.passkeysHere(factors) {
		ids = append(ids, base64.RawURLEncoding.EncodeToString(each.ID))
	}
	return []components.PasskeySignal{
		{Method: "signalAllAcceptedCredentials", Details: map[string]any{"rpId": a.passkeys.Host(), "userId": handle, "allAcceptedCredentialIds": ids}},
		{Method: "signalCurrentUserDetails", Details: map[string]any{"rpId": a.passkeys.Host(), "userId": handle, "name": me.Username, "displayName": me.Name}},
	}
}

// unknownPasskey tells the browser of a passkey that nobody has any more.
func (a *app) unknownPasskey(id []byte) []components.PasskeySignal {
	return []components.PasskeySignal{{Method: "signalUnknownCredential", Details: map[string]any{
		"rpId": a.passkeys.Host(), "credentialId": base64.RawURLEncoding.EncodeToString(id),
	}}}
}

// warnOfSecondFactors says at the start which of them do not work.
func (a *app) warnOfSecondFactors(ctx context.Context) {
	problem, err := auth.KeyFileProblem(ctx, a.store, a.settings.keyFile())
	if err != nil {
		a.log.Error("check key file", "error", err)
	}
	if problem != "" {
		a.log.Error(problem)
	}
	a.warnOfOtherHosts(ctx)
}

// warnOfOtherHosts says at the start how many passkeys a change of --url has ended.
func (a *app) warnOfOtherHosts(ctx context.Context) {
	host := canonicalHost(a.site.Host)
	numbers, err := a.store.PasskeysOfOtherHosts(ctx, host)
	if err != nil {
		a.log.Error("count passkeys", "error", err)
		return
	}
	for _, other := range slices.Sorted(maps.Keys(numbers)) {
		a.log.Warn(fmt.Sprintf("%d passkeys were made for %s and do not work at %s: their owners log in by password and recovery code, and add new ones", numbers[other], other, host))
	}
}
