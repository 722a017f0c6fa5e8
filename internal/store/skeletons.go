package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"latchkey/internal/username"
)

// takenQuery finds an account that has a name, or one that looks the same. The second term of the index tells names of
// ASCII alone, 0, from others, 1; for a new name of ASCII alone only the others count.
const takenQuery = `SELECT EXISTS (SELECT 1 FROM users WHERE username = $1)
	OR EXISTS (SELECT 1 FROM users WHERE skeleton = $2 AND (username GLOB '*[^ -~]*') >= $3)
	OR EXISTS (SELECT 1 FROM retired_names WHERE username = $1)
	OR EXISTS (SELECT 1 FROM retired_names WHERE skeleton = $2 AND (username GLOB '*[^ -~]*') >= $3)`

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

// changer is the database, or a transaction in it, that can be changed.
type changer interface {
	querier
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// fillSkeletons computes the skeletons that are missing, and all of them when the database's are of another version than
// this program's. It is part of the transaction that migrates, and writes nothing when there is nothing to do.
func fillSkeletons(ctx context.Context, in changer) error {
	var version string
	err := in.QueryRowContext(ctx, "SELECT version FROM skeleton_version").Scan(&version)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return unavailable(err)
	}
	if version == username.SkeletonVersion {
		_, err := setSkeletons(ctx, in, "users", "SELECT username, skeleton FROM users WHERE skeleton = ''")
		return err
	}
	for _, table := range []string{"users", "retired_names"} {
		err := eachPage(func(after string) (last string, err error) {
			return setSkeletons(ctx, in, table, "SELECT username, skeleton FROM "+table+" WHERE username > $1 ORDER BY username LIMIT $2", after, pageRows)
		})
		if err != nil {
			return err
		}
	}
	if _, err := in.ExecContext(ctx, "DELETE FROM skeleton_version"); err != nil {
		return unavailable(err)
	}
	_, err = in.ExecContext(ctx, "INSERT INTO skeleton_version (version) VALUES ($1)", username.SkeletonVersion)
	return unavailable(err)
}

// setSkeletons corrects those of the names that the query gives, and returns the last of these.
func setSkeletons(ctx context.Context, in changer, table, query string, args ...any) (last string, err error) {
	wrong := map[string]string{}
	err = eachRow(ctx, in, func(row *sql.Rows) error {
		var skeleton string
		err := row.Scan(&last, &skeleton)
		if now := username.Skeleton(last); now != skeleton {
			wrong[last] = now
		}
		return err
	}, query, args...)
	if err != nil {
		return "", err
	}
	for name, skeleton := range wrong {
		if _, err := in.ExecContext(ctx, "UPDATE "+table+" SET skeleton = $1 WHERE username = $2", skeleton, name); err != nil {
			return "", unavailable(err)
		}
	}
	return last, nil
}

// LookAlikes returns the usernames that look the same, a group in each element, oldest account first.
func (s *Store) LookAlikes(ctx context.Context) (groups [][]string, err error) {
	// The skeleton of an account that another program added is missing until the next start.
	var missing []string
	err = eachRow(ctx, s.reads, func(row *sql.Rows) error {
		var name string
		err := row.Scan(&name)
		missing = append(missing, username.Skeleton(name))
		return err
	}, "SELECT username FROM users WHERE skeleton = ''")
	if err != nil {
		return nil, fmt.Errorf("look for names that look alike: %w", err)
	}
	alike := map[string][]string{}
	var skeletons []string // in the order of their oldest accounts
	err = eachRow(ctx, s.reads, func(row *sql.Rows) error {
		var name, skeleton string
		err := row.Scan(&name, &skeleton)
		skeleton = cmp.Or(skeleton, username.Skeleton(name))
		if alike[skeleton] == nil {
			skeletons = append(skeletons, skeleton)
		}
		alike[skeleton] = append(alike[skeleton], name)
		return err
	}, `
		SELECT username, skeleton FROM users
		WHERE skeleton = '' OR skeleton IN (SELECT value FROM json_each($1))
			OR skeleton IN (SELECT skeleton FROM users GROUP BY skeleton HAVING count(*) > 1)
		ORDER BY uid`, idList(missing))
	if err != nil {
		return nil, fmt.Errorf("look for names that look alike: %w", err)
	}
	for _, skeleton := range skeletons {
		if names := alike[skeleton]; len(names) > 1 && !allOfASCII(names) {
			groups = append(groups, names)
		}
	}
	return groups, nil
}

func allOfASCII(names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !username.OfASCII(name) })
}
