package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"latchkey/internal/forward"
	"latchkey/internal/store"
)

// Forward authentication: a proxy asks here about each request to an app, on a listener of its own that no browser
// reaches. It is plain net/http: no form, no session, no page of the site.

func (a *app) forwardAuthHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/check", a.check(forwardedRequest, false))
	mux.Handle("/check/nginx", a.check(originalRequest, true))
	// nginx passes these on as they are; Caddy and Traefik ask about them like about all others.
	mux.Handle(handOverPath+"refused", a.refused())
	mux.Handle(handOverPath, a.handOver())
	return a.onlyProxies(mux)
}

// onlyProxies refuses whoever is neither this machine nor a trusted proxy: others could try cookies here out of sight of
// every limit.
func (a *app) onlyProxies(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if from, ok := parseAddress(r.RemoteAddr); !ok || !from.IsLoopback() && !a.settings.trusts(from) {
			a.log.Warn("forward authentication asked by an address that is no --trusted-proxy", "address", r.RemoteAddr)
			http.Error(w, "not a trusted proxy", http.StatusForbidden)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Vary", "Cookie, Sec-Fetch-Mode, Sec-Fetch-Dest, Accept")
		next.ServeHTTP(w, r)
	})
}

// appRequest is the request to an app that a proxy asks about.
type appRequest struct {
	host   string
	scheme string
	method string
	uri    *url.URL
	// counted is set for a request that nginx's check has refused: a wrong app password counts once, and the log tells once.
	counted bool
	*http.Request
}

// forwardedRequest reads what Caddy and Traefik say of it.
func forwardedRequest(r *http.Request) (appRequest, error) {
	var found [4]string
	for i, name := range []string{"X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Uri", "X-Forwarded-Method"} {
		values := r.Header.Values(name)
		if len(values) == 0 {
			return appRequest{}, missingHeaderError(name)
		}
		if len(values) > 1 || i != 2 && strings.Contains(values[0], ",") {
			return appRequest{}, fmt.Errorf("more than one %s", name)
		}
		found[i] = values[0]
	}
	return newAppRequest(r, found[0], found[1], found[2], found[3])
}

// originalRequest reads what nginx says of it.
func originalRequest(r *http.Request) (appRequest, error) {
	addresses, methods := r.Header.Values("X-Original-URL"), r.Header.Values("X-Original-Method")
	switch {
	case len(addresses) == 0:
		return appRequest{}, missingHeaderError("X-Original-URL")
	case len(methods) == 0:
		return appRequest{}, missingHeaderError("X-Original-Method")
	case len(addresses) > 1 || len(methods) > 1:
		return appRequest{}, errors.New("more than one X-Original-URL or X-Original-Method")
	}
	scheme, rest, _ := strings.Cut(addresses[0], "://")
	host, path, _ := strings.Cut(rest, "/")
	return newAppRequest(r, scheme, host, "/"+path, methods[0])
}

// missingHeaderError names a header that the proxy has to send.
type missingHeaderError string

func (e missingHeaderError) Error() string { return "the proxy sends no " + string(e) }

func newAppRequest(r *http.Request, scheme, host, uri, method string) (appRequest, error) {
	canonical, ok := forward.Host(host)
	if !ok || scheme != "http" && scheme != "https" {
		return appRequest{}, errors.New("not a host and a scheme")
	}
	parsed, err := url.ParseRequestURI(uri)
	if err != nil {
		parsed = &url.URL{Path: "/"} // where to go on to is lost, nothing else
	}
	return appRequest{host: canonical, scheme: scheme, method: method, uri: parsed, Request: r}, nil
}

// secure reports whether the browser came to the app by https.
func (r appRequest) secure() bool { return r.scheme == "https" }

// at is the whole address of a path on the app's host: Traefik takes a relative one for one on ours.
func (r appRequest) at(path string) string { return r.scheme + "://" + r.host + path }

// front is the request for the first page of the same app.
func (r appRequest) front() appRequest {
	r.uri = &url.URL{Path: "/"}
	return r
}

// check answers whether a request to an app may pass: 200 with who is there, or what the client can use. For nginx, which
// knows no more, it answers 401 and 403 without a page; a location of its own fetches that (refused).
func (a *app) check(read func(*http.Request) (appRequest, error), bare bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, err := read(r)
		if err != nil {
			a.metrics.checks.WithLabelValues(noApp, "malformed").Inc()
			a.refuseMalformed(w, err)
			return
		}
		if strings.HasPrefix(asked.uri.Path, handOverPath) && !bare {
			a.serveHandOver(w, asked, true)
			return
		}
		signIn, err := a.appSignIn(asked)
		a.countCheck(asked, err)
		switch {
		case err == nil:
			a.allow(w, signIn)
		case bare:
			a.logRefused(asked, err)
			w.WriteHeader(bareStatus(err))
		default:
			a.refuse(w, asked, signIn, err)
		}
	})
}

func (a *app) refuseMalformed(w http.ResponseWriter, err error) {
	status := http.StatusForbidden
	var missing missingHeaderError
	if errors.As(err, &missing) {
		status = http.StatusInternalServerError
	}
	a.log.Error("forward authentication", "error", err)
	http.Error(w, "forward authentication: "+err.Error(), status)
}

// Reasons for which a request to an app does not pass, beside store.ErrNotSignedIn and store.ErrNoApp.
var (
	errForged     = errors.New("the request says itself who it is")
	errNotAllowed = errors.New("the app does not let this account in")
	errThrottled  = errors.New("too many wrong app passwords from this address")
)

// appSignIn returns the sign-in that a request to an app comes from, or why it does not pass.
func (a *app) appSignIn(asked appRequest) (store.AppSignIn, error) {
	if name := forward.Forged(asked.Header); name != "" {
		return store.AppSignIn{}, fmt.Errorf("%w: %s", errForged, name)
	}
	cookie, err := asked.Cookie(appCookie(asked.secure()))
	if err != nil || cookie.Value == "" {
		return a.byAppPassword(asked)
	}
	ctx := a.store.WithVersion(asked.Context())
	found, err := a.store.AppSignInByToken(ctx, asked.host, hashAppToken(cookie.Value))
	if err != nil {
		return store.AppSignIn{}, err
	}
	if a.hasEnded(found.SignIn) {
		return store.AppSignIn{}, store.ErrNotSignedIn
	}
	if !found.MayEnter {
		return found, errNotAllowed
	}
	if a.lacksSecondFactor(found.SignIn) {
		return store.AppSignIn{}, store.ErrNotSignedIn // the way in leads to where one is set up
	}
	if now := a.now(); now.Sub(found.LastSeenAt) >= touchEvery {
		a.store.TouchSignIn(found.ID, now)
	}
	return found, nil
}

// allow tells the app who is there. The length is 0: some proxies allow by exactly 200, and read a body.
func (a *app) allow(w http.ResponseWriter, signIn store.AppSignIn) {
	// The name as it was typed could look like another's: "BiII" beside "Bill".
	forward.Identity{
		Username: signIn.Username, Name: signIn.Username, Groups: signIn.Groups, EmailDomain: a.settings.EmailDomain,
	}.Set(w.Header())
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
}

// bareStatus is one of those that nginx passes on.
func bareStatus(err error) int {
	switch {
	case errors.Is(err, store.ErrNotSignedIn):
		return http.StatusUnauthorized
	case errors.Is(err, errNotAllowed), errors.Is(err, errForged), errors.Is(err, errThrottled):
		return http.StatusForbidden
	}
	return http.StatusInternalServerError
}
