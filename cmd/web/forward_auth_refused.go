package main

import (
	"crypto/rand"
	"errors"
	"html/template"
	"net/http"
	"net/url"
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
	kind := forward.KindOf(asked.method, asked.Header)
	switch {
	case errors.Is(reason, errForged):
		http.Error(w, "this request says itself who it is", http.StatusForbidden)
		return
	case errors.Is(reason, errNotAllowed):
		a.log.Info("a request to an app was refused: not allowed", "app", asked.host)
		if kind == forward.Program {
			http.Error(w, "not allowed", http.StatusForbidden)
			return
		}
		showAppPage(w, http.StatusForbidden, appPage{
			Title: "You may not open this app", Text: "You are logged in as " + personOf(signIn.SignIn).Shown() + ", who has no access. Ask " + a.face.Administrator() + ", or use another account.",
			Link: a.enterAddress(asked, a.nonceOf(w, asked)), LinkText: "Use another account",
		})
		return
	case errors.Is(reason, errThrottled):
		http.Error(w, "too many wrong app passwords from this address", http.StatusTooManyRequests)
		return
	case !errors.Is(reason, store.ErrNotSignedIn):
		a.log.Error("forward authentication", "error", reason, "app", asked.host)
		http.Error(w, "the sign-in cannot be checked now", http.StatusServiceUnavailable)
		return
	}
	if asked.method == http.MethodOptions || kind == forward.Program || forward.IsPrefetch(asked.Header) {
		w.Header().Set("Latchkey-Login", a.site.String())
		a.challengeFor(w, asked)
		http.Error(w, "not signed in", http.StatusUnauthorized)
		return
	}
	if a.secure() && !asked.secure() {
		showAppPage(w, http.StatusForbidden, appPage{
			Title: "Open this app by https", Text: "You came by http, where your browser cannot stay signed in.",
			Link: "https://" + asked.host + asked.uri.RequestURI(), LinkText: "Go to https://" + asked.host,
		})
		return
	}
	enter := a.enterAddress(asked, a.nonceOf(w, asked))
	switch kind {
	case forward.Navigation:
		http.Redirect(w, asked.Request, enter, http.StatusFound)
	case forward.Frame:
		showAppPage(w, http.StatusUnauthorized, appPage{
			Title: "Log in", Text: "Open the app in a tab of its own to log in.", Link: enter, LinkText: "Log in", NewTab: true,
		})
	default:
		showAppPage(w, http.StatusUnauthorized, appPage{
			Title: "Your session has ended",
			Text:  "Log in in another tab, come back here and reload: your browser sends what you typed once more.",
			Link:  a.enterAddress(appRequest{host: asked.host, scheme: asked.scheme, uri: &url.URL{Path: "/"}}, a.nonceOf(w, asked)), LinkText: "Log in", NewTab: true,
		})
	}
}

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
	query := url.Values{"app": {asked.host}, "to": {asked.uri.RequestURI()}, "way": {asked.scheme}, "nonce": {nonce}}
	return a.site.String() + "/enter?" + query.Encode()
}

// appPage is a page on an app's own host, where nothing of the site's can be loaded.
type appPage struct {
	Title, Text, Link, LinkText string
	NewTab                      bool
}

var appPageTemplate = template.Must(template.New("").Parse(`<!doctype html><html lang="en"><meta charset="utf-8">` +
	`<title>{{.Title}}</title><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">` +
	`<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:26rem;margin:12vh auto;padding:0 1rem}</style>` +
	`<h1>{{.Title}}</h1><p>{{.Text}}</p>{{if .Link}}<p><a href="{{.Link}}"{{if .NewTab}} target="_blank" rel="noopener"{{end}}>{{.LinkText}}</a></p>{{end}}</html>`))

func showAppPage(w http.ResponseWriter, status int, page appPage) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(status)
	_ = appPageTemplate.Execute(w, page) // the client may have left
}
