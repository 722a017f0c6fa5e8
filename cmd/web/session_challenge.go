package main

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

// challengesKey holds the challenges for passkeys that were given to this browser and not answered.
const challengesKey = "challenges"

const (
	// challengeMaxAge is how long a person has to answer one (W3C Web Authentication, section 15.1).
	challengeMaxAge = 5 * time.Minute
	// maxChallenges is how many of a browser's are kept, the newest: one for each of several tabs.
	maxChallenges = 4
)

// passkeyChallenge is good for one purpose, and for one account where uid is not 0.
type passkeyChallenge struct {
	purpose string
	uid     int64
	madeAt  int64  // Unix seconds
	value   string // base64url of 256 random bits
}

// keepChallenge remembers a challenge that goes to the browser.
func (a *app) keepChallenge(c echo.Context, made passkeyChallenge) {
	ctx := c.Request().Context()
	made.madeAt = a.now().Unix()
	kept := append(a.challenges(c), made)
	a.sessions.Put(ctx, challengesKey, kept[max(0, len(kept)-maxChallenges):])
	if ids, _ := a.sessions.Get(ctx, signInsKey).([]string); len(ids) == 0 {
		a.sessions.SetDeadline(ctx, a.now().Add(visitorLifetime))
	}
}

// takeChallenge reports whether this browser was given the challenge lately for this. It never is again.
func (a *app) takeChallenge(c echo.Context, wanted passkeyChallenge) bool {
	kept := a.challenges(c)
	rest := slices.DeleteFunc(slices.Clone(kept), func(each passkeyChallenge) bool { return each.value == wanted.value })
	if len(rest) == len(kept) {
		return false
	}
	a.sessions.Put(c.Request().Context(), challengesKey, rest)
	return slices.ContainsFunc(kept, func(each passkeyChallenge) bool {
		wanted.madeAt = each.madeAt
		return each == wanted && a.isWithin(challengeMaxAge, time.Unix(each.madeAt, 0))
	})
}

func (a *app) challenges(c echo.Context) []passkeyChallenge {
	kept, _ := a.sessions.Get(c.Request().Context(), challengesKey).([]passkeyChallenge)
	return slices.Clone(kept)
}

// String is the line of a session in the database.
func (p passkeyChallenge) String() string {
	return strings.Join([]string{p.purpose, strconv.FormatInt(p.uid, 10), strconv.FormatInt(p.madeAt, 10), p.value}, " ")
}

// readChallenge reads such a line; a damaged one is good for nothing.
func readChallenge(line string) passkeyChallenge {
	parts := strings.Split(line, " ")
	if len(parts) != 4 {
		return passkeyChallenge{}
	}
	uid, _ := strconv.ParseInt(parts[1], 10, 64)
	madeAt, _ := strconv.ParseInt(parts[2], 10, 64)
	return passkeyChallenge{purpose: parts[0], uid: uid, madeAt: madeAt, value: parts[3]}
}
