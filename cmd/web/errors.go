package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/store"
)

// errOtherHost means that the request asks for a host by which the site does not go.
var errOtherHost = errors.New("another host")

// errLeakedUnreadable means that the file of leaked passwords cannot be searched. Nobody chooses a password until it can.
var errLeakedUnreadable = errors.New("leaked passwords")

// errSignupClosed means that only the administrator makes accounts here.
var errSignupClosed = errors.New("signup is closed")

// statusClientLeft is for the log: nobody is there to read the answer.
const statusClientLeft = 499

// handleError is the one place where an error becomes a page. It never shows a cause.
func (a *app) handleError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	status, message := a.tryLater(c, err)
	if status == 0 {
		status = statusOf(err)
	}
	// A page that was under way may have set these.
	for _, name := range []string{"Set-Cookie", "HX-Push-Url", "HX-Retarget", "HX-Reselect", "HX-Reswap"} {
		c.Response().Header().Del(name)
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	lostCookies := status == http.StatusUnauthorized && a.lostCookies(c)
	if status == http.StatusUnauthorized && swapsFragment(c.Request()) && !lostCookies {
		// The login form belongs in a page of its own, not where a fragment was to go.
		c.Response().Header().Set("HX-Redirect", components.LoginPathTo(nextOf(c)))
	}
	if message == "" && status == http.StatusServiceUnavailable {
		retryAfter(c, 5*time.Second)
	}
	problem := problemOf(status, c)
	if message != "" {
		problem.Message = message
	}
	switch {
	case lostCookies:
		problem.Title, problem.Message = "Cookies are needed", cookiesNeeded
	case errors.Is(err, errSignupClosed):
		problem.Title = "No new accounts here"
		problem.Message = "This site makes accounts only for people it knows. Ask whoever runs it for one."
	case errors.Is(err, errOtherHost):
		problem = a.otherHostProblem()
	case errors.Is(err, errPlainHTTP):
		problem = components.Problem{
			Title:   "Use https here",
			Message: "This form was opened by http://, where your browser cannot stay signed in. Open the site by https:// and send the form from there.",
			Link:    a.site.String(), LinkText: "Go to " + a.site.String(),
		}
	}
	page := components.Page{Title: problem.Title, Main: components.ProblemPage(problem)}
	body := components.Whole(page)
	if swapsFragment(c.Request()) {
		noticeOnly(c.Response().Header())
		body = components.Fragment(page)
	}
	c.Response().Header().Set("Vary", "HX-Request, HX-Request-Type, HX-History-Restore-Request, Cookie")
	if err := sendHTML(c, status, body); err != nil {
		a.log.Error("error page", "error", err, "request", requestID(c))
	}
}

func statusOf(err error) int {
	var httpErr *echo.HTTPError
	switch {
	case errors.Is(err, store.ErrNotSignedIn):
		return http.StatusUnauthorized
	case errors.Is(err, errSignupClosed), errors.Is(err, errPlainHTTP):
		return http.StatusForbidden
	case errors.Is(err, errOtherHost):
		return http.StatusMisdirectedRequest
	case errors.Is(err, store.ErrNoLink):
		return http.StatusGone
	case errors.Is(err, context.Canceled):
		return statusClientLeft
	case store.Unavailable(err), errors.Is(err, errLeakedUnreadable), errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable
	case errors.As(err, &httpErr):
		return httpErr.Code
	}
	return http.StatusInternalServerError
}

func problemOf(status int, c echo.Context) components.Problem {
	start := components.Problem{Link: "/", LinkText: "Go to the start page"}
	switch status {
	case http.StatusUnauthorized:
		return components.Problem{
			Title:   "Please log in",
			Message: "You are not signed in here as the person this page belongs to, or the sign-in has ended.",
			Link:    components.LoginPathTo(nextOf(c)), LinkText: "Log in",
		}
	case http.StatusForbidden:
		start.Title = "This form was not sent"
		start.Message = "It seems to come from another site, from a page that was open for too long, or from a browser that keeps no cookies. Go back, load the page again, and send the form from there."
	case http.StatusGone:
		start.Title = "This link is no longer good"
		start.Message = "It was used already, a newer one was made, or its time is over. Ask whoever gave it to you for a new one."
	case http.StatusNotFound:
		start.Title = "Page not found"
		start.Message = "There is no page at this address."
	case http.StatusMethodNotAllowed:
		start.Title = "Not possible here"
		start.Message = "This address cannot be used in that way."
	case http.StatusRequestEntityTooLarge:
		start.Title = "Too much was sent"
		start.Message = "What was sent is larger than any form here needs. A password has at most 256 characters."
	case http.StatusUnsupportedMediaType:
		start.Title = "Not a form"
		start.Message = "This address takes a form as browsers send it (application/x-www-form-urlencoded)."
	case http.StatusBadRequest:
		start.Title = "Not understood"
		start.Message = "The form arrived damaged. Please load the page again and send it once more."
	case http.StatusTooManyRequests:
		start.Title = "Too many tries"
	case http.StatusServiceUnavailable:
		start.Title = "Not available at the moment"
		start.Message = "Something we depend on does not answer. Please try again in a few seconds."
		start.Reference = requestID(c)
	default:
		start.Title = "Something went wrong"
		start.Message = "The fault is ours, and it has been written to the log. Please try again."
		start.Reference = requestID(c)
	}
	return start
}

// otherHostProblem says where the site is, where that is known, and what to do about it. A link to the start page would
// lead to the same wrong host.
func (a *app) otherHostProblem() components.Problem {
	problem := components.Problem{
		Title:   "Not the address of this site",
		Message: "This site does not go by the name in your browser's address bar. If you are its administrator, set --url to the address that people type.",
	}
	if a.settings.URL != nil {
		problem.Message += " If a proxy stands in front, it has to pass the Host header on."
		problem.Link, problem.LinkText = a.site.String(), "Go to "+a.site.String()
	}
	return problem
}
