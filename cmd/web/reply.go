package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"latchkey/components"
)

// view is the page that a handler answers with.
type view struct {
	title string
	main  templ.Component
	// refresh is an address that the page leads on to by itself.
	refresh string
	// hasError is set when the form on the page has an error.
	hasError bool
	// part, when set, is all that changes in a page that htmx has on screen; without scripts the whole page is sent.
	part templ.Component
}

// render answers with a page, and alone decides how much of it: the whole page for a browser that loads it, what
// changes for htmx. The page is complete before its first byte is sent.
func (a *app) render(c echo.Context, status int, v view) error {
	header := c.Response().Header()
	header.Set("Vary", "HX-Request, HX-Request-Type, HX-History-Restore-Request, Cookie")
	htmx := swapsFragment(c.Request())
	if htmx && status >= 400 {
		header.Set("HX-Push-Url", "false") // the page was not left
	}
	var body templ.Component
	switch {
	case htmx && v.part != nil:
		body = v.part
	case htmx && keepsPage(status):
		noticeOnly(header)
		body = components.NoticeFragment(components.Page{Main: v.main})
	default:
		page := components.Page{Title: v.title, Main: v.main, HasError: v.hasError, Refresh: v.refresh, Account: accountHead(c), Site: a.face}
		page.NoIndex = page.Account != nil || status >= 400 || c.Param("token") != ""
		if c.Request().Method != http.MethodHead {
			flashes, err := a.takeFlashes(c)
			if err != nil {
				return err
			}
			page.Flashes = flashes
		}
		body = components.FullPage(page)
		if htmx {
			body = components.Fragment(page)
		}
	}
	if err := a.saveSession(c); err != nil {
		return err
	}
	return sendHTML(c, status, body)
}

// pages are buffers that hold a page until its first byte is sent.
var pages = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func sendHTML(c echo.Context, status int, body templ.Component) error {
	page := pages.Get().(*bytes.Buffer)
	defer pages.Put(page)
	page.Reset()
	// Not the request's context: when the client has left, the log must still say how the request ended, and not 200
	// for an answer that was never begun.
	if err := body.Render(context.Background(), page); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	c.Response().Header().Set(echo.HeaderContentLength, strconv.Itoa(page.Len()))
	return c.HTMLBlob(status, page.Bytes())
}

// swapsFragment reports whether htmx sent the request to change a page on screen, and not to load a whole one, as
// it does for the back button.
func swapsFragment(r *http.Request) bool {
	return r.Header.Get("HX-Request") == "true" &&
		r.Header.Get("HX-Request-Type") != "full" &&
		r.Header.Get("HX-History-Restore-Request") == ""
}

// keepsPage reports whether an answer leaves the page that htmx has on screen as it is, with what was typed, and
// only says what happened: when nothing is wrong with what was typed.
func keepsPage(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusUnprocessableEntity:
		return false
	}
	return status >= 400
}

// noticeOnly has htmx take the notice alone out of a page, and put it into the notice on screen.
func noticeOnly(header http.Header) {
	header.Set("HX-Retarget", "#"+components.NoticeID)
	header.Set("HX-Reselect", "#"+components.NoticeID+" > *")
	header.Set("HX-Reswap", "innerHTML ignoreTitle:true")
	header.Set("HX-Push-Url", "false")
}

// redirect goes on to another page after a form was sent (303: the next request is a GET). htmx follows it and
// swaps what it finds there.
func (a *app) redirect(c echo.Context, to string) error {
	if err := a.saveSession(c); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// sendJSON answers a script with what the browser reads itself.
func (a *app) sendJSON(c echo.Context, body []byte) error {
	if err := a.saveSession(c); err != nil {
		return err
	}
	return c.JSONBlob(http.StatusOK, body)
}
