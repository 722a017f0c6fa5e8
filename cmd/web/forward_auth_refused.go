package main

import (
	"crypto/rand"
	"errors"
	"net/http"
	"strings"

	"latchkey/internal/forward"
	"latchkey/internal/store"
)

// refused answers the request that nginx's check has refused, for which nginx asks with the same headers.
func (a *app) refused() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, err := originalRequest(r)
		if err != nil {
			a.refuseMalformed(w, err)
			return
		}
		if strings.HasPrefix(asked.uri.Path, handOverPath) {
			http.NotFound(w, r) // opened by hand: the way in would lead back to here, again and again
			return
		}
		asked.counted = true
		signIn, err := a.appSignIn(asked)
		if err == nil {
			err = store.ErrNotSignedIn // signed in a moment after it was refused: the way in leads back at once
		}
		a.refuse(w, asked, signIn, err)
	})
}

// refuse answers with what the client can use: a way to the login where there is a person to see it, and nothing that a
// script would take for the app's answer.
func (a *app) refuse(w http.ResponseWriter, asked appRequest, signIn store.AppSignIn, reason error) {
	a.logRefused(asked, reason)
	kind := forward.KindOf(asked.method, asked.Header)
	switch {
	case errors.Is(reason, errForged):
		http.Error(w, "this request says itself who it is", http.StatusForbidden)
		return
	case errors.Is(reason, errNotAllowed):
		if kind == forward.Program {
			http.Error(w, "not allowed", http.StatusForbidden)
			return
		}
		showAppPage(w, http.StatusForbidden, appPage{
			Title: "You may not open this app", Text: "You are logged in as " + personOf(signIn.SignIn).Shown() + ", who has no access. Ask " + a.face.Administrator() + ", or use another account.",
			Links: []appLink{{"Use another account", a.enterAddress(asked, a.nonceOf(w, asked)), false}},
		})
		return
	case errors.Is(reason, errThrottled):
		http.Error(w, "too many wrong app passwords from this address", http.StatusTooManyRequests)
		return
	case !errors.Is(reason, store.ErrNotSignedIn):
		http.Error(w, "the sign-in cannot be checked now", http.StatusServiceUnavailable)
		return
	}
	if asked.method == http.MethodOptions || kind == forward.Program || forward.IsPrefetch(asked.Header) {
		w.Header().Set("Latchkey-Login", a.site.String())
		a.challengeFor(w, asked)
		http.Error(w, "not signed in", http.StatusUnauthorized)
		return
	}
	if a.needsHTTPS(asked) {
		showAppPage(w, http.StatusForbidden, appPage{
			Title: "Open this app by https", Text: "You came by http, where your browser cannot stay signed in.",
			Links: []appLink{{"Go to https://" + asked.host, "https://" + asked.host + asked.uri.RequestURI(), false}},
		})
		return
	}
	enter := a.enterAddress(asked, a.nonceOf(w, asked))
	switch kind {
	case forward.Navigation:
		http.Redirect(w, asked.Request, enter, http.StatusFound)
	case forward.Frame:
		showAppPage(w, http.StatusUnauthorized, appPage{
			Title: "Log in", Text: "Open the app in a tab of its own to log in.", Links: []appLink{{"Log in", enter, true}},
		})
	default:
		showAppPage(w, http.StatusUnauthorized, appPage{
			Title: "Your session has ended",
			Text:  "Log in in another tab, come back here and reload: your browser sends what you typed once more.",
			Links: []appLink{{"Log in", a.enterAddress(asked.front(), a.nonceOf(w, asked)), true}},
		})
	}
}

// needsHTTPS reports whether the browser came to the app by http, where the site's own address is https.
func (a *app) needsHTTPS(asked appRequest) bool { return a.secure() && !asked.secure() }

// nonceOf returns the hash of the nonce that binds a hand-over to the browser, and gives the browser one if it has none:
// a code that somebody else planted does not fit it. All tabs of an app share one.
func (a *app) nonceOf(w http.ResponseWriter, asked appRequest) string {
	if cookie, err := asked.Cookie(nonceCookie(asked.secure())); err == nil && len(cookie.Value) == len(rand.Text()) {
		return nonceHash(cookie.Value)
	}
	nonce := rand.Text()
	http.SetCookie(w, &http.Cookie{
		Name: nonceCookie(asked.secure()), Value: nonce, Path: "/", MaxAge: 3600,
		HttpOnly: true, Secure: asked.secure(), SameSite: http.SameSiteLaxMode,
	})
	return nonceHash(nonce)
}

// enterAddress is the page of the site where a sign-in is handed over to an app.
func (a *app) enterAddress(asked appRequest, nonce string) string {
	return a.site.String() + enterPath(asked.host, asked.uri.RequestURI(), asked.scheme, nonce)
}
