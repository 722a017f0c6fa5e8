package store

import (
	"database/sql"
	"embed"
	"io/fs"

	"github.com/alexedwards/scs/v2"
	"github.com/pressly/goose/v3"
)

//go:embed migrations/sqlite/*.sql migrations/postgres/*.sql
var migrations embed.FS

// engine is what differs between SQLite and PostgreSQL: these pieces of statements, and how a database is opened. All
// else is one set of statements, in wording that both take.
type engine struct {
	// inList follows a column and holds for the texts of $1, which list makes of a slice.
	inList string
	list   func([]string) any
	// notASCII is whether a username holds anything but ASCII, as the index users_skeleton has it.
	notASCII string
	// hashCosts is the beginning of a password hash, as the index users_hash_costs has it.
	hashCosts string
	// nextEvent is an id above those of all events.
	nextEvent string
	// expiry is the time $1, in Unix seconds, as sessions have it; expiryMillis is a session's in Unix milliseconds.
	expiry, expiryMillis string

	// SQLite lets one transaction write at a time, and a transaction that changes something begins with that turn. On
	// PostgreSQL many write at once, each statement sees what others have committed before it (READ COMMITTED), and these
	// stand for the turn. lockRows ends a SELECT: nobody else changes or locks the rows until the transaction ends, and what
	// the SELECT asks is asked of the rows as they are then; what it asks of other tables is not, and is better asked after
	// it. keepRows keeps rows from being deleted, and endRows waits for all who keep them. lockCounter makes the counter $1,
	// if it is not there, and locks it. lockName locks a name that may not exist yet.
	// Locks are taken in this order, so that nobody waits in a circle: name, account, sign-in, counters by key, the rest.
	lockRows, keepRows, endRows, lockCounter, lockName string

	scsStore   func(*sql.DB) scs.Store
	dialect    goose.Dialect
	migrations string // their folder
}

func (e *engine) newProvider(db *sql.DB, options ...goose.ProviderOption) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, e.migrations)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(e.dialect, db, files, options...)
}
