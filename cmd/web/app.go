package main

import (
	"context"
	"log/slog"
	"net/url"
	"runtime"
	"time"

	"github.com/alexedwards/scs/v2"

	"latchkey/components"
	"latchkey/internal/password"
	"latchkey/internal/store"
)

// app is what the handlers share.
type app struct {
	settings *settings
	// site is the address that people use.
	site     *url.URL
	store    *store.Store
	sessions *scs.SessionManager
	hasher   *password.Hasher
	policy   password.Policy
	log      *slog.Logger
	now      func() time.Time

	signups    *addressLimit
	nameChecks *addressLimit
}

// newApp wires the program up. The settings have been validated.
func newApp(s *settings, db *store.Store, log *slog.Logger, now func() time.Time) *app {
	site, err := s.siteURL()
	if err != nil {
		panic(err)
	}
	return &app{
		settings: s,
		site:     site,
		store:    db,
		sessions: newSessions(db, site.Scheme == "https"),
		hasher:   password.NewHasher(s.hashParams(), runtime.GOMAXPROCS(0), s.HashQueue),
		policy: password.Policy{
			MinLength: s.PasswordMinLength,
			SiteNames: []string{components.SiteName, site.Hostname()},
		},
		log:        log,
		now:        now,
		signups:    newAddressLimit(s.SignupsPerHour, time.Hour),
		nameChecks: newAddressLimit(s.NameChecksPerMinute, time.Minute),
	}
}

// secure reports whether people come by https.
func (a *app) secure() bool {
	return a.site.Scheme == "https"
}

// cleanUpEvery removes what has expired until ctx ends. What has expired does not count before it is removed.
func (a *app) cleanUpEvery(ctx context.Context, interval time.Duration) {
	for {
		now := a.now()
		err := a.store.CleanUp(ctx, now.Add(-a.settings.SignInIdle), now.Add(-a.settings.RememberedIdle))
		if err != nil && ctx.Err() == nil {
			a.log.Error("clean-up", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(interval):
		}
	}
}
