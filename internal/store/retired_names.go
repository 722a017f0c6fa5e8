package store

import (
	"context"
	"errors"
)

// ErrNotRetired means that no deleted account has left this name.
var ErrNotRetired = errors.New("no such retired name")

// retireName keeps the name of an account that an app has known from others: its next owner would own the old one's data
// in that app.
func (tx *transaction) retireName(ctx context.Context, uid int64, origin Origin) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO retired_names (username, skeleton, retired_at)
		SELECT username, skeleton, ? FROM users WHERE uid = ? AND EXISTS (SELECT 1 FROM app_people WHERE app_people.uid = users.uid)
		ON CONFLICT DO NOTHING`, origin.At.Unix(), uid)
	return err
}

// ReleaseName gives a retired name free, or returns ErrNotRetired.
func (s *Store) ReleaseName(ctx context.Context, username string) error {
	return s.write(ctx, "release name", func(ctx context.Context, tx *transaction) error {
		result, err := tx.ExecContext(ctx, "DELETE FROM retired_names WHERE username = ?", username)
		return requireRow(result, err, ErrNotRetired)
	})
}
