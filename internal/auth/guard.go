package auth

import (
	"context"
	"log/slog"
	"time"

	"latchkey/internal/password"
	"latchkey/internal/store"
)

// Guard is the one place that decides about attempts.
type Guard struct {
	store  *store.Store
	hasher *password.Hasher
	limits Limits
	log    *slog.Logger
	now    func() time.Time
}

// NewGuard makes a Guard. now is the clock that limits and ends go by.
func NewGuard(db *store.Store, hasher *password.Hasher, limits Limits, log *slog.Logger, now func() time.Time) *Guard {
	return &Guard{store: db, hasher: hasher, limits: limits, log: log, now: now}
}

// HashPassword hashes a new password on the client's turn. Errors are password.ErrBusy, and ctx's when it ends while
// waiting.
func (g *Guard) HashPassword(ctx context.Context, client Client, secret string) (string, error) {
	return g.hasher.Hash(ctx, client.Network(), secret)
}

// Origin returns the origin, for events, of what the client does now.
func (c Client) Origin(now time.Time) store.Origin {
	return store.Origin{At: now, By: store.Owner, Address: c.Address, UserAgent: c.UserAgent, RequestID: c.RequestID}
}
