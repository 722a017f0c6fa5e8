package main

import (
	"cmp"
	"crypto/rand"
	"errors"
	"net/http"
	"time"

	"latchkey/internal/forward"
	"latchkey/internal/store"
)

// handOverPath is the part of each app's host that is ours.
const handOverPath = "/.latchkey/"

// handOver serves that part where the proxy passes requests on as they are (nginx). The host and the scheme are the ones
// that the proxy tells.
func (a *app) handOver() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, err := originalRequest(r)
		if err != nil {
			a.refuseMalformed(w, err)
			return
		}
		a.serveHandOver(w, asked, false)
	})
}

// serveHandOver answers for our part of an app's host. What is relayed, by Caddy or Traefik, never gets 2xx: they would
// take that for "pass", and ask the app.
func (a *app) serveHandOver(w http.ResponseWriter, asked appRequest, relayed bool) {
	w.Header().Set("Referrer-Policy", "no-referrer") // the address holds a code
	switch asked.uri.Path {
	case handOverPath + "enter":
		a.enterApp(w, asked)
	case handOverPath:
		a.showWhoIsInApp(w, asked, relayed)
	default:
		http.Error(w, "there is no page at this address", http.StatusNotFound)
	}
}

// enterApp exchanges the code for the app's cookie, and goes on.
func (a *app) enterApp(w http.ResponseWriter, asked appRequest) {
	mode := asked.Header.Get("Sec-Fetch-Mode")
	if asked.method != http.MethodGet || mode != "" && mode != "navigate" || forward.IsPrefetch(asked.Header) {
		http.Error(w, "only a browser that opens this page may enter", http.StatusForbidden) // and the code is still good
		return
	}
	nonce, err := asked.Cookie(nonceCookie(asked.secure()))
	if err != nil {
		showAppPage(w, http.StatusForbidden, appPage{
			Title: "Cookies are needed", Text: "Your browser did not keep a cookie of this app. Allow cookies for it, then open it again.",
			Links: []appLink{{"Open the app", "/", false}},
		})
		return
	}
	token, code := rand.Text(), asked.uri.Query().Get("code")
	target, err := a.store.SpendAppCode(asked.Context(), store.AppCode{
		CodeHash: hashAppCode(code), Host: asked.host, NonceHash: []byte(nonceHash(nonce.Value)),
	}, hashAppToken(token), a.now())
	if errors.Is(err, store.ErrNoAppCode) {
		// Used before, by the back button say, too late, or meant for the nonce that another tab replaced: the page that
		// was asked for knows whether the person is in.
		to := safeNext(asked.uri.Query().Get("to"))
		http.Redirect(w, asked.Request, asked.at(cmp.Or(to, "/")), http.StatusSeeOther)
		return
	}
	if err != nil {
		a.refuse(w, asked, store.AppSignIn{}, err)
		return
	}
	found, err := a.store.AppSignInByToken(asked.Context(), asked.host, hashAppToken(token))
	if err != nil {
		a.refuse(w, asked, store.AppSignIn{}, err)
		return
	}
	maxAge := 0 // with the browser
	if found.Remembered {
		maxAge = int(found.CreatedAt.Add(a.settings.RememberedLifetime).Sub(a.now()) / time.Second)
	}
	if err := a.leaveNothingOfAnother(w, asked, found.SignIn); err != nil {
		a.refuse(w, asked, store.AppSignIn{}, err)
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: appCookie(asked.secure()), Value: token, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: asked.secure(), SameSite: http.SameSiteLaxMode,
	})
	http.Redirect(w, asked.Request, asked.at(target), http.StatusSeeOther)
}

func appCookie(secure bool) string   { return cookieName("latchkey", secure) }
func nonceCookie(secure bool) string { return cookieName("latchkey-nonce", secure) }
func lastCookie(secure bool) string  { return cookieName("latchkey-last", secure) }

// The stored hashes of what a browser or a redirect brings: a copy of the database lets nobody in.
func hashAppToken(token string) []byte { return hashOf("app sign-in ", token) }
func hashAppCode(code string) []byte   { return hashOf("app code ", code) }

func nonceHash(nonce string) string {
	return textHashOf("app nonce ", nonce)
}
