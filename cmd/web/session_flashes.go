package main

import (
	"slices"

	"github.com/labstack/echo/v4"

	"latchkey/components"
)

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

// takeFlashes returns the messages for this page and forgets them, and with them a session that held nothing else: no
// login that is half done, and no challenge for a passkey.
func (a *app) takeFlashes(c echo.Context) ([]components.Flash, error) {
	ctx := c.Request().Context()
	flashes, ok := a.sessions.Get(ctx, flashesKey).([]components.Flash)
	if !ok {
		return nil, nil
	}
	a.sessions.Remove(ctx, flashesKey)
	if len(a.sessions.Keys(ctx)) > 0 {
		return flashes, nil
	}
	return flashes, a.sessions.Destroy(ctx)
}
