package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/alexedwards/scs/sqlite3store"
	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/store"
)

// The files session*.go alone touch the session and its cookies. A session holds the ids of its sign-ins, its flash
// messages, what ties it to a run of the browser, and what was typed into a form before a login, nothing else. An id is valid only while its row in sign_ins exists: a request that overlaps with a logout,
// and saves an older session after it, signs nobody in again.
//
// scs makes the tokens, knows whether the session changed, and writes the cookie. What it would write to the database
// is kept until the store takes it, together with what else the request changes (session_store.go).
const (
	signInsKey = "sign_ins"
	flashesKey = "flashes"
	// runKey holds the hash of the run cookie (session_run.go).
	runKey = "run"
	// rememberKey is where scs keeps what RememberMe was told.
	rememberKey = "__rememberMe"
)

// visitorLifetime is how long a session without a sign-in keeps a flash message for the next page.
const visitorLifetime = 10 * time.Minute

// newSessions keeps sessions in the database's sessions table, under hashes of their tokens: a copy of the file signs
// nobody in. The token has 256 random bits (ASVS 5.0 7.2.3).
func newSessions(db *store.Store, secure bool) *scs.SessionManager {
	sessions := scs.New()
	sessions.Store = sessionStore{sqlite3store.NewWithCleanupInterval(db.DB(), 0), db} // app.cleanUpEvery cleans up
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
		ctx := store.OneWait(c.Request().Context())
		c.SetRequest(c.Request().WithContext(ctx))
		if err := a.readSession(c); err != nil {
			return err
		}
		return next(c)
	}
}

// readSession takes the session from the database, and forgets what the request has changed in it so far.
func (a *app) readSession(c echo.Context) error {
	token, ctx := "", withSessionChange(c.Request().Context())
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

func (a *app) writeSessionCookie(c echo.Context) {
	ctx := c.Request().Context()
	switch a.sessions.Status(ctx) {
	case scs.Modified:
		a.sessions.WriteSessionCookie(ctx, c.Response(), a.sessions.Token(ctx), a.sessions.Deadline(ctx))
	case scs.Destroyed:
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

// signedIn returns the sign-ins of this browser that count now, the newest last.
func (a *app) signedIn(c echo.Context) ([]store.SignIn, error) {
	ids, _ := a.sessions.Get(c.Request().Context(), signInsKey).([]string)
	found, err := a.store.SignInsByID(c.Request().Context(), ids)
	if err != nil {
		return nil, err
	}
	closed := a.browserWasClosed(c)
	return slices.DeleteFunc(found, func(s store.SignIn) bool { return a.hasEnded(s) || closed && !s.Remembered }), nil
}

// hasEnded reports whether a sign-in is over by its age or for lack of use (ASVS 5.0 7.3.1, 7.3.2; NIST SP
// 800-63B-4 section 2.1.3).
func (a *app) hasEnded(signIn store.SignIn) bool {
	lifetime, idle := a.signInLimits(signIn.Remembered)
	return !a.isWithin(lifetime, signIn.CreatedAt) || !a.isWithin(idle, signIn.LastSeenAt)
}

// clockTolerance is how far a time may be ahead of now, because a clock was set back a little. A time further ahead
// was written by a clock that was wrong.
const clockTolerance = 5 * time.Minute

// isWithin reports whether a time is less than a period ago.
func (a *app) isWithin(period time.Duration, then time.Time) bool {
	ago := a.now().Sub(then)
	return -clockTolerance <= ago && ago < period
}

func (a *app) signInLimits(remembered bool) (lifetime, idle time.Duration) {
	if remembered {
		return a.settings.RememberedLifetime, a.settings.RememberedIdle
	}
	return a.settings.SignInLifetime, a.settings.SignInIdle
}

// startSignIn has record store that the user signed in in this browser, beside the other accounts signed in here. An
// older sign-in of the same account ends. The session gets a new token, which prevents session fixation (ASVS 5.0
// 7.2.4).
func (a *app) startSignIn(c echo.Context, user store.User, remember bool, record func(store.NewSignIn) error) error {
	present, err := a.signedIn(c)
	if err != nil {
		return err
	}
	others := slices.DeleteFunc(slices.Clone(present), func(s store.SignIn) bool { return s.UID == user.UID })
	replaced := slices.DeleteFunc(present, func(s store.SignIn) bool { return s.UID != user.UID })
	started := store.SignIn{ID: rand.Text(), UID: user.UID, Remembered: remember, CreatedAt: a.now()}
	if err := a.setSignIns(c, append(others, started)); err != nil {
		return err
	}
	return a.remembering(c, func(browser store.DeviceRotation) error {
		return a.withSession(c, func(session store.SessionChange) error {
			return record(store.NewSignIn{
				ID: started.ID, User: user, Remembered: remember, Replaced: signInIDs(replaced),
				Browser: browser, Session: session,
			})
		})
	})
}

// endSignIns ends sign-ins of this browser and keeps the others, under a new token (ASVS 5.0 7.4.1).
func (a *app) endSignIns(c echo.Context, which func(store.SignIn) bool) (ended int, err error) {
	present, err := a.signedIn(c)
	if err != nil {
		return 0, err
	}
	others := slices.DeleteFunc(slices.Clone(present), which)
	ending := slices.DeleteFunc(present, func(s store.SignIn) bool { return !which(s) })
	if len(ending) == 0 {
		return 0, nil
	}
	// Alone, and before anything else: nothing that goes wrong with the session may keep somebody signed in.
	if err := a.store.LogOut(c.Request().Context(), signInIDs(ending), a.origin(c)); err != nil {
		return 0, err
	}
	return len(ending), a.setSignIns(c, others)
}

// renewSession gives the session a new token after something that matters, and drops sign-ins that are gone.
func (a *app) renewSession(c echo.Context) error {
	present, err := a.signedIn(c)
	if err != nil {
		return err
	}
	return a.setSignIns(c, present)
}

// setSignIns makes these the sign-ins of the session, under a new token. The session lasts as long as the longest
// of them. Its cookie outlives the browser when one of them may; the others then depend on the run cookie, too.
func (a *app) setSignIns(c echo.Context, signIns []store.SignIn) error {
	ctx := c.Request().Context()
	if len(signIns) == 0 {
		return a.sessions.Destroy(ctx)
	}
	if err := a.sessions.RenewToken(ctx); err != nil {
		return err
	}
	remembered := 0
	end := time.Time{}
	for _, signIn := range signIns {
		lifetime, _ := a.signInLimits(signIn.Remembered)
		if ends := signIn.CreatedAt.Add(lifetime); ends.After(end) {
			end = ends
		}
		if signIn.Remembered {
			remembered++
		}
	}
	a.bindToRun(c, 0 < remembered && remembered < len(signIns))
	a.sessions.Put(ctx, signInsKey, signInIDs(signIns))
	a.sessions.RememberMe(ctx, remembered > 0)
	a.sessions.SetDeadline(ctx, end)
	return nil
}

func signInIDs(signIns []store.SignIn) []string {
	ids := make([]string, len(signIns))
	for i, signIn := range signIns {
		ids[i] = signIn.ID
	}
	return ids
}

// maxFlashes is more than one request says. More come from requests whose answer nobody reads.
const maxFlashes = 5

// flash has a message shown on the next page, once.
func (a *app) flash(c echo.Context, text string) {
	ctx := c.Request().Context()
	flashes, _ := a.sessions.Get(ctx, flashesKey).([]components.Flash)
	if message := (components.Flash{Text: text}); !slices.Contains(flashes, message) {
		flashes = append(slices.Clone(flashes), message)
	}
	a.sessions.Put(ctx, flashesKey, flashes[max(0, len(flashes)-maxFlashes):])
}

// takeFlashes returns the messages for this page and forgets them, and with them a session that held nothing else.
func (a *app) takeFlashes(c echo.Context) ([]components.Flash, error) {
	ctx := c.Request().Context()
	flashes, ok := a.sessions.Get(ctx, flashesKey).([]components.Flash)
	if !ok {
		return nil, nil
	}
	if a.sessions.Exists(ctx, signInsKey) {
		a.sessions.Remove(ctx, flashesKey)
		return flashes, nil
	}
	return flashes, a.sessions.Destroy(ctx)
}
