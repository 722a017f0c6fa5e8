package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Check looks for damage: it returns one sentence for each thing that is wrong with the file. mapped says what a
// username maps to today, and nothing for one that is not allowed; a stored name that maps to another one cannot be logged in to.
func (s *Store) Check(ctx context.Context, mapped func(username string) string) (problems []string, err error) {
	integrity, err := s.strings(ctx, "PRAGMA integrity_check")
	if err != nil {
		return nil, err
	}
	for _, line := range integrity {
		if line != "ok" {
			problems = append(problems, "integrity: "+line)
		}
	}
	foreign, err := s.strings(ctx, `SELECT "table" || ' row ' || coalesce(rowid, '?') || ' names a row of ' || parent || ' that is not there'
		FROM pragma_foreign_key_check()`)
	if err != nil {
		return nil, err
	}
	for _, line := range foreign {
		problems = append(problems, "foreign keys: "+line)
	}
	names, err := s.strings(ctx, "SELECT username FROM users ORDER BY username")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		switch now := mapped(name); now {
		case name:
		case "":
			problems = append(problems, fmt.Sprintf("username %q is no longer allowed and cannot be used to log in", name))
		default:
			problems = append(problems, fmt.Sprintf("username %q now maps to %q and cannot be used to log in", name, now))
		}
	}
	return problems, nil
}

// SchemaVersion is the number of the last migration that was run.
func (s *Store) SchemaVersion(ctx context.Context) (version int, err error) {
	err = s.db.QueryRowContext(ctx, "SELECT max(version_id) FROM goose_db_version").Scan(&version)
	return version, unavailable(err)
}

func (s *Store) strings(ctx context.Context, query string) (values []string, err error) {
	err = eachRow(ctx, s.db, func(row *sql.Rows) error {
		values = append(values, "")
		return row.Scan(&values[len(values)-1])
	}, query)
	if err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	return values, nil
}
