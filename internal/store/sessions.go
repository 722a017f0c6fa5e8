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
const sessionQuery = "SELECT data, (expiry - 2440587.5) * 86400000 FROM sessions WHERE token = ?"

// FindSession returns what scs has stored under the token, if it has not expired. The caller must not change it.
func (s *Store) FindSession(ctx context.Context, token string) (data []byte, found bool, err error) {
	now := s.versionFor(ctx)
	known, found := s.sessions.get(now, token)
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
		s.sessions.put(now, token, known)
	}
	if !time.Now().Before(known.expires) {
		return nil, false, nil
	}
	return known.data, true, nil
}
