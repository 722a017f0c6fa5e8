package main

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"latchkey/public"
)

// routes is the whole site at a glance. Data goes from here through the middleware to one handler, to the store
// and back as one templ component.
func (a *app) routes() http.Handler {
	e := echo.New()
	e.HTTPErrorHandler = a.handleError
	e.IPExtractor = a.addressOf
	e.Pre(normalizePath)
	e.Use(a.setRequestID, a.logRequest(), a.recoverPanic(), a.secureHeaders(), a.refuseOtherHosts())

	open := routeGroup{echo: e}
	open.get(healthPath, a.health)
	open.get(public.Prefix+"*", a.asset)
	open.get("/favicon.ico", a.icon)
	open.get("/apple-touch-icon.png", a.icon)
	open.get("/robots.txt", a.robots)
	open.get("/.well-known/security.txt", a.securityContact)
	open.get("/.well-known/passkey-endpoints", a.passkeyEndpoints)

	site := open.with("", a.readForm, a.refuseCrossSite(), a.identifyClient, a.pinFile)

	// The ways in. A client that leaves gives up its place in the line for password checks.
	entry := site.with("", a.loadSession)
	entry.get("/signup", a.showSignup)
	entry.post("/signup", a.signUp)
	entry.post("/signup/username", a.checkUsername)
	entry.get("/login", a.showLogin)
	entry.post("/login", a.logIn)
	entry.get("/login/second", a.showSecondStep)
	entry.post("/login/second", a.passSecondStep)
	entry.get("/login/second/recovery", a.showRecoveryStep)
	entry.post("/login/second/recovery", a.passRecoveryStep)

	// Other pages that are open to everyone.
	pages := site.with("", outliveClient, a.loadSession)
	pages.get("/", a.showFirstPage)
	pages.get("/enter", a.showEnter)
	pages.post("/enter", a.chooseToEnter)
	pages.get("/recover", a.showRecover)
	pages.post("/recover", a.recoverAccount)
	pages.post("/passkey/challenge", a.makeChallenge)
	pages.get("/.well-known/change-password", a.redirectToPassword)
	pages.get(passkeysPath, a.redirectToPasskeys)
	pages.get("/choose-password/:token", a.showPasswordLink)
	pages.post("/choose-password/:token", a.usePasswordLink)
	pages.get("/logout/:username", a.showLogout)
	pages.post("/logout/:username", a.logOut)
	pages.post("/logout", a.logOutAll)

	// Pages for the account named in the path, signed in in this browser.
	signedIn := pages.with("/user/:username", a.requireSignIn)

	// What a person may do who must have a second factor and has none: get one.
	signedIn.get("/second-factor", a.showSecondFactor)
	signedIn.post("/second-factor/codes", a.setUpCodes)
	signedIn.post("/second-factor/codes/confirm", a.confirmCodes)
	signedIn.post("/second-factor/codes/remove", a.removeCodes)
	signedIn.post("/second-factor/passkeys", a.addPasskey)
	signedIn.post("/second-factor/passkeys/confirm", a.confirmPasskey)
	signedIn.post("/second-factor/passkeys/remove", a.removePasskey)
	signedIn.get("/recovery", a.showRecovery)
	signedIn.post("/recovery", a.makeRecovery)
	signedIn.post("/recovery/saved", a.recoverySaved)
	signedIn.post("/recovery/later", a.recoveryLater)

	account := signedIn.with("", a.requireSecondFactor)
	account.get("", a.showHome)
	account.post("/seen", a.seeHalfLogins)
	account.get("/password", a.showPassword)
	account.post("/password", a.changePassword)
	account.get("/sign-ins", a.showSignIns)
	account.post("/sign-ins", a.endSignIn)
	account.post("/sign-ins/others", a.endOtherSignIns)
	account.get("/activity", a.showActivity)
	account.get("/app-passwords", a.showAppPasswords)
	account.post("/app-passwords", a.makeAppPassword)
	account.post("/app-passwords/end", a.endAppPassword)
	account.get("/delete", a.showDelete)
	account.post("/delete", a.deleteAccount)

	return e
}

// routeGroup is a part of the site behind the same middleware. Echo's own groups would register a catch-all route
// each, and with it answer 404 where 405 is due.
type routeGroup struct {
	echo       *echo.Echo
	prefix     string
	middleware []echo.MiddlewareFunc
}

func (s routeGroup) with(prefix string, middleware ...echo.MiddlewareFunc) routeGroup {
	return routeGroup{s.echo, s.prefix + prefix, slices.Concat(s.middleware, middleware)}
}

// get serves HEAD wherever GET is served (RFC 9110, section 9.1).
func (s routeGroup) get(path string, handler echo.HandlerFunc) {
	s.echo.Match([]string{http.MethodGet, http.MethodHead}, s.prefix+path, handler, s.middleware...)
}

func (s routeGroup) post(path string, handler echo.HandlerFunc) {
	s.echo.POST(s.prefix+path, handler, s.middleware...)
}
