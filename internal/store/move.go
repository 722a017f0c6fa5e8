package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Moved is how many rows of a table were moved.
type Moved struct {
	Table string
	Rows  int64
}

// ErrNotEmpty means that the database to move to holds something.
var ErrNotEmpty = errors.New("the database to move to is not empty")

// Move copies all that is in a SQLite file to a PostgreSQL that is empty, in one transaction: all of it is there, or
// nothing. It makes the tables there when there are none. Nobody writes to the file meanwhile; afterwards they could, and
// it would not be moved. Numbers of deleted accounts are not given out again. progress is told how many rows are done, of
// how many.
func (s *Store) Move(ctx context.Context, address string, progress func(done, total int64)) (moved []Moved, err error) {
	if s.file == nil || !IsPostgres(address) {
		return nil, errors.New("only a file can be moved, and only to PostgreSQL")
	}
	to, err := openPostgres(ctx, address, s.busyTimeout, migrates)
	if err != nil {
		return nil, err
	}
	if err := to.Close(); err != nil {
		return nil, err
	}
	err = s.write(ctx, "move", func(_ context.Context, from *transaction) error {
		moved, err = moveAll(ctx, from, address, progress)
		return err
	})
	return moved, err
}

func moveAll(ctx context.Context, from *transaction, address string, progress func(done, total int64)) (moved []Moved, err error) {
	config, err := postgresConfig(address)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["idle_in_transaction_session_timeout"] = "0"
	connection, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	defer connection.Close(context.WithoutCancel(ctx))
	to, err := connection.Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = to.Rollback(context.WithoutCancel(ctx)) }()
	tables, err := tablesInOrder(ctx, to)
	if err != nil {
		return nil, err
	}
	var total int64
	for i, table := range tables {
		if tables[i].rows, err = from.count(ctx, table.name); err != nil {
			return nil, err
		}
		total += tables[i].rows
		if err := wantEmpty(ctx, to, table); err != nil {
			return nil, err
		}
	}
	var done int64
	for _, table := range tables {
		rows, err := table.move(ctx, from, to, func(rows int64) { progress(done+rows, total) })
		if err != nil {
			return nil, fmt.Errorf("%s: %w", table.name, err)
		}
		done += rows
		if err := table.check(ctx, to, rows); err != nil {
			return nil, err
		}
		if err := table.moveSequence(ctx, from, to); err != nil {
			return nil, fmt.Errorf("%s: %w", table.name, err)
		}
		moved = append(moved, Moved{table.name, rows})
	}
	if err := to.Commit(ctx); err != nil {
		return nil, err
	}
	_, err = connection.Exec(ctx, "ANALYZE") // or the first queries go by the statistics of empty tables
	return moved, err
}

func (tx *transaction) count(ctx context.Context, table string) (rows int64, err error) {
	err = tx.QueryRowContext(ctx, "SELECT count(*) FROM "+table).Scan(&rows)
	return rows, err
}

// movedTable is one as PostgreSQL has it; a SQLite file of the same schema has the same columns.
type movedTable struct {
	name     string
	columns  []string
	types    []string
	identity string // the column that numbers itself, if there is one
	parents  []string
	rows     int64
}

// tablesInOrder returns all tables but goose's, each after those that its foreign keys name.
func tablesInOrder(ctx context.Context, to pgx.Tx) (ordered []movedTable, err error) {
	rows, err := to.Query(ctx, `
		SELECT t.relname, array_agg(a.attname::text ORDER BY a.attnum), array_agg(format_type(a.atttypid, NULL) ORDER BY a.attnum),
			coalesce(max(a.attname::text) FILTER (WHERE a.attidentity <> ''), ''),
			ARRAY(SELECT DISTINCT p.relname::text FROM pg_constraint c JOIN pg_class p ON p.oid = c.confrelid WHERE c.conrelid = t.oid)
		FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid
		WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind = 'r' AND t.relname <> 'goose_db_version'
			AND a.attnum > 0 AND NOT a.attisdropped
		GROUP BY t.oid, t.relname ORDER BY t.relname`)
	if err != nil {
		return nil, err
	}
	waiting, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (table movedTable, err error) {
		err = row.Scan(&table.name, &table.columns, &table.types, &table.identity, &table.parents)
		return table, err
	})
	if err != nil {
		return nil, err
	}
	placed := map[string]bool{}
	for len(waiting) > 0 {
		next := slices.IndexFunc(waiting, func(table movedTable) bool {
			return !slices.ContainsFunc(table.parents, func(parent string) bool { return !placed[parent] })
		})
		if next < 0 {
			return nil, errors.New("tables name each other in a circle")
		}
		placed[waiting[next].name] = true
		ordered = append(ordered, waiting[next])
		waiting = slices.Delete(waiting, next, next+1)
	}
	return ordered, nil
}

// computed is what a program writes into a new database by itself.
const computed = "skeleton_version"

func wantEmpty(ctx context.Context, to pgx.Tx, table movedTable) error {
	if _, err := to.Exec(ctx, "LOCK TABLE "+table.name+" IN ACCESS EXCLUSIVE MODE"); err != nil {
		return err
	}
	if table.name == computed {
		_, err := to.Exec(ctx, "DELETE FROM "+table.name)
		return err
	}
	var filled bool
	if err := to.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM "+table.name+")").Scan(&filled); err != nil {
		return err
	}
	if filled {
		return ErrNotEmpty
	}
	return nil
}

func (t movedTable) move(ctx context.Context, from *transaction, to pgx.Tx, progress func(int64)) (int64, error) {
	rows, err := from.QueryContext(ctx, "SELECT "+strings.Join(t.columns, ", ")+" FROM "+t.name)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	return to.CopyFrom(ctx, pgx.Identifier{t.name}, t.columns, &movedRows{rows: rows, types: t.types, progress: progress})
}

// movedRows are a table's, in PostgreSQL's types.
type movedRows struct {
	rows     *sql.Rows
	types    []string
	done     int64
	progress func(int64)
}

// Next implements pgx.CopyFromSource.
func (m *movedRows) Next() bool {
	if m.done%1000 == 0 {
		m.progress(m.done)
	}
	m.done++
	return m.rows.Next()
}

// Values implements pgx.CopyFromSource.
func (m *movedRows) Values() ([]any, error) {
	values, into := make([]any, len(m.types)), make([]any, len(m.types))
	for i := range values {
		into[i] = &values[i]
	}
	if err := m.rows.Scan(into...); err != nil {
		return nil, err
	}
	for i, value := range values {
		switch v := value.(type) {
		case int64:
			if m.types[i] == "boolean" {
				values[i] = v != 0
			}
		case float64:
			if m.types[i] == "timestamp with time zone" {
				values[i] = time.UnixMilli(int64((v - unixBegins) * 86400000))
			}
		case string:
			values[i] = asText(v)
		}
	}
	return values, nil
}

// Err implements pgx.CopyFromSource.
func (m *movedRows) Err() error { return m.rows.Err() }

// check counts both sides.
func (t movedTable) check(ctx context.Context, to pgx.Tx, copied int64) error {
	var there int64
	if err := to.QueryRow(ctx, "SELECT count(*) FROM "+t.name).Scan(&there); err != nil {
		return err
	}
	if copied != t.rows || there != t.rows {
		return fmt.Errorf("%s has %d rows in the file, and %d where it was moved to", t.name, t.rows, there)
	}
	return nil
}

// moveSequence has the numbers go on where the file's would: not after the highest that is there, which may be that of
// an account that was deleted.
func (t movedTable) moveSequence(ctx context.Context, from *transaction, to pgx.Tx) error {
	if t.identity == "" {
		return nil
	}
	var last int64
	err := from.QueryRowContext(ctx, "SELECT max(coalesce((SELECT max("+t.identity+") FROM "+t.name+`), 0),
		coalesce((SELECT seq FROM sqlite_sequence WHERE name = $1), 0))`, t.name).Scan(&last)
	if err != nil || last == 0 {
		return err
	}
	_, err = to.Exec(ctx, "SELECT setval(pg_get_serial_sequence($1, $2), $3)", t.name, t.identity, last)
	return err
}
