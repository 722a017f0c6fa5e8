package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"latchkey/internal/store"
)

// newLogger writes the lines about requests to one stream and all others to another: each can be kept without the
// other.
func newLogger(format string, to, requests io.Writer) *slog.Logger {
	return slog.New(logHandler{logHandlerTo(format, to), logHandlerTo(format, requests)})
}

func logHandlerTo(format string, to io.Writer) slog.Handler {
	if format == "json" {
		return slog.NewJSONHandler(to, nil)
	}
	return slog.NewTextHandler(to, nil)
}

// requestLine is the message of the lines that logRequest writes. Beside them, refusedLine counts as a line about a request.
const requestLine = "request"

type logHandler struct {
	slog.Handler
	requests slog.Handler
}

// Handle implements slog.Handler.
func (h logHandler) Handle(ctx context.Context, record slog.Record) error {
	if (record.Message == requestLine || record.Message == refusedLine) && record.Level < slog.LevelError {
		return h.requests.Handle(ctx, record)
	}
	return h.Handler.Handle(ctx, record)
}

// WithAttrs implements slog.Handler.
func (h logHandler) WithAttrs(attributes []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attributes), h.requests.WithAttrs(attributes)}
}

// WithGroup implements slog.Handler.
func (h logHandler) WithGroup(name string) slog.Handler {
	return logHandler{h.Handler.WithGroup(name), h.requests.WithGroup(name)}
}

// lostLine says that lines are missing.
func lostLine(format string, lost int) []byte {
	var line bytes.Buffer
	slog.New(logHandlerTo(format, &line)).Warn("lines are missing here: the log was not taken as fast as it was written", "lines", lost)
	return line.Bytes()
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
			a.log.LogAttrs(context.Background(), level, requestLine, fields...)
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
