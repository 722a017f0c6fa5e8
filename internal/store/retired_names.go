package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"latchkey/internal/username"
)

// ErrNotRetired means that no deleted account has left this name.
var ErrNotRetired = errors.New("no such retired name")

// retireName keeps the name of an account that an app has known from others: its next owner would own the old one's data
// in that app, which may be there also when Latchkey does not guard it any more.
func (tx *transaction) retireName(ctx context.Context, uid int64, origin Origin) error {
	var name string
	err := tx.QueryRowContext(ctx, `
		SELECT username FROM users WHERE uid = $1 AND (
			EXISTS (SELECT 1 FROM app_people WHERE app_people.uid = users.uid) OR
			EXISTS (SELECT 1 FROM removed_app_people WHERE removed_app_people.uid = users.uid))`, uid).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO retired_names (username, skeleton, retired_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
		name, username.Skeleton(name), origin.At.Unix())
	return err
}

// RetiredName returns the retired name that keeps others from taking name: the same, or one that looks the same. It is
// empty where there is none.
func (s *Store) RetiredName(ctx context.Context, name string) (retired string, err error) {
	err = s.reads.QueryRowContext(ctx, `
		SELECT username FROM retired_names
		WHERE username = $1 OR skeleton = $2 AND `+s.notASCII+` >= $3 ORDER BY username <> $1, username LIMIT 1`,
		name, username.Skeleton(name), username.OfASCII(name)).Scan(&retired)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("look for retired name: %w", unavailable(err))
	}
	return retired, nil
}

// ReleaseName gives a retired name free, or returns ErrNotRetired.
func (s *Store) ReleaseName(ctx context.Context, name string) error {
	return s.write(ctx, "release name", func(ctx context.Context, tx *transaction) error {
		result, err := tx.ExecContext(ctx, "DELETE FROM retired_names WHERE username = $1", name)
		return requireRow(result, err, ErrNotRetired)
	})
}
