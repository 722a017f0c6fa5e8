package store

import (
	"errors"

	sqlite3 "modernc.org/sqlite/lib"
)

// ErrUnavailable says that the database cannot do its work now, through no fault of the request: it is locked,
// full, read-only, damaged or gone. The same request may succeed later.
var ErrUnavailable = errors.New("database unavailable")

// Unavailable reports whether err comes from a database that cannot do its work now, whichever package ran the statement.
func Unavailable(err error) bool {
	if errors.Is(err, ErrUnavailable) {
		return true
	}
	switch sqliteCode(err) {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR,
		sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOTADB:
		return true
	}
	return postgresUnavailable(err)
}

func unavailable(err error) error {
	if err != nil && !errors.Is(err, ErrUnavailable) && Unavailable(err) {
		return unavailableError{err}
	}
	return err
}

// unavailableError is ErrUnavailable in the words of its cause, which say enough to the person at the terminal.
type unavailableError struct{ error }

func (unavailableError) Is(target error) bool { return target == ErrUnavailable }

func (e unavailableError) Unwrap() error { return e.error }
