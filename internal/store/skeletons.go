package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"

	"latchkey/internal/username"
)

func init() {
	sqlite.MustRegisterDeterministicScalarFunction("latchkey_skeleton", 1,
		func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			name, ok := args[0].(string)
			if !ok {
				return nil, errors.New("latchkey_skeleton takes a text")
			}
			return username.Skeleton(name), nil
		})
}

// takenQuery finds an account that has a name, or one that looks the same. The second term of the index tells names of
// ASCII alone, 0, from others, 1; for a new name of ASCII alone only the others count.
const takenQuery = `SELECT EXISTS (SELECT 1 FROM users WHERE username = ?1)
	OR EXISTS (SELECT 1 FROM users WHERE skeleton = ?2 AND (username GLOB '*[^ -~]*') >= ?3)
	OR EXISTS (SELECT 1 FROM retired_names WHERE username = ?1)
	OR EXISTS (SELECT 1 FROM retired_names WHERE skeleton = ?2 AND (username GLOB '*[^ -~]*') >= ?3)`

// UsernameTaken reports whether CreateUser would return ErrUsernameTaken for this canonical name.
func (s *Store) UsernameTaken(ctx context.Context, name string) (bool, error) {
	taken, err := isTaken(ctx, s.reads, name)
	if err != nil {
		return false, fmt.Errorf("look for username: %w", err)
	}
	return taken, nil
}

func isTaken(ctx context.Context, from querier, name string) (taken bool, err error) {
	err = eachRow(ctx, from, func(row *sql.Rows) error { return row.Scan(&taken) },
		takenQuery, name, username.Skeleton(name), username.OfASCII(name))
	return taken, err
}

// fillSkeletons computes the skeletons that are missing, and all of them when the file's are of another version than
// this program's. It is part of migrate's transaction, and writes nothing when there is nothing to do.
func (s *Store) fillSkeletons(ctx context.Context) error {
	var version string
	err := s.db.QueryRowContext(ctx, "SELECT version FROM skeleton_version").Scan(&version)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return unavailable(err)
	}
	if version == username.SkeletonVersion {
		_, err := s.db.ExecContext(ctx, "UPDATE users SET skeleton = latchkey_skeleton(username) WHERE skeleton = ''")
		return unavailable(err)
	}
	for _, statement := range []string{
		"UPDATE users SET skeleton = latchkey_skeleton(username) WHERE skeleton <> latchkey_skeleton(username)",
		"UPDATE retired_names SET skeleton = latchkey_skeleton(username) WHERE skeleton <> latchkey_skeleton(username)",
		"DELETE FROM skeleton_version",
		"INSERT INTO skeleton_version VALUES ('" + username.SkeletonVersion + "')",
	} {
		if _, err := s.db.ExecContext(ctx, statement); err != nil {
			return unavailable(err)
		}
	}
	return nil
}

// LookAlikes returns the usernames that look the same, a group in each element, oldest account first.
func (s *Store) LookAlikes(ctx context.Context) (groups [][]string, err error) {
	err = eachRow(ctx, s.reads, func(row *sql.Rows) error {
		var names string
		err := row.Scan(&names)
		groups = append(groups, strings.Fields(names)) // no username holds space
		return err
	}, `WITH named AS ( -- the skeleton of an account that another program added is missing until the next start
			SELECT uid, username, iif(skeleton = '', latchkey_skeleton(username), skeleton) AS skeleton FROM users)
		SELECT group_concat(username, ' ' ORDER BY uid) FROM named
		GROUP BY skeleton HAVING count(*) > 1 AND max(username GLOB '*[^ -~]*') ORDER BY min(uid)`)
	if err != nil {
		return nil, fmt.Errorf("look for names that look alike: %w", err)
	}
	return groups, nil
}
