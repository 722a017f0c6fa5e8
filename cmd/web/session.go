package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"

	"latchkey/internal/store"
)

// The files session*.go alone touch the session and its cookies. A session holds the ids of its sign-ins, its flash
// messages, what ties it to a run of the browser, a login whose second step is to come, challenges for passkeys, and what
// was typed into a form before a login, nothing else. An id is valid only while its row in sign_ins exists: a request that
// overlaps with a logout, and saves an older session after it, signs nobody in again.
//
// scs makes the tokens, knows whether the session changed, and writes the cookie. What it would write to the database
// is kept until the store takes it, together with what else the request changes (session_store.go).
const (
	signInsKey = "sign_ins"
	flashesKey = "flashes"
	// runKey holds the hash of the run cookie (session_run.go).
	runKey = "run"
	// halfLoginKey holds the id of a login whose second step is still to come (session_half_login.go).
	halfLoginKey = "half login"
	// rememberKey is where scs keeps what RememberMe was told.
	rememberKey = "__rememberMe"
)

// visitorLifetime is how long a session without a sign-in keeps a flash message for the next page.
const visitorLifetime = 10 * time.Minute

// newSessions keeps sessions in the database's sessions table, under hashes of their tokens: a copy of the file signs
// nobody in. The token has 256 random bits (ASVS 5.0 7.2.3).
func newSessions(db *store.Store, secure bool) *scs.SessionManager {
	sessions := scs.New()
	sessions.Store = sessionStore{db.SessionStore(), db} // app.cleanUpEvery cleans up
	sessions.HashTokenInStore = true
	sessions.Codec = sessionCodec{}
	sessions.Lifetime = visitorLifetime
	sessions.Cookie.Name = cookieName("session", secure)
	sessions.Cookie.HttpOnly = true                 // ASVS 5.0 3.3.4
	sessions.Cookie.SameSite = http.SameSiteLaxMode // ASVS 5.0 3.3.2
	sessions.Cookie.Secure = secure                 // ASVS 5.0 3.3.1
	sessions.Cookie.Path = "/"
	sessions.Cookie.Persist = false
	return sessions
}

// cookieName adds the prefix that makes browsers refuse the cookie from another host or over plain http
// (ASVS 5.0 3.3.3).
func cookieName(name string, secure bool) string {
	if secure {
		return "__Host-" + name
	}
	return name
}

// loadSession puts the browser's session in the request's context. A cookie that names no session, for whatever
// reason, is the same as none. The session is saved by saveSession when the answer is sent.
func (a *app) loadSession(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Set(beforeSessionContext, store.OneWait(c.Request().Context()))
		if err := a.readSession(c); err != nil {
			return err
		}
		return next(c)
	}
}

// beforeSessionContext holds the request's context without a session: scs reads none into one that has one.
const beforeSessionContext = "context before the session"

// readSession takes the session from the database, and forgets what the request has changed in it so far.
func (a *app) readSession(c echo.Context) error {
	token, ctx := "", withSessionChange(c.Get(beforeSessionContext).(context.Context))
	if cookie, err := c.Cookie(a.sessions.Cookie.Name); err == nil && cookie.Value != "" {
		token = cookie.Value
		if c.Request().Method != http.MethodPost { // a POST reads again after it has written
			ctx = a.store.WithVersion(ctx)
		}
	}
	ctx, err := a.sessions.Load(ctx, token)
	if err != nil {
		return fmt.Errorf("load session: %w", err)
	}
	if loaded := a.sessions.Token(ctx); loaded != "" {
		changeOf(ctx).loaded = hashOfToken(loaded)
	}
	c.SetRequest(c.Request().WithContext(ctx))
	return nil
}

// withSession has do write what the request has changed in the session, in the transaction of something else: either
// both are done, or neither.
func (a *app) withSession(c echo.Context, do func(store.SessionChange) error) error {
	ctx := c.Request().Context()
	change, err := a.sessionChange(ctx)
	if err != nil {
		return err
	}
	if err := do(change); err != nil {
		return errors.Join(err, a.readSession(c))
	}
	sessionWritten(ctx)
	return nil
}

// sessionChange returns what has to be written of the session.
func (a *app) sessionChange(ctx context.Context) (store.SessionChange, error) {
	if a.sessions.Status(ctx) == scs.Modified {
		if _, _, err := a.sessions.Commit(ctx); err != nil {
			return store.SessionChange{}, fmt.Errorf("encode session: %w", err)
		}
	}
	change := changeOf(ctx).SessionChange
	if ids, _ := a.sessions.Get(ctx, signInsKey).([]string); len(ids) == 1 && change.Saved != nil {
		change.Saved.SignIn = ids[0]
	}
	return change, nil
}

// saveSession writes what is left to write of the session, and its cookie to the answer. It must come before the
// answer's first byte. Who is signed in is on disk by then (withSession); what is left is a message, and a page is not
// withheld because that one cannot be kept or forgotten.
func (a *app) saveSession(c echo.Context) error {
	ctx := c.Request().Context()
	change, err := a.sessionChange(ctx)
	if err != nil {
		return err
	}
	if change.Saved != nil || len(change.Deleted) > 0 {
		err = a.store.SaveSession(ctx, change)
	}
	if err != nil {
		a.log.Error("save session", "error", err, "request", requestID(c))
	}
	if err == nil || a.wroteSession(ctx) {
		a.writeSessionCookie(c)
	}
	return nil
}

// writeSessionCookie sends no token that the browser has: by now it may have a newer one, of a login that was faster.
func (a *app) writeSessionCookie(c echo.Context) {
	ctx := c.Request().Context()
	token := a.sessions.Token(ctx)
	switch status := a.sessions.Status(ctx); {
	case status == scs.Modified && hashOfToken(token) != changeOf(ctx).loaded:
		a.sessions.WriteSessionCookie(ctx, c.Response(), token, a.sessions.Deadline(ctx))
	case status == scs.Destroyed:
		a.sessions.WriteSessionCookie(ctx, c.Response(), "", time.Time{})
	}
	c.Response().Header().Set("Cache-Control", "no-store") // WriteSessionCookie adds a weaker one
}

// wroteSession reports whether the session is in the database under its present token since this request. The one
// before is gone: without the cookie, everybody would be logged out.
func (a *app) wroteSession(ctx context.Context) bool {
	change, ok := ctx.Value(sessionChangeKey{}).(*sessionChange)
	return ok && change.written != nil && change.written.TokenHash == hashOfToken(a.sessions.Token(ctx))
}

// keepTrueCookies has an answer that is about an error set no cookie but those that go with what is in the database,
// and the token of the form on it.
func (a *app) keepTrueCookies(c echo.Context) {
	header := c.Response().Header()
	cookies := header.Values("Set-Cookie")
	header.Del("Set-Cookie")
	for _, cookie := range cookies {
		if a.wroteSession(c.Request().Context()) || strings.HasPrefix(cookie, a.tokenCookie()+"=") {
			header.Add("Set-Cookie", cookie)
		}
	}
}
