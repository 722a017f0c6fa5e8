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

// keepDraft has the form on a page come back with these fields filled in.
func (a *app) keepDraft(c echo.Context, page string, fields []components.Carried) {
	if len(fields) > 0 {
		a.sessions.Put(c.Request().Context(), draftKey, draft{page, fields})
	}
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
