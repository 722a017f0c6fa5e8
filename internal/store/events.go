package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// EventKind names a security event of an account, as the log and the activity page do.
type EventKind string

// The security events (ASVS 5.0 16.3.1).
const (
	AccountCreated   EventKind = "account created"
	AccountDeleted   EventKind = "account deleted" // in the log alone: the account's events go with it
	LoginSucceeded   EventKind = "login succeeded"
	LoginFailed      EventKind = "login failed"
	LoginThrottled   EventKind = "login throttled"
	LoggedOut        EventKind = "logout"
	PasswordChanged  EventKind = "password changed"
	IdentityVerified EventKind = "password confirmed"
	RecoveryCodeMade EventKind = "recovery code made"
	RecoveryCodeUsed EventKind = "recovery code used"
	RecoveryFailed   EventKind = "recovery failed"
	SignInEnded      EventKind = "sign-in ended"
	AccountDisabled  EventKind = "account disabled"
	AccountEnabled   EventKind = "account enabled"
	AccountUnlocked  EventKind = "account unlocked"
	PasswordLinkMade EventKind = "password link made"
	PasswordLinkUsed EventKind = "password link used"
)

// Actor is who did something to an account.
type Actor string

// An account is changed by its owner, or by the keeper of the site.
const (
	Owner  Actor = "owner"
	Keeper Actor = "keeper"
)

// Occasion is when, by whom and from where something was done.
type Occasion struct {
	At        time.Time
	By        Actor
	Address   string
	UserAgent string
}

// Event is one entry of an account's activity.
type Event struct {
	ID   int64
	Kind EventKind
	Occasion
	// Repeats is how many times it happened, from At to LastAt; LastAt is zero when it was at one time only.
	Repeats int
	LastAt  time.Time
}

// maxUserAgent is in bytes; longer ones are noise or an attempt to fill the disk.
const maxUserAgent = 300

func clipUserAgent(userAgent string) string {
	return strings.ToValidUTF8(userAgent[:min(len(userAgent), maxUserAgent)], "")
}

// keptFailures bounds what a stranger who guesses can write: of one account's failures, and of those that name no
// account, only as many are kept.
const keptFailures = 200

// RecordFailure adds an event that changes nothing else. uid is 0 when the try named no account; the work is the
// same then, so that the time it takes tells nothing.
func (s *Store) RecordFailure(ctx context.Context, uid int64, kind EventKind, occasion Occasion) error {
	return s.write(ctx, "record failure", func(tx *sql.Tx) error {
		account := sql.NullInt64{Int64: uid, Valid: uid != 0}
		if _, err := tx.ExecContext(ctx, `
			DELETE FROM events WHERE uid IS ?1 AND kind = ?2 AND id <= (
				SELECT id FROM events WHERE uid IS ?1 AND kind = ?2 ORDER BY id DESC LIMIT 1 OFFSET ?3)`,
			account, kind, keptFailures-1); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO events (uid, at, kind, actor, address, user_agent)
			SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE ?1 IS NULL OR EXISTS (SELECT 1 FROM users WHERE uid = ?1)`,
			account, occasion.At.Unix(), kind, occasion.By, occasion.Address, clipUserAgent(occasion.UserAgent))
		return err
	})
}

func recordEvent(ctx context.Context, tx *sql.Tx, uid int64, kind EventKind, occasion Occasion) error {
	return recordRepeated(ctx, tx, uid, kind, 1, occasion)
}

// recordRepeated adds one event for something that was done repeats times at once.
func recordRepeated(ctx context.Context, tx *sql.Tx, uid int64, kind EventKind, repeats int, occasion Occasion) error {
	_, err := tx.ExecContext(ctx,
		"INSERT INTO events (uid, at, kind, actor, address, user_agent, repeats) VALUES (?, ?, ?, ?, ?, ?, ?)",
		uid, occasion.At.Unix(), kind, occasion.By, occasion.Address, clipUserAgent(occasion.UserAgent), repeats)
	return err
}

// Activity returns at most limit of the account's events with ids below before, the newest first; from the newest on
// when before is 0.
func (s *Store) Activity(ctx context.Context, uid, before int64, limit int) (events []Event, err error) {
	err = eachRow(ctx, s.reads, func(row *sql.Rows) error {
		var event Event
		var at int64
		var lastAt sql.NullInt64
		err := row.Scan(&event.ID, &event.Kind, &at, &event.By, &event.Address, &event.UserAgent, &event.Repeats, &lastAt)
		event.At, event.LastAt = time.Unix(at, 0), timeOrZero(lastAt)
		events = append(events, event)
		return err
	}, `
		SELECT id, kind, at, actor, address, user_agent, repeats, last_at FROM events
		WHERE uid = ?1 AND (?2 = 0 OR id < ?2) ORDER BY id DESC LIMIT ?3`, uid, before, limit)
	if err != nil {
		return nil, fmt.Errorf("read activity: %w", err)
	}
	return events, nil
}
