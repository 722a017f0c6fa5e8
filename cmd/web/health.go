package main

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

const healthPath = "/healthz"

// health is for whatever watches over the program.
func (a *app) health(c echo.Context) error {
	if err := a.store.Ready(c.Request().Context()); err != nil {
		a.log.Error("health", "error", err, "request", requestID(c))
		return c.String(http.StatusServiceUnavailable, "unavailable")
	}
	return c.String(http.StatusOK, "ok")
}
