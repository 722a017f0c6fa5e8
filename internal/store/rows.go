package store

import (
	"context"
	"database/sql"
	"time"
)

// querier is the database, or a transaction in it.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// eachRow calls read for each row that the query gives, until read returns an error.
func eachRow(ctx context.Context, from querier, read func(*sql.Rows) error, query string, args ...any) error {
	rows, err := from.QueryContext(ctx, query, args...)
	if err != nil {
		return unavailable(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := read(rows); err != nil {
			return unavailable(err)
		}
	}
	return unavailable(rows.Err())
}

// pageRows are read in one query where there may be any number of rows.
const pageRows = 500

// eachPage calls read with the username after which a page begins, until read returns none that comes later, in the
// order of their bytes. There is no username that is empty.
func eachPage(read func(after string) (last string, err error)) error {
	for after := ""; ; {
		last, err := read(after)
		if err != nil || last <= after {
			return err
		}
		after = last
	}
}

func timeOrZero(unix sql.NullInt64) time.Time {
	if !unix.Valid {
		return time.Time{}
	}
	return time.Unix(unix.Int64, 0)
}
