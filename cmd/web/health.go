package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"latchkey/internal/store"
)

const healthPath = "/healthz"

// health is for whatever watches over the program.
func (a *app) health(c echo.Context) error {
	if err := a.store.Ready(c.Request().Context()); err != nil {
		if errors.Is(err, context.Canceled) {
			return err // nobody waits for the answer
		}
		a.log.Error("health", "error", err, "request", requestID(c))
		return c.String(http.StatusServiceUnavailable, "unavailable")
	}
	return c.String(http.StatusOK, "ok")
}

// followFile looks at each interval, until ctx ends, whether another file is in place of the database, and has that one
// opened. What keeps it from being used is logged once, and again when it changes.
func (a *app) followFile(ctx context.Context, interval time.Duration) {
	said := ""
	for ctx.Err() == nil {
		err := a.store.Follow(ctx)
		switch {
		case err == nil && said != "":
			said = ""
			a.log.Info("the database is open again", "db", store.Shown(a.settings.DB))
		case err != nil && err.Error() != said && ctx.Err() == nil:
			said = err.Error()
			a.log.Error("database", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(interval):
		}
	}
}

// pinFile ends a request with 503 when another file takes the place of the database while it runs: a uid that was read
// in one file may be another person's in the other.
func (a *app) pinFile(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		c.SetRequest(r.WithContext(a.store.Pin(r.Context())))
		return next(c)
	}
}
