package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/password"
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
	for _, name := range []string{"HX-Push-Url", "HX-Retarget", "HX-Reselect", "HX-Reswap"} {
		c.Response().Header().Del(name)
	}
	a.keepTrueCookies(c)
	c.Response().Header().Set("Cache-Control", "no-store")
	halfLoginEnded := errors.Is(err, store.ErrNoHalfLogin)
	lostCookies := status == http.StatusUnauthorized && !halfLoginEnded && a.lostCookies(c)
	if status == http.StatusUnauthorized && !lostCookies {
		failed := a.showSessionEnded(c, halfLoginEnded)
		if failed == nil {
			return
		}
		status = statusOf(failed)
	}
	if message == "" && status == http.StatusServiceUnavailable {
		retryAfter(c, 5*time.Second)
	}
	problem := a.problemOf(status, c)
	if message != "" {
		problem.Message = message
	}
	switch {
	case lostCookies:
		problem.Title, problem.Message = "Cookies are needed", cookiesNeeded
	case errors.Is(err, errSignupClosed):
		problem.Title = "Sign-up is closed"
		problem.Message = "Ask " + a.face.Administrator() + " for an account."
		problem.Fact = true
	case errors.Is(err, errOtherHost):
		problem = a.otherHostProblem()
	case errors.Is(err, errPlainHTTP):
		problem = components.Problem{
			Title:   "Use https here",
			Message: "This form was opened by http://, where your browser cannot stay signed in. Open the site by https:// and send the form from there.",
			Link:    a.site.String(), LinkText: "Go to " + a.site.String(),
		}
	}
	page := components.Page{Site: a.face, NoIndex: true, Title: problem.Title, Main: components.ProblemPage(problem)}
	body := components.FullPage(page)
	if swapsFragment(c.Request()) {
		noticeOnly(c.Response().Header())
		body = components.NoticeFragment(page)
	}
	c.Response().Header().Set("Vary", "HX-Request, HX-Request-Type, HX-History-Restore-Request, Cookie")
	if a.wroteSession(c.Request().Context()) {
		a.writeSessionCookie(c)
	}
	if err := sendHTML(c, status, body); err != nil {
		a.log.Error("error page", "error", err, "request", requestID(c))
	}
}

func statusOf(err error) int {
	var httpErr *echo.HTTPError
	switch {
	case errors.Is(err, store.ErrNotSignedIn), errors.Is(err, store.ErrNoHalfLogin):
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

func (a *app) problemOf(status int, c echo.Context) components.Problem {
	start := components.Problem{Link: "/", LinkText: "Go to the start page"}
	switch status {
	case http.StatusUnauthorized:
		return components.Problem{Link: components.LoginPathTo(nextOf(c)), LinkText: "Log in"}
	case http.StatusForbidden:
		start.Title = "This page is out of date"
		start.Message = "Reload it and try again. If that does not help, allow cookies for this site."
	case http.StatusGone:
		start.Title = "This link no longer works"
		start.Message = "It has expired or was used. Ask " + a.face.Administrator() + " for a new one."
		start.Fact = true
	case http.StatusNotFound:
		start.Title = "Page not found"
		start.Message = "There is no page at this address."
		start.Fact = true
	case http.StatusMethodNotAllowed:
		start.Title = "Not allowed"
		start.Message = "This address cannot be used in that way."
		start.Fact = true
	case http.StatusRequestEntityTooLarge:
		start.Title = "Too long"
		start.Message = fmt.Sprintf("This is more than any form here needs. A password has at most %d characters.", password.MaxLength)
	case http.StatusUnsupportedMediaType:
		start.Title = "Not a form"
		start.Message = "This address takes a form as browsers send it (application/x-www-form-urlencoded)."
	case http.StatusBadRequest:
		start.Title = "Bad request"
		start.Message = "The form arrived damaged. Reload the page and try again."
	case http.StatusTooManyRequests:
		start.Title = "Too many tries"
	case http.StatusServiceUnavailable:
		start.Title = "Not available at the moment"
		start.Message = "We're having trouble. Please try again in a few seconds."
		start.Reference = requestID(c)
	default:
		start.Title = "Something went wrong"
		start.Message = "The fault is ours, and it is in the log. Please try again."
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
