package main

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/store"
)

// lastCookieMaxAge is as long as browsers keep a cookie at most (RFC 6265bis): no session of the app outlives it.
const lastCookieMaxAge = 400 * 24 * time.Hour

// leaveNothingOfAnother has the browser forget what the app keeps in it when another account entered before: many apps
// have a session of their own, which the next person in that browser would find open.
//
// Which account was last is told by a cookie of its own, because that account's sign-in may be gone from the database. It
// is no secret, and nothing is allowed by it.
func (a *app) leaveNothingOfAnother(w http.ResponseWriter, asked appRequest, entering store.SignIn) error {
	me := markOf(entering)
	last, err := asked.Cookie(lastCookie(asked.secure()))
	if err == nil && last.Value != me {
		if old, err := asked.Cookie(appCookie(asked.secure())); err == nil {
			if err := a.store.EndAppSignIn(asked.Context(), asked.host, hashAppToken(old.Value)); err != nil {
				return err
			}
		}
		if asked.secure() { // browsers obey it by https alone, and complain otherwise
			// Never "cookies": that would empty the whole registrable domain, other apps and the sign-in with it.
			w.Header().Set("Clear-Site-Data", `"storage", "cache"`)
		}
		expireAppCookies(w, asked)
	}
	http.SetCookie(w, &http.Cookie{
		Name: lastCookie(asked.secure()), Value: me, Path: "/", MaxAge: int(lastCookieMaxAge / time.Second),
		HttpOnly: true, Secure: asked.secure(), SameSite: http.SameSiteLaxMode,
	})
	return nil
}

// markOf tells accounts apart. The app learns no more by it than by the headers.
func markOf(signIn store.SignIn) string {
	return textHashOf("last in app ", strconv.FormatInt(signIn.UID, 10)+" "+signIn.Username)
}

// expireAppCookies ends the cookies of this host that the request brings, but for ours. A cookie of a parent domain is not
// this app's alone, and stays. Names are not read by net/http, which passes over some that browsers and PHP take.
func expireAppCookies(w http.ResponseWriter, asked appRequest) {
	ours := []string{appCookie(asked.secure()), nonceCookie(asked.secure()), lastCookie(asked.secure())}
	expired := "=; Path=/; Max-Age=0"
	if asked.secure() {
		expired += "; Secure" // without it, a name that begins with __Host- or __Secure- is passed over
	}
	for _, pair := range strings.Split(strings.Join(asked.Header.Values("Cookie"), ";"), ";") {
		name, _, found := strings.Cut(strings.TrimSpace(pair), "=")
		if found && name != "" && !slices.Contains(ours, name) {
			w.Header().Add("Set-Cookie", name+expired)
		}
	}
}
