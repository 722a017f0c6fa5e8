package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"latchkey/internal/throttle"
)

// Counter is one count that an attempt goes against.
type Counter struct {
	// Key is a hash of what is counted: no name that was tried is kept.
	Key  []byte
	Rule throttle.Rule
}

// maxCounters bounds the counters that are kept, at about 60 bytes each: a flood of made-up names must not fill the
// disk. Those with the fewest failures go first: a flood pushes out its own.
const maxCounters = 200_000

// trimEvery is how many attempts may add counters before they are counted.
const trimEvery = 1000

// Take counts an attempt against all the counters before its outcome is known: concurrent attempts cannot exceed a
// limit. When one of them does not allow it, nothing is counted; refusing is then the index of the one with the longest
// wait. A refusal only reads: refused attempts do not slow down anybody else.
func (s *Store) Take(ctx context.Context, counters []Counter, now time.Time) (refusing int, wait time.Duration, err error) {
	_, refusing, wait, err = tryCounters(ctx, s.reads, counters, now)
	if err != nil || wait > 0 {
		return refusing, wait, err
	}
	err = s.write(ctx, "count an attempt", func(ctx context.Context, tx *transaction) error {
		var states []throttle.State
		if err = tx.lockCounters(ctx, counters); err != nil {
			return err
		}
		if states, refusing, wait, err = tryCounters(ctx, tx, counters, now); err != nil {
			return err
		}
		if wait > 0 {
			return errRefused
		}
		for i, counter := range counters {
			if err := tx.setCounter(ctx, counter, states[i], now); err != nil {
				return err
			}
		}
		if s.attempts.Add(1)%trimEvery == 0 {
			return tx.trimCounters(ctx)
		}
		return nil
	})
	if errors.Is(err, errRefused) {
		err = nil
	}
	return refusing, wait, err
}

// errRefused undoes a transaction in which nothing is counted.
var errRefused = errors.New("the attempt is refused")

// Wait is how long Take would refuse an attempt. It counts nothing.
func (s *Store) Wait(ctx context.Context, counters []Counter, now time.Time) (time.Duration, error) {
	_, _, wait, err := tryCounters(ctx, s.reads, counters, now)
	return wait, err
}

// tryCounters returns what the counters would be after one more attempt, or which of them refuses it for longest.
func tryCounters(ctx context.Context, from querier, counters []Counter, now time.Time) (states []throttle.State, refusing int, wait time.Duration, err error) {
	states = make([]throttle.State, len(counters))
	for i, counter := range counters {
		state, err := counterState(ctx, from, counter.Key)
		if err != nil {
			return nil, 0, 0, fmt.Errorf("read a counter: %w", unavailable(err))
		}
		var wanted time.Duration
		if states[i], wanted = counter.Rule.Try(state, now); wanted > wait {
			refusing, wait = i, wanted
		}
	}
	return states, refusing, wait, nil
}

// Settlement says how the counters of an attempt, which Take has counted, change with its outcome.
type Settlement struct {
	// Reset names the counters that a successful attempt resets.
	Reset []Counter
	// TakeBack get the attempt back, as if it had not been made, but for those that are reset.
	TakeBack []Counter
}

// And settles another attempt as well.
func (s Settlement) And(other Settlement) Settlement {
	return Settlement{Reset: slices.Concat(s.Reset, other.Reset), TakeBack: slices.Concat(s.TakeBack, other.TakeBack)}
}

// Settle settles an attempt that changes nothing else.
func (s *Store) Settle(ctx context.Context, settlement Settlement, now time.Time) error {
	return s.write(ctx, "settle an attempt", func(ctx context.Context, tx *transaction) error {
		return tx.settle(ctx, settlement, now)
	})
}

func (tx *transaction) settle(ctx context.Context, settlement Settlement, now time.Time) error {
	if err := tx.lockCounters(ctx, slices.Concat(settlement.Reset, settlement.TakeBack)); err != nil {
		return err
	}
	for _, counter := range settlement.Reset {
		if err := tx.setCounter(ctx, counter, throttle.State{}, now); err != nil {
			return err
		}
	}
	for _, counter := range settlement.TakeBack {
		if slices.ContainsFunc(settlement.Reset, func(reset Counter) bool { return bytes.Equal(reset.Key, counter.Key) }) {
			continue
		}
		state, err := counterState(ctx, tx, counter.Key)
		if err != nil {
			return err
		}
		if err := tx.setCounter(ctx, counter, counter.Rule.Undo(state), now); err != nil {
			return err
		}
	}
	return nil
}

// ForgetAttempts removes counters by their keys, and returns how many of them there were.
func (s *Store) ForgetAttempts(ctx context.Context, keys ...[]byte) (forgotten int, err error) {
	err = s.write(ctx, "forget attempts", func(ctx context.Context, tx *transaction) error {
		forgotten = 0
		for _, key := range keys {
			result, err := tx.ExecContext(ctx, "DELETE FROM throttle WHERE key = $1", key)
			if err != nil {
				return err
			}
			removed, err := result.RowsAffected()
			if err != nil {
				return err
			}
			forgotten += int(removed)
		}
		return nil
	})
	return forgotten, err
}

// resetLimits lets the account be logged in to again from everywhere. A limit on a name neither precedes nor outlives
// its account.
func (tx *transaction) resetLimits(ctx context.Context, uid int64) error {
	var keys [][]byte
	err := eachRow(ctx, tx, func(row *sql.Rows) error {
		var username string
		var browser sql.NullString
		err := row.Scan(&username, &browser)
		keys = append(keys, throttle.UnknownBrowsers(username),
			throttle.KnownBrowser(username, browser.String), throttle.KnownBrowserRecovery(username, browser.String),
			throttle.CodesOfUnknownBrowsers(username), throttle.CodesOfKnownBrowser(username, browser.String))
		return err
	}, "SELECT username, id FROM users LEFT JOIN known_browsers USING (uid) WHERE uid = $1", uid)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if _, err := tx.ExecContext(ctx, "DELETE FROM throttle WHERE key = $1", key); err != nil {
			return err
		}
	}
	return nil
}

// lockCounters has every other transaction that counts against one of them wait, also where there is no row yet.
func (tx *transaction) lockCounters(ctx context.Context, counters []Counter) error {
	if tx.lockCounter == "" {
		return nil
	}
	keys := make([][]byte, len(counters))
	for i, counter := range counters {
		keys[i] = counter.Key
	}
	slices.SortFunc(keys, bytes.Compare)
	for _, key := range keys {
		if _, err := tx.ExecContext(ctx, tx.lockCounter, key); err != nil {
			return err
		}
	}
	return nil
}

func counterState(ctx context.Context, from querier, key []byte) (throttle.State, error) {
	var state throttle.State
	var freeAt int64
	err := from.QueryRowContext(ctx, "SELECT failures, free_at FROM throttle WHERE key = $1", key).Scan(&state.Failures, &freeAt)
	if errors.Is(err, sql.ErrNoRows) {
		return throttle.State{}, nil
	}
	state.FreeAt = time.UnixMilli(freeAt)
	return state, err
}

func (tx *transaction) setCounter(ctx context.Context, counter Counter, state throttle.State, now time.Time) error {
	if state.Failures == 0 {
		_, err := tx.ExecContext(ctx, "DELETE FROM throttle WHERE key = $1", counter.Key)
		return err
	}
	var forgetAt sql.NullInt64
	if at := counter.Rule.ForgetAt(state, now); !at.IsZero() {
		forgetAt = sql.NullInt64{Int64: at.Unix() + 1, Valid: true}
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO throttle (key, failures, free_at, forget_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, free_at = excluded.free_at, forget_at = excluded.forget_at`,
		counter.Key, state.Failures, state.FreeAt.UnixMilli(), forgetAt)
	return err
}

func (tx *transaction) trimCounters(ctx context.Context) error {
	_, err := tx.ExecContext(ctx, `
		DELETE FROM throttle WHERE key IN (
			SELECT key FROM throttle ORDER BY failures, forget_at NULLS FIRST
			LIMIT (SELECT CASE WHEN count(*) > $1 THEN count(*) - $1 ELSE 0 END FROM throttle))`, maxCounters)
	return err
}

// Unlock lets an account be logged in to again that too many failed attempts have closed.
func (s *Store) Unlock(ctx context.Context, uid int64, origin Origin) error {
	return s.write(ctx, "unlock user", func(ctx context.Context, tx *transaction) error {
		if err := tx.resetLimits(ctx, uid); err != nil {
			return err
		}
		return tx.record(ctx, uid, AccountUnlocked, origin)
	})
}
