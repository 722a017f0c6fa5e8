package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/alexedwards/scs/sqlite3store"
	"github.com/alexedwards/scs/v2"
	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

var sqliteEngine = engine{
	inList:    "IN (SELECT value FROM json_each($1))",
	list:      jsonList,
	notASCII:  "(username GLOB '*[^ -~]*')",
	hashCosts: "substr(pass_hash, 1, instr(substr(pass_hash, 16), '$') + 14)",
	nextEvent: "(SELECT max(id) + 1 FROM events)",
	// A Julian day, as sqlite3store writes it (unixBegins).
	expiry:       "julianday($1, 'unixepoch')",
	expiryMillis: "(expiry - 2440587.5) * 86400000",
	scsStore:     func(db *sql.DB) scs.Store { return sqlite3store.NewWithCleanupInterval(db, 0) },
	dialect:      goose.DialectSQLite3,
	migrations:   "migrations/sqlite",
}

// unixBegins is the Julian day on which Unix time begins.
const unixBegins = 2440587.5

// jsonList lets one prepared text serve any number of texts.
func jsonList(texts []string) any {
	if texts == nil {
		texts = []string{}
	}
	list, err := json.Marshal(texts)
	if err != nil {
		panic(err) // a slice of strings always encodes
	}
	return string(list)
}

// sqliteFile is what a Store knows of its SQLite file.
type sqliteFile struct {
	path      string
	place     *place
	following sync.Mutex
	// unchanged is for a file that is read without locks.
	unchanged func() error
	versions  versionWatcher
}

// maxReaders bounds the connections that read. More than there are processors cost time, and each costs up to 2 MiB.
var maxReaders = max(2, runtime.NumCPU())

// opening says how a file is opened.
type opening struct {
	access   access
	flags    int // of os.OpenFile
	migrates bool
}

const forNewFile = os.O_RDWR | os.O_CREATE

// openAs opens the file at path.
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
		engine: &sqliteEngine, busyTimeout: busyTimeout, notify: func(Event) {},
		db: pool(place, source, 1), reads: pool(place, readSource, maxReaders),
		file: &sqliteFile{path: full, place: place, versions: versionWatcher{place: place, pool: pool(place, readSource, 1)}},
	}
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
	// WithIsolateDDL: no transactions of goose's own within this one.
	provider, err := s.newProvider(s.db, goose.WithIsolateDDL(true))
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

// Size returns the bytes of the database, and of a file's write-ahead log.
func (s *Store) Size() (database, writeAheadLog int64, err error) {
	if s.file == nil {
		err = s.reads.QueryRow("SELECT pg_database_size(current_database())").Scan(&database)
		return database, 0, unavailable(err)
	}
	path, err := filepath.EvalSymlinks(s.file.path) // SQLite keeps the log beside the file itself, not beside a link to it
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
