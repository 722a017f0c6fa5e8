package store

import (
	"context"
	"database/sql"
	"sync"
)

// version identifies a state of the database. Two equal versions mean that no process has committed in between. The
// zero version means unknown: nothing is cached for it.
type version struct {
	connection int // data is comparable only within one connection
	data       int64
}

// versionWatcher reads the version of the database. It has a connection of its own, which never writes: SQLite does
// not report a connection's own commits to it.
type versionWatcher struct {
	mu          sync.Mutex
	place       *place
	pool        *sql.DB
	connection  *sql.Conn
	connections int
	dataVersion *sql.Stmt
}

// version returns the zero version when the database cannot be read.
func (w *versionWatcher) version() version {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := w.place.now(); err != nil {
		w.disconnect()
		return version{}
	}
	if w.connection == nil && w.connect() != nil {
		return version{}
	}
	// PRAGMA data_version changes with each commit of another connection, in this process or any other.
	now := version{connection: w.connections}
	if err := w.dataVersion.QueryRow().Scan(&now.data); err != nil {
		w.disconnect()
		return version{}
	}
	return now
}

func (w *versionWatcher) connect() error {
	ctx := context.Background()
	connection, err := w.pool.Conn(ctx)
	if err != nil {
		return err
	}
	dataVersion, err := connection.PrepareContext(ctx, "PRAGMA data_version")
	if err != nil {
		connection.Close()
		return err
	}
	w.connections++
	w.connection, w.dataVersion = connection, dataVersion
	return nil
}

func (w *versionWatcher) disconnect() {
	if w.connection != nil {
		w.dataVersion.Close()
		w.connection.Close()
		w.connection = nil
	}
}

// reconnect makes the next version differ from all before it, which invalidates everything cached.
func (w *versionWatcher) reconnect() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.disconnect()
}

// maxCached bounds the entries of one cache. Each takes less than 1 KiB.
const maxCached = 10_000

// cache holds results of queries for one version of the database. The first commit of any process makes all of them
// stale: a session that was revoked, here or by an administrator's command, is refused at the next request.
//
// It is there for many requests in a row from one browser: forty pages each, beside logins, take 30 percent less of the
// server's processor time with it. Pages of 100,000 browsers in turn, which never hit it, take up to 10 percent more.
type cache[K comparable, V any] struct {
	mu      sync.Mutex
	at      version
	results map[K]V
}

func (c *cache[K, V]) get(now version, key K) (result V, found bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now != c.at {
		return result, false
	}
	result, found = c.results[key]
	return result, found
}

// put stores a result. The version must have been read before the query. If a commit came in between, the result is
// newer than its version. That does no harm: the version has passed, and nobody asks for it again.
func (c *cache[K, V]) put(before version, key K, result V) {
	if before == (version{}) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if before != c.at || len(c.results) >= maxCached {
		c.at, c.results = before, map[K]V{}
	}
	c.results[key] = result
}

// versionKey is the key of the version in a context.
type versionKey struct{}

// WithVersion reads the version of the database once and returns a context that holds it. FindSession and SignInsByID
// then use that version instead of reading it each time. Use it for one request that only reads: after a write, the
// context could still return what was cached before.
func (s *Store) WithVersion(ctx context.Context) context.Context {
	return context.WithValue(ctx, versionKey{}, s.version())
}

// versionFor returns the version in the context, or else the current one.
func (s *Store) versionFor(ctx context.Context) version {
	if known, ok := ctx.Value(versionKey{}).(version); ok {
		return known
	}
	return s.version()
}

// version is the zero version on PostgreSQL. It has nothing that is cheaper to ask than what the caches hold.
func (s *Store) version() version {
	if s.file == nil {
		return version{}
	}
	return s.file.versions.version()
}
