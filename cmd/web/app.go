package main

import (
	"context"
	"log/slog"
	"net/url"
	"runtime"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/auth"
	"latchkey/internal/passkey"
	"latchkey/internal/password"
	"latchkey/internal/store"
	"latchkey/public"
)

// app holds what all handlers share.
type app struct {
	settings *settings
	// site is the address that people use.
	site     *url.URL
	store    *store.Store
	sessions *scs.SessionManager
	hasher   *password.Hasher
	guard    *auth.Guard
	policy   password.Policy
	// passkeys is nil where the site's address can have none.
	passkeys *passkey.Site
	metrics  *metrics
	// addressOf is where a request comes from.
	addressOf echo.IPExtractor
	// face is how pages show the site; assets are those that the settings bring.
	face   components.Site
	assets map[string]public.Asset
	log    *slog.Logger
	now    func() time.Time
}

// newApp wires the program up. The settings have been validated. Without a worker, this process hashes.
func newApp(s *settings, db *store.Store, worker *password.Worker, log *slog.Logger, now func() time.Time) *app {
	site := s.site()
	hasher := password.NewHasher(s.hashParams(), runtime.NumCPU(), hashQueue, worker)
	a := &app{
		settings: s,
		site:     site,
		store:    db,
		sessions: newSessions(db, site.Scheme == "https"),
		hasher:   hasher,
		guard:    auth.NewGuard(db, hasher, s.limits(), s.keyFile(), log, now),
		policy: password.Policy{
			MinLength: s.PasswordMinLength,
			SiteNames: []string{s.SiteName, site.Hostname()},
		},
		passkeys: newPasskeySite(site, s.SiteName),
		metrics:  newMetrics(),
		log:      log,
		now:      now,
	}
	a.addressOf = a.ipExtractor()
	a.showFace()
	db.Notify(func(event store.Event) {
		logEvent(log, event)
		a.metrics.events.WithLabelValues(string(event.Kind)).Add(float64(event.Repeats))
	})
	return a
}

// secure reports whether people come by https.
func (a *app) secure() bool {
	return a.site.Scheme == "https"
}

// cleanUpEvery cleans up at each interval until ctx ends.
func (a *app) cleanUpEvery(ctx context.Context, interval time.Duration) {
	for {
		a.cleanUp(ctx)
		select {
		case <-ctx.Done():
			return
		case <-time.After(interval):
		}
	}
}

// writeCollectedEvery is how long an attempt that failed takes to reach the activity page of another process.
const writeCollectedEvery = time.Second

// writeCollected writes at each interval what the store has collected, until ctx ends, and then once more.
func (a *app) writeCollected(ctx context.Context) {
	for ended := false; !ended; {
		select {
		case <-ctx.Done():
			ended = true
		case <-time.After(writeCollectedEvery):
		}
		if err := a.store.WriteCollected(context.WithoutCancel(ctx)); err != nil {
			a.log.Error("write what was collected", "error", err)
		}
	}
}

// cleanUp removes what has expired. What has expired does not count before it is removed.
func (a *app) cleanUp(ctx context.Context) {
	a.readHashCosts(ctx)
	err := a.store.CleanUp(ctx, a.cutoffs(a.now()))
	if err != nil && ctx.Err() == nil {
		a.log.Error("clean-up", "error", err)
	}
}

// cutoffs returns the times before which things have expired.
func (a *app) cutoffs(now time.Time) store.Cutoffs {
	return store.Cutoffs{
		PlainBegunSince:       now.Add(-a.settings.SignInLifetime),
		PlainUnusedSince:      now.Add(-a.settings.SignInIdle),
		RememberedBegunSince:  now.Add(-a.settings.RememberedLifetime),
		RememberedUnusedSince: now.Add(-a.settings.RememberedIdle),
		EventsBefore:          now.Add(-a.settings.EventRetention),
		BrowsersUnusedSince:   now.Add(-deviceCookieMaxAge),
		HalfLoginsBegunSince:  now.Add(-halfLoginMaxAge),
		Now:                   now,
		Future:                now.Add(clockTolerance),
	}
}

// readHashCosts tells the hasher which costs the database holds; they change when the settings did.
func (a *app) readHashCosts(ctx context.Context) {
	costs, err := a.store.HashCosts(ctx)
	if err != nil {
		if ctx.Err() == nil {
			a.log.Error("read hash costs", "error", err)
		}
		return
	}
	a.hasher.SetStored(costs)
}
