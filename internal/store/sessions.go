package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// session is what scs has stored, until when.
type session struct {
	data    []byte
	expires time.Time
}

// The expiry is a Julian day, as sqlite3store writes it; 2440587.5 is the one on which Unix time begins.
const sessionQuery = "SELECT data, (expiry - 2440587.5) * 86400000 FROM sessions WHERE token = $1"

// FindSession returns what scs has stored under the token, if it has not expired. The data is shared with the cache:
// the caller must not change it.
func (s *Store) FindSession(ctx context.Context, token string) (data []byte, found bool, err error) {
	version := s.versionFor(ctx)
	known, found := s.sessions.get(version, token)
	if !found {
		var expires float64 // Unix milliseconds
		err := s.findSession.QueryRowContext(context.WithoutCancel(ctx), token).Scan(&known.data, &expires)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, false, nil
		}
		if err != nil {
			return nil, false, fmt.Errorf("find session: %w", unavailable(err))
		}
		known.expires = time.UnixMilli(int64(expires))
		s.sessions.put(version, token, known)
	}
	if !time.Now().Before(known.expires) {
		return nil, false, nil
	}
	return known.data, true, nil
}

// SessionChange is what becomes of a browser's session.
type SessionChange struct {
	// Deleted are hashes of tokens that are worth nothing any more.
	Deleted []string
	// Saved is nil when there is nothing to save.
	Saved *SessionRow
}

// SessionRow is a session as scs has encoded it.
type SessionRow struct {
	// TokenHash is the hash of its token.
	TokenHash string
	Data      []byte
	Expires   time.Time
	// SignIn is the id of its only sign-in, with which the row is deleted; empty when it has none, or several.
	SignIn string
}

// SaveSession changes a session and nothing else.
func (s *Store) SaveSession(ctx context.Context, change SessionChange) error {
	return s.write(ctx, "save session", func(ctx context.Context, tx *transaction) error {
		return tx.saveSession(ctx, change)
	})
}

func (tx *transaction) saveSession(ctx context.Context, change SessionChange) error {
	for _, token := range change.Deleted {
		if _, err := tx.ExecContext(ctx, "DELETE FROM sessions WHERE token = $1", token); err != nil {
			return err
		}
	}
	if change.Saved == nil {
		return nil
	}
	// The form of the expiry is sqlite3store's.
	_, err := tx.ExecContext(ctx, `
		INSERT INTO sessions (token, data, expiry, sign_in) VALUES ($1, $2, julianday($3), (SELECT id FROM sign_ins WHERE id = $4))
		ON CONFLICT (token) DO UPDATE SET data = excluded.data, expiry = excluded.expiry, sign_in = excluded.sign_in`,
		change.Saved.TokenHash, change.Saved.Data, change.Saved.Expires.UTC().Format("2006-01-02T15:04:05.999"), change.Saved.SignIn)
	return err
}
