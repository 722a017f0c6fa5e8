package store

import (
	"context"
	"database/sql"
	"sync"
)

// version names a state of the database: while it stays the same, nobody has changed anything, neither this program
// nor another one. The zero version is like no other.
type version struct {
	connection int // the versions that two connections tell cannot be compared
	data       int64
}

// watcher tells the version of the database, by a connection of its own that changes nothing.
type watcher struct {
	mu          sync.Mutex
	place       *place
	pool        *sql.DB
	connection  *sql.Conn
	connections int
	dataVersion *sql.Stmt
}

// version returns the zero version when the database does not answer.
func (w *watcher) version() version {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := w.place.now(); err != nil {
		w.disconnect()
		return version{}
	}
	if w.connection == nil && w.connect() != nil {
		return version{}
	}
	// PRAGMA data_version is another number after each commit by another connection, in this process or any other.
	now := version{connection: w.connections}
	if err := w.dataVersion.QueryRow().Scan(&now.data); err != nil {
		w.disconnect()
		return version{}
	}
	return now
}

func (w *watcher) connect() error {
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

func (w *watcher) disconnect() {
	if w.connection != nil {
		w.dataVersion.Close()
		w.connection.Close()
		w.connection = nil
	}
}

// reconnect has the next version be unlike all before.
func (w *watcher) reconnect() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.disconnect()
}

// maxCached answers are kept of each kind, at less than 1 KiB each.
const maxCached = 10_000

// cache keeps answers as long as the database stays as it was when they were given.
type cache[K comparable, V any] struct {
	mu      sync.Mutex
	at      version
	answers map[K]V
}

func (c *cache[K, V]) get(now version, key K) (answer V, found bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now != c.at {
		return answer, false
	}
	answer, found = c.answers[key]
	return answer, found
}

// put keeps an answer that was given after the version was told. When a commit came between the two, the version
// belongs to the past, and nobody will ask for it again.
func (c *cache[K, V]) put(before version, key K, answer V) {
	if before == (version{}) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if before != c.at || len(c.answers) >= maxCached {
		c.at, c.answers = before, map[K]V{}
	}
	c.answers[key] = answer
}

// asOf is the key of the version in a context.
type asOf struct{}

// AsOfNow returns a context in which FindSession and SignInsByID answer for this moment, until the context is left:
// a request that only reads asks once whether anything has changed. Do not write in it what is to be read again.
func (s *Store) AsOfNow(ctx context.Context) context.Context {
	return context.WithValue(ctx, asOf{}, s.watcher.version())
}

func (s *Store) versionFor(ctx context.Context) version {
	if then, ok := ctx.Value(asOf{}).(version); ok {
		return then
	}
	return s.watcher.version()
}
