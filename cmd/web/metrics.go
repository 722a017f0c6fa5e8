package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4/middleware"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"latchkey/internal/auth"
	"latchkey/internal/password"
)

// metrics are what the program counts for --metrics-addr. Labels are routes, statuses, events and hosts of apps, never a
// name, an address or anything else that a visitor could choose: each value is a series of its own.
type metrics struct {
	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	logins    *prometheus.CounterVec
	events    *prometheus.CounterVec
	checks    *prometheus.CounterVec
}

func newMetrics() *metrics {
	return &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "latchkey_http_requests_total", Help: "Requests answered.",
		}, []string{"route", "method", "status"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "latchkey_http_request_duration_seconds", Help: "How long requests took.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route", "method"}),
		logins: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "latchkey_logins_total", Help: "Logins tried with a name and a password, or with a passkey, by what came of them.",
		}, []string{"outcome"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "latchkey_security_events_total",
			Help: `Security events, as in the log; those that end in "throttled" are tries that came too early.`,
		}, []string{"event"}),
		checks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "latchkey_checks_total", Help: "Requests to apps that a proxy asked about, by the app's host and what was answered.",
		}, []string{"app", "outcome"}),
	}
}

func (m *metrics) countRequest(v middleware.RequestLoggerValues) {
	method := v.Method
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
	default:
		method = "other" // a visitor may send any word
	}
	m.requests.WithLabelValues(v.RoutePath, method, strconv.Itoa(v.Status)).Inc()
	m.durations.WithLabelValues(v.RoutePath, method).Observe(v.Latency.Seconds())
}

// countLogin takes what the guard's Login returned, and whether the second step is still to come.
func (m *metrics) countLogin(err error, half bool) {
	outcome := "unavailable"
	switch {
	case err == nil && half:
		outcome = "second step"
	case err == nil:
		outcome = "succeeded"
	case errors.Is(err, auth.ErrWrongCredentials), passkeyProblem(err) != "":
		outcome = "failed"
	case errors.As(err, new(*auth.ThrottledError)):
		outcome = "throttled"
	case errors.Is(err, password.ErrBusy), errors.Is(err, password.ErrFailed):
		outcome = "busy"
	}
	m.logins.WithLabelValues(outcome).Inc()
}

// metricsHandler serves GET /metrics in Prometheus's text form. What cannot be read at the moment is left out.
func (a *app) metricsHandler() http.Handler {
	gauge := func(name, help string, read func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		a.metrics.requests, a.metrics.durations, a.metrics.logins, a.metrics.events, a.metrics.checks,
		gauge("latchkey_hashes_running", "Password hashes being computed.", func() float64 {
			running, _ := a.hasher.Load()
			return float64(running)
		}),
		gauge("latchkey_hashes_waiting", "Password hashes waiting for a turn.", func() float64 {
			_, waiting := a.hasher.Load()
			return float64(waiting)
		}),
		databaseCollector{a},
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	own := a.settings.metricsHosts()
	read := promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelError), ErrorHandling: promhttp.ContinueOnError,
	})
	routes := http.NewServeMux()
	routes.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		if !own.has(r.Host) {
			http.Error(w, "ask by an IP address, by localhost, or by the host of --metrics-addr or --url", http.StatusMisdirectedRequest)
			return
		}
		read.ServeHTTP(w, r)
	})
	return routes
}

var (
	liveSignIns   = prometheus.NewDesc("latchkey_live_sign_ins", "Sign-ins that have not ended.", nil, nil)
	databaseBytes = prometheus.NewDesc("latchkey_database_size_bytes", "Size of the database and of its write-ahead log.", []string{"file"}, nil)
)

// databaseCollector asks the database when, and only when, Prometheus asks.
type databaseCollector struct{ app *app }

// Describe implements prometheus.Collector.
func (databaseCollector) Describe(to chan<- *prometheus.Desc) {
	to <- liveSignIns
	to <- databaseBytes
}

// Collect implements prometheus.Collector.
func (d databaseCollector) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	now := d.app.now()
	live := 0
	var err error
	for _, remembered := range []bool{false, true} {
		lifetime, idle := d.app.signInLimits(remembered)
		var some int
		if some, err = d.app.store.CountSignIns(ctx, remembered, now.Add(-lifetime), now.Add(-idle)); err != nil {
			break
		}
		live += some
	}
	if err != nil {
		to <- prometheus.NewInvalidMetric(liveSignIns, err)
	} else {
		to <- prometheus.MustNewConstMetric(liveSignIns, prometheus.GaugeValue, float64(live))
	}
	database, writeAheadLog, err := d.app.store.Size()
	if err != nil {
		to <- prometheus.NewInvalidMetric(databaseBytes, err)
		return
	}
	to <- prometheus.MustNewConstMetric(databaseBytes, prometheus.GaugeValue, float64(database), "database")
	to <- prometheus.MustNewConstMetric(databaseBytes, prometheus.GaugeValue, float64(writeAheadLog), "write-ahead log")
}
