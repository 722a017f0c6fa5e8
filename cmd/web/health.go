package main

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"
)

// health is for whatever watches over the program.
func (a *app) health(c echo.Context) error {
	err := a.store.Ready(c.Request().Context())
	if errors.Is(err, context.Canceled) {
		return err
	}
	if err != nil {
		a.log.Error("health", "error", err, "request", requestID(c))
		return c.String(http.StatusServiceUnavailable, "unavailable")
	}
	return c.String(http.StatusOK, "ok")
}
