package main

import (
	"slices"

	"github.com/labstack/echo/v4"

	"latchkey/components"
)

// draftKey holds what was typed into a form that met the end of a session. The page of the form takes it.
const draftKey = "draft"

// draft is a form's page, and what was typed there.
type draft struct {
	path   string
	fields []components.Carried
}

// redirectWithDraft goes to a page whose form comes back with these fields filled in.
func (a *app) redirectWithDraft(c echo.Context, to string, fields []components.Carried) error {
	if len(fields) > 0 {
		a.sessions.Put(c.Request().Context(), draftKey, draft{to, fields})
	}
	return a.redirect(c, to)
}

// takeDraft returns what was typed into a field of this page's form before the session ended, once.
func (a *app) takeDraft(c echo.Context, field string) string {
	ctx := c.Request().Context()
	found, _ := a.sessions.Get(ctx, draftKey).(draft)
	if found.path != c.Request().URL.EscapedPath() {
		return ""
	}
	a.sessions.Remove(ctx, draftKey)
	at := slices.IndexFunc(found.fields, func(carried components.Carried) bool { return carried.Name == field })
	if at < 0 {
		return ""
	}
	return found.fields[at].Value
}
