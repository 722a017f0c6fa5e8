package main

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"latchkey/internal/auth"
	"latchkey/internal/password"
	"latchkey/internal/throttle"
)

// orTryLater shows the form again, with what was typed, when nothing is wrong with that but it came too early or too
// much is going on. Any other error is for errors.go.
func (a *app) orTryLater(c echo.Context, err error, form func(message string) view) error {
	status, message := a.tryLater(c, err)
	if status == 0 {
		return err
	}
	return a.render(c, status, form(message))
}

// tryLater returns the status and the message of an error that goes away by waiting, and sets Retry-After. For other
// errors the status is 0.
func (a *app) tryLater(c echo.Context, err error) (status int, message string) {
	var throttled *auth.ThrottledError
	switch {
	case errors.As(err, &throttled):
		return http.StatusTooManyRequests, a.throttledMessage(c, throttled)
	case errors.Is(err, auth.ErrCodesUnavailable):
		a.log.Error("check code", "error", err, "request", requestID(c))
		return http.StatusServiceUnavailable, "Codes cannot be checked at this moment. Use a passkey or your recovery code, or contact " + a.face.Administrator() + "."
	case errors.Is(err, password.ErrFailed):
		a.log.Error("hash password", "error", err, "request", requestID(c))
		return http.StatusServiceUnavailable, fmt.Sprintf("Your password cannot be checked at this moment. Please try again in %s.", retryAfter(c, busyWait))
	case errors.Is(err, password.ErrBusy):
		return http.StatusServiceUnavailable, fmt.Sprintf(
			"Too many people are logging in at this moment. Please try again in %s.", retryAfter(c, busyWait))
	}
	return 0, ""
}

// busyWait is about how long a full queue of password checks takes to empty.
const busyWait = 5 * time.Second

func (a *app) throttledMessage(c echo.Context, e *auth.ThrottledError) string {
	if e.Wait == throttle.Closed {
		retryAfter(c, a.settings.UnknownBrowserMaxWait)
		return "Locked after too many failed logins. Log in from a browser you have used before, or use your recovery code."
	}
	what := "Too many tries from your address."
	if e.ByAccount {
		what = "Too many failed logins with this username."
	}
	return fmt.Sprintf("%s Please wait %s and try again.", what, retryAfter(c, e.Wait))
}

// retryAfter tells programs and people alike when to come back, in whole seconds.
func retryAfter(c echo.Context, wait time.Duration) (inWords string) {
	seconds := int((wait + time.Second - 1) / time.Second)
	c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(seconds))
	switch {
	case seconds == 1:
		return "1 second"
	case seconds < 120:
		return strconv.Itoa(seconds) + " seconds"
	}
	return strconv.Itoa((seconds+59)/60) + " minutes"
}
