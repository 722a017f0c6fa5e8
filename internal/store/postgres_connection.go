package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgresServer makes the connections of a pool.
type postgresServer struct {
	driver.Connector
	// limit is how long the server may take to say something; 0: for ever.
	limit time.Duration
	// broke is when a connection broke last, in Unix nanoseconds.
	broke atomic.Int64
}

func postgresPool(from *pgx.ConnConfig, limit time.Duration) *sql.DB {
	config := from.Copy()
	server := &postgresServer{limit: limit}
	if limit > 0 {
		// Rather an error from the server, after which the connection is still good.
		config.RuntimeParams["lock_timeout"] = strconv.FormatInt(max(1, (limit*3/4).Milliseconds()), 10)
		dial := config.DialFunc
		config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
			connection, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &boundedConn{Conn: connection, server: server}, nil
		}
	}
	config.OnNotice = func(connection *pgconn.PgConn, notice *pgconn.Notice) {
		if notice.Routine == "SyncRepWaitForLSN" {
			connection.CustomData()[notReplicated] = true
		}
	}
	server.Connector = stdlib.GetConnector(*config,
		stdlib.OptionAfterConnect(refuseServer),
		stdlib.OptionShouldPing(func(context.Context, stdlib.ShouldPingParams) bool { return false }), // alive does
		stdlib.OptionResetSession(server.alive))
	db := sql.OpenDB(server)
	db.SetMaxOpenConns(maxConnections)
	db.SetMaxIdleConns(maxConnections)
	return db
}

// Connect implements driver.Connector.
func (s *postgresServer) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := s.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return postgresConnection{opened.(*stdlib.Conn)}, nil
}

// lastUse is the key of a connection's last use in its own data, and notReplicated that of a commit that a standby may
// not have.
const (
	lastUse       = "latchkey's last use"
	notReplicated = "not replicated"
)

// alive asks the server, before a connection is used again, when it has not been used for a second or when another has
// broken since: the server may be gone, and a change must not be sent into the void.
func (s *postgresServer) alive(ctx context.Context, connection *pgx.Conn) error {
	data, now := connection.PgConn().CustomData(), time.Now()
	last, _ := data[lastUse].(time.Time)
	data[lastUse] = now
	if s.limit == 0 || now.Sub(last) < time.Second && last.UnixNano() > s.broke.Load() {
		return nil
	}
	soon, cancel := context.WithTimeout(ctx, min(s.limit/4, time.Second))
	defer cancel()
	if connection.PgConn().Ping(soon) != nil {
		return driver.ErrBadConn // take another one
	}
	return nil
}

// boundedConn gives up when the server says nothing for as long as a request may wait, also where no context says so: the
// kernel of a server that is frozen or unplugged keeps its connections for ever.
type boundedConn struct {
	net.Conn
	server *postgresServer
	mu     sync.Mutex
	until  time.Time // as pgx has set it; zero: not
}

// SetDeadline implements net.Conn.
func (c *boundedConn) SetDeadline(until time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = until
	return c.Conn.SetDeadline(until)
}

// SetReadDeadline implements net.Conn.
func (c *boundedConn) SetReadDeadline(until time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = until
	return c.Conn.SetReadDeadline(until)
}

// Read implements net.Conn.
func (c *boundedConn) Read(to []byte) (int, error) {
	if err := c.limitRead(); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(to)
	if err != nil {
		c.server.broke.Store(time.Now().UnixNano())
	}
	return n, err
}

func (c *boundedConn) limitRead() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	until := time.Now().Add(c.server.limit)
	if !c.until.IsZero() && c.until.Before(until) {
		until = c.until
	}
	return c.Conn.SetReadDeadline(until)
}

// postgresConnection is one of a pool.
type postgresConnection struct{ *stdlib.Conn }

// CheckNamedValue implements driver.NamedValueChecker. PostgreSQL takes neither bytes that are not UTF-8 nor a zero byte,
// and what visitors send is looked up as it comes: it is looked up as a text that is nobody's name.
func (c postgresConnection) CheckNamedValue(value *driver.NamedValue) error {
	switch v := value.Value.(type) {
	case string:
		value.Value = asText(v)
	case []string:
		texts := make([]string, len(v))
		for i := range v {
			texts[i] = asText(v[i])
		}
		value.Value = texts
	}
	return c.Conn.CheckNamedValue(value)
}

func asText(given string) string {
	if utf8.ValidString(given) && strings.IndexByte(given, 0) < 0 {
		return given
	}
	return strings.ReplaceAll(strings.ToValidUTF8(given, "\uFFFD"), "\x00", "\uFFFD")
}

// BeginTx implements driver.ConnBeginTx.
func (c postgresConnection) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	tx, err := c.Conn.BeginTx(ctx, options)
	if err != nil {
		return nil, err
	}
	return replicatedTx{tx, c.Conn.Conn().PgConn()}, nil
}

// replicatedTx is a transaction that is committed when a standby has it, where the server waits for one.
type replicatedTx struct {
	driver.Tx
	connection *pgconn.PgConn
}

// Commit implements driver.Tx. A server whose wait for the standby was cancelled warns, and then acknowledges.
func (t replicatedTx) Commit() error {
	if err := t.Tx.Commit(); err != nil {
		return err
	}
	if data := t.connection.CustomData(); data[notReplicated] != nil {
		delete(data, notReplicated)
		return unavailableError{errors.New("it is not known whether a standby has the change")}
	}
	return nil
}
