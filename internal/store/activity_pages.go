package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// NewerActivity returns the bound for Activity with which it gives the limit events that come right after those below
// before: 0, the newest, when there are no more than these.
func (s *Store) NewerActivity(ctx context.Context, uid, before int64, limit int) (newer int64, err error) {
	err = s.reads.QueryRowContext(ctx,
		"SELECT id FROM events WHERE uid = $1 AND id >= $2 ORDER BY id LIMIT 1 OFFSET $3", uid, before, limit).Scan(&newer)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("read activity: %w", unavailable(err))
	}
	return newer, nil
}
