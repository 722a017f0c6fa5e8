package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"latchkey/internal/throttle"
)

// Counter is one count that a try goes against.
type Counter struct {
	// Key is a hash of what is counted, so that no name that was tried is kept.
	Key  []byte
	Rule throttle.Rule
}

// maxCounters bounds the counters that are kept, at about 60 bytes each: a flood of made-up names must not fill the
// disk. Those with the fewest failures go first, so that a flood pushes out its own.
const maxCounters = 200_000

// trimEvery is how many tries may add counters before they are counted.
const trimEvery = 1000

// Take counts a try against all the counters, before it is known how it goes, so that tries at once cannot slip
// past. When one of them does not allow it, nothing is counted; refusing is then the index of the one with the
// longest wait.
func (s *Store) Take(ctx context.Context, counters []Counter, now time.Time) (refusing int, wait time.Duration, err error) {
	err = s.write(ctx, "count a try", func(tx *sql.Tx) error {
		states := make([]throttle.State, len(counters))
		for i, counter := range counters {
			state, err := counterState(ctx, tx, counter.Key)
			if err != nil {
				return err
			}
			var wanted time.Duration
			if states[i], wanted = counter.Rule.Try(state, now); wanted > wait {
				refusing, wait = i, wanted
			}
		}
		if wait > 0 {
			return nil
		}
		for i, counter := range counters {
			if err := setCounter(ctx, tx, counter, states[i], now); err != nil {
				return err
			}
		}
		if s.tries.Add(1)%trimEvery == 0 {
			return trimCounters(ctx, tx)
		}
		return nil
	})
	return refusing, wait, err
}

// SettleTry resets some of the counters of a try that Take has counted, and takes it back from others.
func (s *Store) SettleTry(ctx context.Context, reset, takeBack []Counter, now time.Time) error {
	return s.write(ctx, "settle a try", func(tx *sql.Tx) error {
		for _, counter := range reset {
			if err := setCounter(ctx, tx, counter, throttle.State{}, now); err != nil {
				return err
			}
		}
		for _, counter := range takeBack {
			state, err := counterState(ctx, tx, counter.Key)
			if err != nil {
				return err
			}
			if err := setCounter(ctx, tx, counter, counter.Rule.Undo(state), now); err != nil {
				return err
			}
		}
		return nil
	})
}

func counterState(ctx context.Context, tx *sql.Tx, key []byte) (throttle.State, error) {
	var state throttle.State
	var freeAt int64
	err := tx.QueryRowContext(ctx, "SELECT failures, free_at FROM throttle WHERE key = ?", key).Scan(&state.Failures, &freeAt)
	if errors.Is(err, sql.ErrNoRows) {
		return throttle.State{}, nil
	}
	state.FreeAt = time.UnixMilli(freeAt)
	return state, err
}

func setCounter(ctx context.Context, tx *sql.Tx, counter Counter, state throttle.State, now time.Time) error {
	if state.Failures == 0 {
		_, err := tx.ExecContext(ctx, "DELETE FROM throttle WHERE key = ?", counter.Key)
		return err
	}
	var forgetAt sql.NullInt64
	if at := counter.Rule.ForgetAt(state, now); !at.IsZero() {
		forgetAt = sql.NullInt64{Int64: at.Unix() + 1, Valid: true}
	}
	_, err := tx.ExecContext(ctx, "REPLACE INTO throttle (key, failures, free_at, forget_at) VALUES (?, ?, ?, ?)",
		counter.Key, state.Failures, state.FreeAt.UnixMilli(), forgetAt)
	return err
}

func trimCounters(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `
		DELETE FROM throttle WHERE key IN (
			SELECT key FROM throttle ORDER BY failures, forget_at
			LIMIT max(0, (SELECT count(*) FROM throttle) - ?))`, maxCounters)
	return err
}
