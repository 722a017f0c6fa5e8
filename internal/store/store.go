// Package store owns the SQLite file: how it is opened, its schema, and every query but those of the session
// store, which scs brings.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is an open database file. All its methods may be called from several goroutines at once.
type Store struct {
	db *sql.DB
	// tries counts since the start, for trimEvery.
	tries atomic.Int64
}

// maxConnections bounds the pool: SQLite has one writer anyway, and each connection costs about 2 MiB.
const maxConnections = 4

// Open opens the database file, creates it with mode 0600 when it does not exist, and brings its schema up to
// date. A statement that finds the file locked waits up to busyTimeout. The error says in one line what is wrong
// with the file: a folder that is missing, a file that is not a database, that is newer than this program, that
// cannot be written or that somebody else keeps locked.
func Open(ctx context.Context, path string, busyTimeout time.Duration) (*Store, error) {
	// SQLite would create the file with the umask's mode, readable by others.
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := file.Close(); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	// SQLite would take //host/… for the name of a host and :memory: for no file at all.
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	db, err := sql.Open("sqlite", dataSource(full, busyTimeout))
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	s := &Store{db: db}
	if err = s.connect(ctx, busyTimeout); err == nil {
		err = s.migrate(ctx)
	}
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	db.SetMaxOpenConns(maxConnections)
	db.SetMaxIdleConns(maxConnections)
	return s, nil
}

func dataSource(path string, busyTimeout time.Duration) string {
	settings := url.Values{
		// The driver applies them in this order on each new connection: wait for locks before anything can be locked.
		"_pragma": {
			"busy_timeout(" + strconv.FormatInt(busyTimeout.Milliseconds(), 10) + ")",
			"journal_mode(WAL)",
			// An acknowledged write survives a power cut; NORMAL would lose the last ones in WAL mode.
			"synchronous(FULL)",
			"foreign_keys(1)",
			"trusted_schema(0)",
		},
		// A transaction that reads and then writes takes the lock first; otherwise it fails when another wrote between.
		"_txlock":    {"immediate"},
		"_dqs":       {"0"},
		"_defensive": {"1"},
	}
	return fileURI(path) + "?" + settings.Encode()
}

// fileURI names exactly the file at path, whatever characters are in it.
func fileURI(path string) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath()
}

// connect makes the first connection, which puts a new file into WAL mode. For that lock alone SQLite does not wait
// (sqlite3BtreeSetVersion already reads when it asks for it), so that another program starting on the same new file
// would make this one fail.
func (s *Store) connect(ctx context.Context, busyTimeout time.Duration) error {
	for deadline := time.Now().Add(busyTimeout); ; time.Sleep(10 * time.Millisecond) {
		err := s.db.PingContext(ctx)
		var failure *sqlite.Error
		if !errors.As(err, &failure) || failure.Code()&0xff != sqlite3.SQLITE_BUSY || time.Now().After(deadline) {
			return unavailable(err)
		}
	}
}

// migrate brings the schema up to date, all of it or nothing, in one transaction that has the write lock from the
// start: of two programs that start on a new file at the same moment, the second waits and finds the work done.
// goose by itself reads the version first and writes later. The pool must be of one connection.
func (s *Store) migrate(ctx context.Context) error {
	provider, err := newProvider(s.db)
	if err != nil {
		return err
	}
	if _, err := s.db.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return unavailable(err)
	}
	if _, err := refuseForeign(ctx, s.db); err != nil {
		return err
	}
	current, latest, err := provider.GetVersions(ctx)
	if err != nil {
		return unavailable(err)
	}
	if err := refuseNewer(current, latest); err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return unavailable(err)
	}
	// A file that cannot be written is found out now, and not at the first sign-up.
	if _, err := s.db.ExecContext(ctx, "UPDATE users SET uid = uid WHERE uid IS NULL"); err != nil {
		return unavailable(err)
	}
	_, err = s.db.ExecContext(ctx, "COMMIT")
	return unavailable(err)
}

func newProvider(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	// WithIsolateDDL: no transactions of goose's own within migrate's.
	return goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithIsolateDDL(true))
}

// Close waits for running statements and closes the file. The write-ahead log is merged into it.
func (s *Store) Close() error {
	// When the last connection to be closed is one whose statement was interrupted, SQLite leaves the log behind: have
	// a sound one.
	_ = s.db.Ping()
	return s.db.Close()
}

// DB is for scs's session store, which brings its own queries for the sessions table.
func (s *Store) DB() *sql.DB {
	return s.db
}

// Ready reports whether the database answers a query, with ErrUnavailable when it does not.
func (s *Store) Ready(ctx context.Context) error {
	var one int
	return unavailable(s.db.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT 1 FROM users LIMIT 1)").Scan(&one))
}

// write runs a change in one transaction, which has the write lock from the start. what names it in errors; the
// expected outcomes of the queries, ErrNoUser and the like, pass through.
func (s *Store) write(ctx context.Context, what string, change func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", what, unavailable(err))
	}
	defer tx.Rollback()
	if err := change(tx); err != nil {
		return fmt.Errorf("%s: %w", what, unavailable(err))
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("%s: %w", what, unavailable(err))
	}
	return nil
}

// changedOne returns otherwise when a statement went well but found no row to change.
func changedOne(result sql.Result, err error, otherwise error) error {
	if err != nil {
		return err
	}
	if changed, err := result.RowsAffected(); err != nil || changed == 0 {
		return errors.Join(err, otherwise)
	}
	return nil
}

// ErrUnavailable says that the database cannot do its work now, through no fault of the request: it is locked,
// full, read-only, damaged or gone. The same request may succeed later.
var ErrUnavailable = errors.New("database unavailable")

// Unavailable reports whether err comes from a database that cannot do its work now, whoever ran the statement.
func Unavailable(err error) bool {
	if errors.Is(err, ErrUnavailable) {
		return true
	}
	var failure *sqlite.Error
	if !errors.As(err, &failure) {
		return false
	}
	switch failure.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR,
		sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOTADB:
		return true
	}
	return false
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

func violatesUnique(err error) bool {
	var failure *sqlite.Error
	return errors.As(err, &failure) && failure.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE
}
