package store

import (
	"database/sql"
	"errors"
	"fmt"
)

const sessionQuery = "SELECT data FROM sessions WHERE token = ? AND julianday('now') < expiry"

// FindSession returns what scs has stored under the token, if it has not expired. It is the query of sqlite3store,
// prepared.
func (s *Store) FindSession(token string) (data []byte, found bool, err error) {
	err = s.findSession.QueryRow(token).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("find session: %w", unavailable(err))
	}
	return data, true, nil
}
