package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Warnings says under which settings of a PostgreSQL a change that was acknowledged may be lost. It says nothing about
// a file.
func (s *Store) Warnings(ctx context.Context) (warnings []string, err error) {
	if s.file != nil {
		return nil, nil
	}
	err = eachRow(ctx, s.reads, func(row *sql.Rows) error {
		var name, setting string
		if err := row.Scan(&name, &setting); err != nil {
			return err
		}
		switch {
		case name == "fsync" && setting == "off":
			warnings = append(warnings, "fsync is off: a power cut at the database loses what was acknowledged, and may damage all of it")
		case name == "synchronous_commit" && (setting == "off" || setting == "local"):
			warnings = append(warnings, "synchronous_commit is "+setting+": what was acknowledged may be lost")
		case name == "synchronous_standby_names" && setting == "":
			warnings = append(warnings, "synchronous_standby_names is empty: what was acknowledged is on one machine alone")
		}
		return nil
	}, `
		SELECT name, setting FROM pg_settings
		WHERE name IN ('fsync', 'synchronous_commit', 'synchronous_standby_names') ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("read settings of the database: %w", err)
	}
	return warnings, nil
}
