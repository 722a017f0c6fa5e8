package main

import (
	"crypto/rand"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"latchkey/internal/store"
)

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
	abandoned := a.halfLoginID(c)
	a.sessions.Remove(c.Request().Context(), halfLoginKey)
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
				Browser: browser, Session: session, Abandoned: abandoned,
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
	a.sessions.Remove(c.Request().Context(), halfLoginKey) // whoever logs out here does not go on with a login
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
