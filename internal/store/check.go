package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// Check looks for damage: it returns one sentence for each thing that is wrong with the file. mapped says what a
// username maps to today, and nothing for one that is not allowed; a stored name that maps to another one cannot be
// logged in to. damaged reports whether no password can match a stored hash.
func (s *Store) Check(ctx context.Context, mapped func(username string) string, damaged func(passHash string) bool) (problems []string, err error) {
	for _, look := range []func(ctx context.Context, problem func(string)) error{
		s.checkIntegrity, s.checkForeignKeys,
		func(ctx context.Context, problem func(string)) error {
			return s.checkUsers(ctx, mapped, damaged, problem)
		},
	} {
		// What is too damaged to be read to the end still brings what was found before.
		err := look(ctx, func(problem string) { problems = append(problems, problem) })
		if err != nil && len(problems) > 0 {
			return append(problems, fmt.Sprintf("the rest cannot be read: %v", err)), nil
		}
		if err != nil {
			return nil, fmt.Errorf("check: %w", err)
		}
	}
	return problems, nil
}

func (s *Store) checkIntegrity(ctx context.Context, problem func(string)) error {
	return eachRow(ctx, s.reads, func(row *sql.Rows) error {
		var found string
		if err := row.Scan(&found); err != nil || found == "ok" {
			return err
		}
		problem("integrity: " + strings.ReplaceAll(strings.TrimPrefix(found, "*** in database main ***\n"), "\n", "; "))
		return nil
	}, "PRAGMA integrity_check")
}

func (s *Store) checkForeignKeys(ctx context.Context, problem func(string)) error {
	return eachRow(ctx, s.reads, func(row *sql.Rows) error {
		var found string
		if err := row.Scan(&found); err != nil {
			return err
		}
		problem("foreign keys: " + found)
		return nil
	}, `SELECT "table" || ' row ' || coalesce(rowid, '?') || ' names a row of ' || parent || ' that is not there'
		FROM pragma_foreign_key_check()`)
}

func (s *Store) checkUsers(ctx context.Context, mapped func(username string) string, damaged func(passHash string) bool, problem func(string)) error {
	return eachPage(func(after string) (last string, err error) {
		err = eachRow(ctx, s.reads, func(row *sql.Rows) error {
			var passHash string
			if err := row.Scan(&last, &passHash); err != nil {
				return err
			}
			if passHash != "" && damaged(passHash) {
				problem(fmt.Sprintf("the password hash of %q is damaged; user reset prints a link with which a new password is chosen", last))
			}
			switch now := mapped(last); now {
			case last:
			case "":
				problem(fmt.Sprintf("username %q is no longer allowed and cannot be used to log in", last))
			default:
				problem(fmt.Sprintf("username %q now maps to %q and cannot be used to log in", last, now))
			}
			return nil
		}, "SELECT username, pass_hash FROM users WHERE username > $1 ORDER BY username LIMIT $2", after, pageRows)
		return last, err
	})
}

// SchemaVersion is the number of the last migration that was run.
func (s *Store) SchemaVersion(ctx context.Context) (version int, err error) {
	err = s.reads.QueryRowContext(ctx, "SELECT max(version_id) FROM goose_db_version").Scan(&version)
	return version, unavailable(err)
}
