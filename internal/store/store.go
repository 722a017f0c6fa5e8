// Package store owns the database, a SQLite file or PostgreSQL: how it is opened, its schema, and every query but those
// of the session store, which scs brings.
package store

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"
	"time"

	"github.com/alexedwards/scs/v2"
)

// Store is an open database. All its methods may be called from several goroutines at once.
type Store struct {
	*engine
	// file is nil on PostgreSQL.
	file *sqliteFile
	// busyTimeout is how long a change, and all changes of one request together, may wait for their turn to write.
	busyTimeout time.Duration
	// db is for all that writes, reads for queries. SQLite allows one writer, whom no query waits for: there db is one
	// connection. Waiting for it is first come, first served; waiting for SQLite's own lock is polling. On PostgreSQL they
	// are the same.
	db, reads *sql.DB
	// What every request or every login asks, prepared once: to parse a query takes longer than to answer it.
	findSession, findSignIns, findUser, findKnownBrowser, findAppSignIn, findAppPassword, findOverview *sql.Stmt
	// What every page of a signed-in browser reads, cached until the next commit.
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

// Open opens a database and brings its schema up to date. The address is the path of a SQLite file, or an address that
// begins with postgres://. A file that does not exist is created with mode 0600. A statement that finds the database
// locked waits up to busyTimeout. The error says in one line what is wrong: a folder that is missing, a file that is not a
// database, a server that refuses the password, a database that is newer than this program, that cannot be written or that
// somebody else keeps locked.
func Open(ctx context.Context, address string, busyTimeout time.Duration) (*Store, error) {
	if IsPostgres(address) {
		return openPostgres(ctx, address, busyTimeout, migrates)
	}
	return openAs(ctx, address, busyTimeout, opening{readWrite, forNewFile, true})
}

// OpenExisting is Open for commands that run beside the site. The database must be there, be Latchkey's and have this
// program's schema: a command never makes or migrates one, because the server that uses it may be of an older version.
func OpenExisting(ctx context.Context, address string, busyTimeout time.Duration) (*Store, error) {
	if IsPostgres(address) {
		return openPostgres(ctx, address, busyTimeout, takesAsItIs)
	}
	return openExistingFile(ctx, address, busyTimeout)
}

// OpenToRead is OpenExisting for commands that change nothing. A file and its folder need not be writable, and nobody
// who writes keeps it waiting.
func OpenToRead(ctx context.Context, address string, busyTimeout time.Duration) (*Store, error) {
	if IsPostgres(address) {
		return openPostgres(ctx, address, busyTimeout, takesAsItIs)
	}
	return openFileToRead(ctx, address, busyTimeout)
}

func (s *Store) prepare(ctx context.Context) error {
	for query, statement := range map[string]**sql.Stmt{
		s.sessionQuery(): &s.findSession, s.signInsByIDQuery(): &s.findSignIns, userQuery: &s.findUser,
		appSignInQuery: &s.findAppSignIn, overviewQuery: &s.findOverview, knownBrowserQuery: &s.findKnownBrowser,
		appPasswordQuery: &s.findAppPassword,
	} {
		var err error
		if *statement, err = s.reads.PrepareContext(ctx, query); err != nil {
			return unavailable(err)
		}
	}
	return nil
}

// Close waits for running statements and closes the database. A file's write-ahead log is merged into it.
func (s *Store) Close() error {
	if s.file == nil {
		return s.closePools()
	}
	// When the last connection to be closed is one whose statement was interrupted, SQLite leaves the log behind: have
	// a sound one.
	_ = s.db.Ping()
	err := s.closePools()
	if s.file.unchanged != nil {
		err = errors.Join(err, s.file.unchanged())
	}
	_ = s.file.place.file.Load().held.Close() // nothing was written to it
	return err
}

func (s *Store) closePools() error {
	if s.file != nil {
		s.file.versions.reconnect()
		return errors.Join(s.file.versions.pool.Close(), s.reads.Close(), s.db.Close())
	}
	return s.db.Close()
}

// DB is for scs's session store, which brings its own statements for writing to the sessions table. FindSession reads.
func (s *Store) DB() *sql.DB {
	return s.db
}

// SessionStore is scs's own store in this database.
func (s *Store) SessionStore() scs.Store {
	return s.scsStore(s.db)
}

// Ready reports whether the database answers a query, with ErrUnavailable when it does not. After a failure it
// opens a file again: one that was repaired is found without a restart.
func (s *Store) Ready(ctx context.Context) error {
	if s.file != nil {
		if _, err := s.file.place.now(); err != nil {
			return err
		}
	}
	var one int
	err := s.reads.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT 1 FROM users LIMIT 1) AS one").Scan(&one)
	if Unavailable(err) {
		s.Reopen()
	}
	return unavailable(err)
}

// Reopen closes the connections that nobody uses, and what they remember of a file's content.
func (s *Store) Reopen() {
	if s.file == nil {
		s.db.SetMaxIdleConns(0)
		s.db.SetMaxIdleConns(maxConnections)
		return
	}
	s.file.versions.reconnect()
	for pool, idle := range map[*sql.DB]int{s.db: 1, s.reads: maxReaders, s.file.versions.pool: 1} {
		pool.SetMaxIdleConns(0)
		pool.SetMaxIdleConns(idle)
	}
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
