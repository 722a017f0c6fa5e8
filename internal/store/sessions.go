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

func (e *engine) sessionQuery() string {
	return "SELECT data, " + e.expiryMillis + " FROM sessions WHERE token = $1"
}

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
	// Loaded is whether the session was there under this token before. It is saved only if it still is: a token that was
	// replaced or deleted meanwhile stays worthless (ASVS 5.0 7.2.4).
	Loaded  bool
	Data    []byte
	Expires time.Time
	// SignIn is the id of its only sign-in, with which the row is deleted; empty when it has none, or several.
	SignIn string
}

// SaveSession changes a session and nothing else. That a loaded one is gone is no error.
func (s *Store) SaveSession(ctx context.Context, change SessionChange) error {
	return s.write(ctx, "save session", func(ctx context.Context, tx *transaction) error {
		return tx.saveSession(ctx, change)
	})
}

func (tx *transaction) saveSession(ctx context.Context, change SessionChange) error {
	saved := change.Saved
	if saved != nil {
		signIn := "(SELECT id FROM sign_ins WHERE id = $4" + tx.keepRows + ")"
		statement := "INSERT INTO sessions (expiry, token, data, sign_in) VALUES (" + tx.expiry + ", $2, $3, " + signIn + ")"
		if saved.Loaded {
			statement = "UPDATE sessions SET expiry = " + tx.expiry + ", data = $3, sign_in = " + signIn + " WHERE token = $2"
		}
		if _, err := tx.ExecContext(ctx, statement, unixSeconds(saved.Expires), saved.TokenHash, saved.Data, saved.SignIn); err != nil {
			return err
		}
	}
	for _, token := range change.Deleted {
		if saved != nil && token == saved.TokenHash {
			continue
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM sessions WHERE token = $1", token); err != nil {
			return err
		}
	}
	return nil
}
