package main

import (
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

// takeDraft returns what was typed into the fields of this page's form before the session ended, once.
func (a *app) takeDraft(c echo.Context) map[string]string {
	ctx, typed := c.Request().Context(), map[string]string{}
	found, _ := a.sessions.Get(ctx, draftKey).(draft)
	if found.path != c.Request().URL.EscapedPath() {
		return typed
	}
	a.sessions.Remove(ctx, draftKey)
	for _, field := range found.fields {
		typed[field.Name] = field.Value
	}
	return typed
}
