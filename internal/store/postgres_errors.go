package store

import (
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// The codes are those of PostgreSQL's appendix A.

// postgresCode returns the server's code for an error, or nothing.
func postgresCode(err error) string {
	if failure := (*pgconn.PgError)(nil); errors.As(err, &failure) {
		return failure.Code
	}
	return ""
}

// stoodInTheWay reports whether the server has undone a transaction because of another one: it may be begun again.
func stoodInTheWay(err error) bool {
	switch postgresCode(err) {
	case "40001", "40P01": // serialization failure, deadlock
		return true
	}
	return false
}

// isTakenAlready reports whether a row with the same key is there.
func isTakenAlready(err error) bool { return postgresCode(err) == "23505" }

func postgresUnavailable(err error) bool {
	if code := postgresCode(err); code != "" {
		switch code[:2] {
		case "08", "53", "58", "XX": // connection, resources, system, damage
			return true
		}
		switch code {
		case "25006", // read-only: no longer the primary
			"55P03",                            // lock timeout
			"57014",                            // cancelled
			"3D000", "28000", "28P01", "42501": // no such database, no longer let in
			return true
		}
		return strings.HasPrefix(code, "57P") || stoodInTheWay(err)
	}
	for _, is := range []error{
		io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, pgconn.ErrConnClosed,
		driver.ErrBadConn,
	} {
		if errors.Is(err, is) {
			return true
		}
	}
	return errors.As(err, new(*pgconn.ConnectError)) || errors.As(err, new(*net.OpError))
}
