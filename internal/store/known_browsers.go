package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
)

// maxKnownBrowsers are remembered per account; the ones not used for longest go first.
const maxKnownBrowsers = 20

// CROSS JOIN looks for the browser first: an unknown one costs the same whether there is such an account or not.
const knownBrowserQuery = `
	SELECT id FROM known_browsers CROSS JOIN users WHERE users.uid = known_browsers.uid AND username = $1 AND token_hash = $2`

// KnownBrowser returns the id of the browser whose device cookie has this hash, if the account with this name was logged
// in to from it before, and "" otherwise. Limits count by the id, of at least 128 random bits: it stays when the cookie is
// replaced. A name without an account is no different from a browser not seen before.
func (s *Store) KnownBrowser(ctx context.Context, username string, tokenHash []byte) (id string, err error) {
	err = s.findKnownBrowser.QueryRowContext(ctx, username, tokenHash).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("find known browser: %w", unavailable(err))
	}
	return id, nil
}

// BrowserOfAnybody is KnownBrowser for a browser that is known to whatever account.
func (s *Store) BrowserOfAnybody(ctx context.Context, tokenHash []byte) (id string, err error) {
	err = s.reads.QueryRowContext(ctx, "SELECT coalesce(min(id), '') FROM known_browsers WHERE token_hash = $1", tokenHash).Scan(&id)
	if err != nil {
		return "", fmt.Errorf("find known browser: %w", unavailable(err))
	}
	return id, nil
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
		INSERT INTO known_browsers (uid, token_hash, last_used_at, id) VALUES ($1, $2, $3, $4)
		ON CONFLICT (uid, token_hash) DO UPDATE SET last_used_at = excluded.last_used_at`,
		uid, browser.NewHash, origin.At.Unix(), rand.Text()); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `
		DELETE FROM known_browsers WHERE uid = $1 AND token_hash NOT IN (
			SELECT token_hash FROM known_browsers WHERE uid = $1 ORDER BY last_used_at DESC, token_hash = $2 DESC LIMIT $3)`,
		uid, browser.NewHash, maxKnownBrowsers)
	return err
}
