package store

import (
	"context"
	"database/sql"
	"database/sql/driver"

	"modernc.org/sqlite"
)

// connector makes the connections of a pool, and ends them when the file is no longer at its place. database/sql then
// takes new ones, also for the statements that were prepared.
type connector struct {
	driver.Connector
	place *place
}

func pool(place *place, dataSource string, connections int) *sql.DB {
	base, err := sqlite.NewConnector(dataSource)
	if err != nil {
		panic(err) // the data source is ours
	}
	db := sql.OpenDB(connector{base, place})
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db
}

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	file, err := c.place.now()
	if err != nil {
		return nil, err
	}
	if err := wantPinned(ctx, file); err != nil {
		return nil, err
	}
	file.count(1)
	opened, err := c.Connector.Connect(ctx)
	if err != nil {
		file.count(-1)
		return nil, err
	}
	file.seeLog()
	// SQLite opens by name: what it opened is only certain afterwards.
	if _, err := c.place.now(); err != nil {
		_ = opened.Close()
		file.count(-1)
		return nil, err
	}
	return &connection{opened.(sqliteConnection), c.place, file}, nil
}

// sqliteConnection lists the methods of the driver's connections.
type sqliteConnection interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
	NewBackup(destination string) (*sqlite.Backup, error)
}

// connection is one to a file at its place.
type connection struct {
	sqliteConnection
	place *place
	file  *placed
}

// ResetSession is called for each use of a connection that was used before, and so before each transaction.
func (c *connection) ResetSession(ctx context.Context) error {
	if _, err := c.place.now(); err != nil || wantPinned(ctx, c.file) != nil {
		return driver.ErrBadConn // take a new one, which says why it cannot be had
	}
	return c.sqliteConnection.ResetSession(ctx)
}

// IsValid is called after each use.
func (c *connection) IsValid() bool {
	return !c.file.left.Load() && c.sqliteConnection.IsValid()
}

// PrepareContext implements driver.ConnPrepareContext.
func (c *connection) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if err := wantPinned(ctx, c.file); err != nil {
		return nil, err
	}
	return c.sqliteConnection.PrepareContext(ctx, query)
}

// QueryContext implements driver.QueryerContext.
func (c *connection) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := wantPinned(ctx, c.file); err != nil {
		return nil, err
	}
	return c.sqliteConnection.QueryContext(ctx, query, args)
}

// ExecContext implements driver.ExecerContext. What went to a file that is no longer there was not done.
func (c *connection) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := wantPinned(ctx, c.file); err != nil {
		return nil, err
	}
	result, err := c.sqliteConnection.ExecContext(ctx, query, args)
	if err == nil {
		_, err = c.place.now()
	}
	return result, err
}

// BeginTx implements driver.ConnBeginTx.
func (c *connection) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	if err := wantPinned(ctx, c.file); err != nil {
		return nil, err
	}
	tx, err := c.sqliteConnection.BeginTx(ctx, options)
	if err != nil {
		return nil, err
	}
	return placedTx{tx, c.place}, nil
}

// placedTx is a transaction in a file at its place.
type placedTx struct {
	driver.Tx
	place *place
}

// Commit implements driver.Tx. The file may have been moved while the transaction waited for its turn.
func (t placedTx) Commit() error {
	if _, err := t.place.now(); err != nil {
		_ = t.Rollback()
		return err
	}
	if err := t.Tx.Commit(); err != nil {
		return err
	}
	_, err := t.place.now()
	return err
}

// Close writes what is in the write-ahead log to a file that was moved, which SQLite leaves out. The moved file is whole
// then, and a log that was left behind holds nothing that the next file at the path would take for its own.
func (c *connection) Close() error {
	if _, err := c.place.now(); err == nil {
		defer c.file.count(-1)
		return c.sqliteConnection.Close()
	}
	// One after the other: two at once can keep each other from it, and after the last nobody can.
	c.file.closing.Lock()
	defer c.file.closing.Unlock()
	for _, pragma := range []string{"PRAGMA busy_timeout = 0", "PRAGMA wal_checkpoint(TRUNCATE)"} {
		_, _ = c.sqliteConnection.ExecContext(context.Background(), pragma, nil)
	}
	err := c.sqliteConnection.Close()
	c.file.count(-1)
	_ = c.file.clear() // Follow says what could not be cleared
	return err
}
