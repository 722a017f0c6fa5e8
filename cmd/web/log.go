package main

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"latchkey/internal/store"
)

func newLogger(format string, to io.Writer) *slog.Logger {
	if format == "json" {
		return slog.New(slog.NewJSONHandler(to, nil))
	}
	return slog.New(slog.NewTextHandler(to, nil))
}

// logRequest writes one line per request, and counts it. The route stands in for the path, which holds names, and the query,
// which may hold what people typed.
func (a *app) logRequest() echo.MiddlewareFunc {
	return middleware.RequestLoggerWithConfig(middleware.RequestLoggerConfig{
		HandleError:  true,
		LogMethod:    true,
		LogRoutePath: true,
		LogStatus:    true,
		LogLatency:   true,
		LogError:     true,
		LogValuesFunc: func(c echo.Context, v middleware.RequestLoggerValues) error {
			level := slog.LevelInfo
			fields := []slog.Attr{
				slog.String("method", v.Method), slog.String("route", v.RoutePath), slog.Int("status", v.Status),
				slog.Duration("duration", v.Latency.Round(time.Microsecond)), slog.String("request", requestID(c)),
			}
			if v.Status >= 500 {
				level = slog.LevelError
				fields = append(fields, slog.Any("error", v.Error))
			}
			a.log.LogAttrs(context.Background(), level, "request", fields...)
			a.metrics.countRequest(v)
			return nil
		},
	})
}

// logEvent writes one line per security event (ASVS 5.0 16.3.1), and counts it. What was typed never gets in: people
// type passwords into the name's field.
func logEvent(log *slog.Logger, event store.Event) {
	fields := []slog.Attr{slog.String("event", string(event.Kind))}
	if event.Address != "" {
		fields = append(fields, slog.String("address", event.Address))
	}
	if event.RequestID != "" {
		fields = append(fields, slog.String("request", event.RequestID))
	}
	if event.UID != 0 {
		fields = append(fields, slog.Int64("uid", event.UID))
	}
	if event.By != store.Owner {
		fields = append(fields, slog.String("by", string(event.By)))
	}
	if event.Repeats > 1 {
		fields = append(fields, slog.Int("times", event.Repeats))
	}
	log.LogAttrs(context.Background(), slog.LevelInfo, "security", fields...)
}
