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
	"runtime"
	"strconv"
	"sync"
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
	path string
	// busyTimeout is how long a change, and all changes of one request together, may wait for their turn to write.
	busyTimeout time.Duration
	place       *place
	following   sync.Mutex
	// unchanged is for a file that is read without locks.
	unchanged func() error
	// db is one connection, for all that writes: SQLite allows one writer. Waiting for this connection is first come,
	// first served; waiting for SQLite's own lock is polling.
	db *sql.DB
	// reads is for queries, which no writer keeps waiting.
	reads *sql.DB
	// What every request or every login asks, prepared once: to parse a query takes longer than to answer it.
	findSession, findSignIns, findUser, findKnownBrowser, findAppSignIn, findAppPassword, findOverview *sql.Stmt
	// What every page of a signed-in browser reads, cached until the next commit.
	versions versionWatcher
	sessions cache[string, session]
	signIns  cache[string, []SignIn]
	// appSignIns is by host and hash.
	appSignIns cache[string, AppSignIn]
	appHosts   cache[string, bool]
	overviews  cache[overviewKey, Overview]
	// passkeyHosts says whether there are passkeys for a host.
	passkeyHosts cache[string, bool]
	// attempts counts since the start, for trimEvery.
	attempts  atomic.Int64
	collected collected
	notify    func(Event)
}

// maxReaders bounds the connections that read. More than there are processors cost time, and each costs up to 2 MiB.
var maxReaders = max(2, runtime.NumCPU())

// Open opens the database file, creates it with mode 0600 when it does not exist, and brings its schema up to
// date. A statement that finds the file locked waits up to busyTimeout. The error says in one line what is wrong
// with the file: a folder that is missing, a file that is not a database, that is newer than this program, that
// cannot be written or that somebody else keeps locked.
func Open(ctx context.Context, path string, busyTimeout time.Duration) (*Store, error) {
	return openAs(ctx, path, busyTimeout, opening{readWrite, os.O_RDWR | os.O_CREATE, true})
}

// opening says how a file is opened.
type opening struct {
	access   access
	flags    int // of os.OpenFile
	migrates bool
}

func openAs(ctx context.Context, path string, busyTimeout time.Duration, how opening) (*Store, error) {
	// SQLite would create the file with the umask's mode, readable by others.
	file, err := os.OpenFile(path, how.flags, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	s, err := openHeld(ctx, path, file, busyTimeout, how)
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("open database %s: %w", path, explained(err, path))
	}
	return s, nil
}

func openHeld(ctx context.Context, path string, file *os.File, busyTimeout time.Duration, how opening) (*Store, error) {
	// SQLite would take //host/… for the name of a host and :memory: for no file at all.
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	place, err := newPlace(full, file)
	if err != nil {
		return nil, err
	}
	source, readSource := dataSource(full, busyTimeout, how.access), dataSource(full, busyTimeout, how.access, "query_only(1)")
	s := &Store{
		path: full, busyTimeout: busyTimeout, place: place, notify: func(Event) {},
		db: pool(place, source, 1), reads: pool(place, readSource, maxReaders),
	}
	s.versions.place, s.versions.pool = place, pool(place, readSource, 1)
	if err = s.connect(ctx, busyTimeout); err == nil && how.migrates {
		err = s.migrate(ctx)
	}
	if err == nil {
		err = s.prepare(ctx)
	}
	if err != nil {
		_ = s.closePools()
		return nil, err
	}
	return s, nil
}

// access is how a file is opened, in the words of SQLite's URIs.
type access string

const (
	readWrite access = "mode=rw"
	// readOnly makes a write-ahead log that is not there all the same, if it can, and leaves it behind.
	readOnly access = "mode=ro"
	// readFrozen takes no locks and looks for no log: for a file that nobody changes.
	readFrozen access = "mode=ro&immutable=1"
)

func dataSource(path string, busyTimeout time.Duration, how access, pragmas ...string) string {
	// The driver applies them in this order on each new connection: wait for locks before anything can be locked.
	all := []string{"busy_timeout(" + strconv.FormatInt(busyTimeout.Milliseconds(), 10) + ")"}
	if how == readWrite {
		all = append(all, "journal_mode(WAL)")
	}
	all = append(all,
		// An acknowledged write survives a power cut; NORMAL would lose the last ones in WAL mode.
		"synchronous(FULL)",
		"foreign_keys(1)",
		"trusted_schema(0)",
	)
	settings := url.Values{
		"_pragma": append(all, pragmas...),
		// A transaction that reads and then writes takes the lock first; otherwise it fails when another wrote between.
		"_txlock":    {"immediate"},
		"_dqs":       {"0"},
		"_defensive": {"1"},
	}
	return fileURI(path) + "?" + string(how) + "&" + settings.Encode()
}

// fileURI names exactly the file at path, whatever characters are in it.
func fileURI(path string) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath()
}

// connect makes the first connection, which puts a new file into WAL mode. For that lock alone SQLite does not wait
// (sqlite3BtreeSetVersion already reads when it asks for it): another program that starts on the same new file would make
// this one fail.
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
	if err := fillSkeletons(ctx, s.db); err != nil {
		return err
	}
	// A file that cannot be written is found out now, and not at the first sign-up.
	if _, err := s.db.ExecContext(ctx, "UPDATE users SET uid = uid WHERE uid IS NULL"); err != nil {
		return unavailable(err)
	}
	_, err = s.db.ExecContext(ctx, "COMMIT")
	return unavailable(err)
}

func (s *Store) prepare(ctx context.Context) error {
	for query, statement := range map[string]**sql.Stmt{
		sessionQuery: &s.findSession, signInsByIDQuery: &s.findSignIns, userQuery: &s.findUser, appSignInQuery: &s.findAppSignIn, overviewQuery: &s.findOverview,
		knownBrowserQuery: &s.findKnownBrowser, appPasswordQuery: &s.findAppPassword,
	} {
		var err error
		if *statement, err = s.reads.PrepareContext(ctx, query); err != nil {
			return unavailable(err)
		}
	}
	return nil
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
	err := s.closePools()
	if s.unchanged != nil {
		err = errors.Join(err, s.unchanged())
	}
	_ = s.place.file.Load().held.Close() // nothing was written to it
	return err
}

func (s *Store) closePools() error {
	s.versions.reconnect()
	return errors.Join(s.versions.pool.Close(), s.reads.Close(), s.db.Close())
}

// DB is for scs's session store, which brings its own statements for writing to the sessions table. FindSession reads.
func (s *Store) DB() *sql.DB {
	return s.db
}

// Ready reports whether the database answers a query, with ErrUnavailable when it does not. After a failure it
// opens the file again: one that was repaired is found without a restart.
func (s *Store) Ready(ctx context.Context) error {
	if _, err := s.place.now(); err != nil {
		return err
	}
	var one int
	err := s.reads.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT 1 FROM users LIMIT 1) AS one").Scan(&one)
	if Unavailable(err) {
		s.Reopen()
	}
	return unavailable(err)
}

// Reopen closes the connections that nobody uses, and what they remember of the file's content.
func (s *Store) Reopen() {
	s.versions.reconnect()
	for pool, idle := range map[*sql.DB]int{s.db: 1, s.reads: maxReaders, s.versions.pool: 1} {
		pool.SetMaxIdleConns(0)
		pool.SetMaxIdleConns(idle)
	}
}

// Size returns the bytes of the file and of its write-ahead log.
func (s *Store) Size() (database, writeAheadLog int64, err error) {
	path, err := filepath.EvalSymlinks(s.path) // SQLite keeps the log beside the file itself, not beside a link to it
	if err != nil {
		return 0, 0, fmt.Errorf("size of database: %w", err)
	}
	for suffix, size := range map[string]*int64{"": &database, "-wal": &writeAheadLog} {
		info, err := os.Stat(path + suffix)
		if errors.Is(err, fs.ErrNotExist) && suffix != "" {
			continue
		}
		if err != nil {
			return 0, 0, fmt.Errorf("size of database: %w", err)
		}
		*size = info.Size()
	}
	return database, writeAheadLog, nil
}

// requireRow returns otherwise when a statement went well but found no row to change.
func requireRow(result sql.Result, err error, otherwise error) error {
	if err != nil {
		return err
	}
	if changed, err := result.RowsAffected(); err != nil || changed == 0 {
		return errors.Join(err, otherwise)
	}
	return nil
}
