package store

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// collected holds what is not worth a commit of its own: failed attempts, which an attacker can make by the thousand,
// and times of last use. WriteCollected writes it together. At most its last second is lost in a crash; the
// log has the attempts, and the limits count them at once.
type collected struct {
	mu sync.Mutex
	collection
}

// collection is what is written together.
type collection struct {
	failures map[failureKey]Event
	// signInUses and appPasswordUses are by id.
	signInUses      map[string]time.Time
	appPasswordUses map[int64]time.Time
}

// failureKey is equal for failures that are repeats of each other.
type failureKey struct {
	uid      int64
	username string // when the uid was not looked up
	kind     EventKind
}

// maxCollected bounds each kind between two writes. More failures count as of no account; of more uses the next one of the
// same sign-in or app password is collected.
const maxCollected = 10_000

// Failure is an attempt that failed or was refused.
type Failure struct {
	Kind EventKind
	// UID is 0 when the attempt named no account, or Username says which.
	UID int64
	// Username is in canonical form. It need not be an account's: that is looked up later, and answering takes the same
	// time.
	Username string
}

// RecordFailure tells of an attempt that failed, and adds it to the activity of the account with the next
// WriteCollected. It does the same work whether there is such an account or not.
func (s *Store) RecordFailure(failure Failure, origin Origin) {
	event := Event{UID: failure.UID, Kind: failure.Kind, Origin: origin, Repeats: 1, FirstAt: origin.At}
	s.notify(event)
	s.collected.addFailure(failureKey{failure.UID, failure.Username, failure.Kind}, event)
}

// TouchSignIn moves the time of last use forward, never back, with the next WriteCollected.
func (s *Store) TouchSignIn(id string, now time.Time) {
	c := &s.collected
	c.mu.Lock()
	defer c.mu.Unlock()
	c.signInUses = addUse(c.signInUses, id, now)
}

// addUse keeps the last of several uses.
func addUse[ID comparable](uses map[ID]time.Time, id ID, at time.Time) map[ID]time.Time {
	if uses == nil {
		uses = map[ID]time.Time{}
	}
	if before, known := uses[id]; (known || len(uses) < maxCollected) && before.Before(at) {
		uses[id] = at
	}
	return uses
}

func (c *collected) addFailure(key failureKey, event Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failures == nil {
		c.failures = map[failureKey]Event{}
	}
	if _, known := c.failures[key]; !known && len(c.failures) >= maxCollected {
		key = failureKey{kind: key.kind}
	}
	if before, known := c.failures[key]; known {
		event.Repeats += before.Repeats
		event.FirstAt = before.FirstAt
	}
	c.failures[key] = event
}

func (c *collected) useAppPassword(id int64, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.appPasswordUses = addUse(c.appPasswordUses, id, now)
}

func (c *collected) take() collection {
	c.mu.Lock()
	defer c.mu.Unlock()
	taken := c.collection
	c.collection = collection{}
	return taken
}

// WriteCollected writes what RecordFailure, TouchSignIn and UserByAppPassword collected. When it cannot, that is kept for
// the next time.
func (s *Store) WriteCollected(ctx context.Context) error {
	taken := s.collected.take()
	if len(taken.failures) == 0 && len(taken.signInUses) == 0 && len(taken.appPasswordUses) == 0 {
		return nil
	}
	err := s.write(ctx, "write what was collected", func(ctx context.Context, tx *transaction) error {
		// In one order, so that two programs do not wait for each other in a circle.
		for _, id := range slices.Sorted(maps.Keys(taken.signInUses)) {
			if _, err := tx.ExecContext(ctx,
				"UPDATE sign_ins SET last_seen_at = $1 WHERE id = $2 AND last_seen_at < $1", taken.signInUses[id].Unix(), id); err != nil {
				return err
			}
		}
		for _, id := range slices.Sorted(maps.Keys(taken.appPasswordUses)) {
			if _, err := tx.ExecContext(ctx, `
				UPDATE app_passwords SET last_used_at = $1 WHERE id = $2 AND (last_used_at IS NULL OR last_used_at < $1)`,
				taken.appPasswordUses[id].Unix(), id); err != nil {
				return err
			}
		}
		for key, event := range taken.failures {
			if err := tx.addFailure(ctx, key, event); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		for key, event := range taken.failures {
			s.collected.addFailure(key, event)
		}
		for id, at := range taken.signInUses {
			s.TouchSignIn(id, at)
		}
		for id, at := range taken.appPasswordUses {
			s.collected.useAppPassword(id, at)
		}
	}
	return err
}

// isFailure are the kinds that somebody who is not the owner can cause.
var isFailure = map[EventKind]bool{LoginFailed: true, LoginThrottled: true, RecoveryFailed: true, RecoveryThrottled: true,
	SecondStepFailed: true, SecondThrottled: true, RecoveryHalfDone: true, PasskeyRefused: true}

// repeatsWithin is how old the first of several failures in one row may be.
const repeatsWithin = 24 * time.Hour

// errEventMoved means that another program has added to a row meanwhile, which has a new id.
var errEventMoved = errors.New("the event has another id")

// addFailure adds a failure to the row of those before, unless something else happened in between: however many there
// are, the owner sees what matters among them.
func (tx *transaction) addFailure(ctx context.Context, key failureKey, event Event) error {
	if key.username != "" {
		err := tx.QueryRowContext(ctx, "SELECT uid FROM users WHERE username = $1", key.username).Scan(&event.UID)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	condition, args := eventsOf(event.UID, len(isFailure))
	var rows []Event
	err := eachRow(ctx, tx, func(row *sql.Rows) error {
		before, err := scanEvent(row)
		rows = append(rows, before)
		return err
	}, "SELECT "+eventColumns+" FROM events WHERE "+condition+" ORDER BY id DESC LIMIT $1", args...)
	if err != nil {
		return err
	}
	for _, before := range rows {
		if !isFailure[before.Kind] {
			break
		}
		if before.Kind == event.Kind && event.At.Sub(before.FirstAt) < repeatsWithin {
			// A new id, by which `events --follow` sees it.
			result, err := tx.ExecContext(ctx, `
				UPDATE events SET id = `+tx.nextEvent+`, repeats = repeats + $1, last_at = $2, address = $3, user_agent = $4
				WHERE id = $5`, event.Repeats, event.At.Unix(), event.Address, clipUserAgent(event.UserAgent), before.ID)
			if err = requireRow(result, err, errEventMoved); errors.Is(err, errEventMoved) {
				return tx.addFailure(ctx, key, event)
			}
			return err
		}
	}
	if event.UID != 0 { // which may have been deleted since
		if err := tx.keepAccount(ctx, event.UID); err != nil {
			if errors.Is(err, ErrNoUser) {
				return nil
			}
			return err
		}
	}
	_, err = tx.insertEvent(ctx, event)
	return err
}
