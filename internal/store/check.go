package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// Check looks for damage: it returns one sentence for each thing that is wrong with the file. mapped says what a
// username maps to today, and nothing for one that is not allowed; a stored name that maps to another one cannot be
// logged in to.
func (s *Store) Check(ctx context.Context, mapped func(username string) string) (problems []string, err error) {
	for _, look := range []struct {
		query string
		judge func(found string) (problem string)
	}{
		{"PRAGMA integrity_check", func(found string) string {
			if found == "ok" {
				return ""
			}
			return "integrity: " + strings.ReplaceAll(strings.TrimPrefix(found, "*** in database main ***\n"), "\n", "; ")
		}},
		{`SELECT "table" || ' row ' || coalesce(rowid, '?') || ' names a row of ' || parent || ' that is not there'
			FROM pragma_foreign_key_check()`, func(found string) string {
			return "foreign keys: " + found
		}},
		{"SELECT username FROM users ORDER BY username", func(name string) string {
			switch now := mapped(name); now {
			case name:
				return ""
			case "":
				return fmt.Sprintf("username %q is no longer allowed and cannot be used to log in", name)
			default:
				return fmt.Sprintf("username %q now maps to %q and cannot be used to log in", name, now)
			}
		}},
	} {
		// What is too damaged to be read to the end still brings what was found before.
		err := eachRow(ctx, s.reads, func(row *sql.Rows) error {
			var found string
			err := row.Scan(&found)
			if problem := look.judge(found); err == nil && problem != "" {
				problems = append(problems, problem)
			}
			return err
		}, look.query)
		if err != nil && len(problems) > 0 {
			return append(problems, fmt.Sprintf("the rest cannot be read: %v", err)), nil
		}
		if err != nil {
			return nil, fmt.Errorf("check: %w", err)
		}
	}
	return problems, nil
}

// SchemaVersion is the number of the last migration that was run.
func (s *Store) SchemaVersion(ctx context.Context) (version int, err error) {
	err = s.reads.QueryRowContext(ctx, "SELECT max(version_id) FROM goose_db_version").Scan(&version)
	return version, unavailable(err)
}
