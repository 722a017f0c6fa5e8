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
	// keyFile holds the key that seals the secrets of one-time codes. It is read each time: a file that was put back, or is
	// gone, counts at once.
	keyFile string
	log     *slog.Logger
	now     func() time.Time
}

// NewGuard makes a Guard. keyFile is the path of the key that seals the secrets of one-time codes; it is made when it is
// first needed. now is the clock that limits and ends go by.
func NewGuard(db *store.Store, hasher *password.Hasher, limits Limits, keyFile string, log *slog.Logger, now func() time.Time) *Guard {
	return &Guard{store: db, hasher: hasher, limits: limits, keyFile: keyFile, log: log, now: now}
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
