package store

import (
	"context"
	"fmt"
	"time"
)

// cleanUpBatch rows are removed in one transaction, so that no other writer waits long for the lock.
const cleanUpBatch = 500

// CleanUp deletes sessions that have expired and sign-ins not used since the given times, in small batches, until
// none is left or ctx ends. What has expired does not count even before it is deleted.
func (s *Store) CleanUp(ctx context.Context, plainUnusedSince, rememberedUnusedSince time.Time) error {
	for _, batch := range []struct {
		query string
		args  []any
	}{
		{"DELETE FROM sessions WHERE rowid IN (SELECT rowid FROM sessions WHERE expiry < julianday('now') LIMIT ?)",
			[]any{cleanUpBatch}},
		{"DELETE FROM sign_ins WHERE rowid IN (SELECT rowid FROM sign_ins WHERE remembered = 0 AND last_seen_at < ? LIMIT ?)",
			[]any{plainUnusedSince.Unix(), cleanUpBatch}},
		{"DELETE FROM sign_ins WHERE rowid IN (SELECT rowid FROM sign_ins WHERE remembered = 1 AND last_seen_at < ? LIMIT ?)",
			[]any{rememberedUnusedSince.Unix(), cleanUpBatch}},
	} {
		for {
			result, err := s.db.ExecContext(ctx, batch.query, batch.args...)
			if err != nil {
				return fmt.Errorf("clean up: %w", unavailable(err))
			}
			if removed, err := result.RowsAffected(); err != nil || removed < cleanUpBatch {
				break
			}
		}
	}
	return nil
}
