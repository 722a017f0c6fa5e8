package store

import (
	"context"
	"time"
)

const (
	// cleanUpBatch rows are removed in one transaction. More would let other writers wait.
	cleanUpBatch = 100
	// After a batch, clean-up pauses for cleanUpRest times its duration: a million rows take minutes, and a fifth of the
	// disk at most.
	cleanUpRest = 4
)

// Cutoffs says what is to be removed, beside the sessions, which know their own end.
type Cutoffs struct {
	// Plain and Remembered are sign-ins without and with "Keep me signed in".
	PlainBegunSince       time.Time
	PlainUnusedSince      time.Time
	RememberedBegunSince  time.Time
	RememberedUnusedSince time.Time
	EventsBefore          time.Time
	BrowsersUnusedSince   time.Time
	HalfLoginsBegunSince  time.Time
	Now                   time.Time
	// Future is from when on a time of last use was written by a clock that was wrong.
	Future time.Time
}

// CleanUp deletes what has expired in small batches, until none is left or ctx ends. Sessions and sign-ins that have
// expired do not count even before they are deleted.
func (s *Store) CleanUp(ctx context.Context, expired Cutoffs) error {
	if err := s.write(ctx, "clean up", func(ctx context.Context, tx *transaction) error { return tx.trimCounters(ctx) }); err != nil {
		return err
	}
	for _, batch := range []struct {
		query string
		args  []any
	}{
		{"DELETE FROM sessions WHERE token IN (SELECT token FROM sessions WHERE expiry < " + s.expiry + " LIMIT $2)",
			[]any{unixSeconds(time.Now()), cleanUpBatch}},
		{"DELETE FROM sign_ins WHERE id IN (SELECT id FROM sign_ins WHERE remembered = FALSE AND (last_seen_at < $1 OR last_seen_at > $2) LIMIT $3)",
			[]any{expired.PlainUnusedSince.Unix(), expired.Future.Unix(), cleanUpBatch}},
		{"DELETE FROM sign_ins WHERE id IN (SELECT id FROM sign_ins WHERE remembered = TRUE AND (last_seen_at < $1 OR last_seen_at > $2) LIMIT $3)",
			[]any{expired.RememberedUnusedSince.Unix(), expired.Future.Unix(), cleanUpBatch}},
		{"DELETE FROM events WHERE id IN (SELECT id FROM events WHERE last_at < $1 LIMIT $2)",
			[]any{expired.EventsBefore.Unix(), cleanUpBatch}},
		{"DELETE FROM throttle WHERE key IN (SELECT key FROM throttle WHERE forget_at < $1 LIMIT $2)",
			[]any{expired.Now.Unix(), cleanUpBatch}},
		{"DELETE FROM known_browsers WHERE (uid, token_hash) IN (SELECT uid, token_hash FROM known_browsers WHERE last_used_at < $1 OR last_used_at > $2 LIMIT $3)",
			[]any{expired.BrowsersUnusedSince.Unix(), expired.Future.Unix(), cleanUpBatch}},
		{"DELETE FROM app_codes WHERE code_hash IN (SELECT code_hash FROM app_codes WHERE expires_at <= $1 LIMIT $2)",
			[]any{expired.Now.Unix(), cleanUpBatch}},
		{"DELETE FROM half_logins WHERE id IN (SELECT id FROM half_logins WHERE begun_at < $1 OR begun_at > $2 LIMIT $3)",
			[]any{expired.HalfLoginsBegunSince.Unix(), expired.Future.Unix(), cleanUpBatch}},
	} {
		for {
			began := time.Now()
			var removed int64
			err := s.write(ctx, "clean up", func(ctx context.Context, tx *transaction) error {
				result, err := tx.ExecContext(ctx, batch.query, batch.args...)
				if err != nil {
					return err
				}
				removed, err = result.RowsAffected()
				return err
			})
			if err != nil {
				return err
			}
			if removed < cleanUpBatch {
				break
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(cleanUpRest * time.Since(began)):
			}
		}
	}
	return nil
}
