package main

import (
	"errors"
	"net/http"

	"latchkey/internal/auth"
	"latchkey/internal/store"
)

// appPasswordHeader carries an app password for apps that need Authorization themselves.
const appPasswordHeader = "Latchkey-Password"

// byAppPassword returns who a program without a browser works for. A wrong app password counts against the address that
// it comes from, never against an account: it names none.
func (a *app) byAppPassword(asked appRequest) (store.AppSignIn, error) {
	secret := asked.Header.Get(appPasswordHeader)
	if secret == "" {
		_, basic, ok := asked.BasicAuth()
		if !ok || basic == "" {
			return store.AppSignIn{}, store.ErrNotSignedIn
		}
		secret = basic
	}
	found, err := a.store.UserByAppPassword(asked.Context(), asked.host, hashAppPassword(secret), a.now())
	if err == nil && (!found.MayEnter || a.lacksSecondFactor(found.SignIn)) {
		return found, errNotAllowed
	}
	if !errors.Is(err, store.ErrNotSignedIn) {
		return found, err
	}
	client := auth.Client{Address: a.addressOf(asked.Request), UserAgent: asked.UserAgent()}
	allow := a.guard.Allow
	if asked.counted {
		allow = a.guard.WouldAllow
	}
	var throttled *auth.ThrottledError
	if err := allow(asked.Context(), client, auth.AppPassword); errors.As(err, &throttled) {
		return store.AppSignIn{}, errThrottled
	} else if err != nil {
		return store.AppSignIn{}, err
	}
	return store.AppSignIn{}, store.ErrNotSignedIn
}

// challengeFor asks a program for an app password where the app has some: git and WebDAV send theirs only then. A browser
// would ask the person for it.
func (a *app) challengeFor(w http.ResponseWriter, asked appRequest) {
	if asked.Header.Get("Sec-Fetch-Mode") != "" || asked.Header.Get("X-Requested-With") != "" {
		return
	}
	if has, err := a.store.HasAppPasswords(asked.Context(), asked.host); err == nil && has {
		w.Header().Set("WWW-Authenticate", `Basic realm="App password", charset="UTF-8"`)
	}
}
