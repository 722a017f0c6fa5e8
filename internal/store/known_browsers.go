package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// maxKnownBrowsers are remembered per account; the ones not used for longest go first.
const maxKnownBrowsers = 20

// CROSS JOIN looks for the browser first: an unknown one costs the same whether there is such an account or not.
const knownBrowserQuery = `
	SELECT 1 FROM known_browsers CROSS JOIN users WHERE users.uid = known_browsers.uid AND username = $1 AND token_hash = $2`

// IsKnownBrowser reports whether the account with this name was logged in to before from the browser whose device
// cookie has this hash. A name without an account is no different from a browser not seen before.
func (s *Store) IsKnownBrowser(ctx context.Context, username string, tokenHash []byte) (bool, error) {
	var one int
	err := s.findKnownBrowser.QueryRowContext(ctx, username, tokenHash).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("find known browser: %w", unavailable(err))
	}
	return true, nil
}

// DeviceRotation replaces the device cookie of a browser in which an owner just proved who they are, for all accounts
// that know it: a cookie that was planted or copied no longer counts.
type DeviceRotation struct {
	OldHash []byte
	NewHash []byte
}

func (tx *transaction) rememberBrowser(ctx context.Context, uid int64, browser DeviceRotation, origin Origin) error {
	if _, err := tx.ExecContext(ctx,
		"UPDATE known_browsers SET token_hash = $1 WHERE token_hash = $2", browser.NewHash, browser.OldHash); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO known_browsers (uid, token_hash, last_used_at) VALUES ($1, $2, $3)
		ON CONFLICT (uid, token_hash) DO UPDATE SET last_used_at = excluded.last_used_at`,
		uid, browser.NewHash, origin.At.Unix()); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `
		DELETE FROM known_browsers WHERE uid = $1 AND token_hash NOT IN (
			SELECT token_hash FROM known_browsers WHERE uid = $1 ORDER BY last_used_at DESC, token_hash = $2 DESC LIMIT $3)`,
		uid, browser.NewHash, maxKnownBrowsers)
	return err
}
