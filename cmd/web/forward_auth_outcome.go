package main

import (
	"context"
	"errors"
	"log/slog"

	"latchkey/internal/store"
)

// noApp stands in metrics for all hosts that are no app's, which a client could make up without end. It is no host.
const noApp = "(none)"

// failed is the outcome of a check that could not be made.
const failed = "failed"

// outcomeOf names what a check came to, in metrics.
func outcomeOf(err error) string {
	switch {
	case err == nil:
		return "allowed"
	case errors.Is(err, store.ErrNotSignedIn):
		return "not signed in"
	case errors.Is(err, errNotAllowed):
		return "not allowed"
	case errors.Is(err, errForged):
		return "forged"
	case errors.Is(err, errThrottled):
		return "throttled"
	}
	return failed
}

// countCheck counts what was answered.
func (a *app) countCheck(asked appRequest, err error) {
	host := noApp
	known := err == nil || errors.Is(err, errNotAllowed) // by the app's own row
	if !known {
		known, _ = a.store.IsApp(asked.Context(), asked.host) // an outage counts, whatever the app
	}
	if known {
		host = asked.host
	}
	a.metrics.checks.WithLabelValues(host, outcomeOf(err)).Inc()
}

// refusedLine is the message of the lines about refused requests to apps.
const refusedLine = "request to an app refused"

// logRefused writes one line, but for what nginx's check has told already. Requests that pass are not told.
func (a *app) logRefused(asked appRequest, reason error) {
	level := slog.LevelInfo
	switch outcomeOf(reason) {
	case failed:
		level = slog.LevelError
	case "forged":
		level = slog.LevelWarn
	}
	if !asked.counted || level == slog.LevelError {
		a.log.LogAttrs(context.Background(), level, refusedLine, slog.String("app", asked.host), slog.Any("reason", reason))
	}
}
