//go:build linux

package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"syscall"
)

// sharedPassword is every user's: their hash is one and the same, because making a million would take hours.
const sharedPassword = "copper lantern wobbling giraffe"

const (
	// founder is the one account that signed up and logged in through the front door. All others are its likes.
	founder = "founder"
	// usernameFormat makes usernames from numbers, in Go and in SQL.
	usernameFormat = "user%07d"
)

func username(i int) string { return fmt.Sprintf(usernameFormat, i) }

// makeDataSet makes a database file with users, each with the shared password, of whom the last ones have a session
// each. The server makes the schema, and the rows that all others are copies of, so that they look as it wants them.
func (b *bench) makeDataSet(ctx context.Context, name string, users, sessions int) (path string, err error) {
	path = filepath.Join(b.folder, name)
	server, err := b.startServer(ctx, path)
	if err != nil {
		return "", err
	}
	defer server.kill()
	signup := post("/signup", url.Values{"username": {founder}, "password": {sharedPassword}}, requestOptions{from: newAddress()})
	if _, err := visit(ctx, server.address, signup, http.StatusSeeOther); err != nil {
		return "", err
	}
	if _, err := logIn(ctx, server, founder); err != nil {
		return "", err
	}
	if err := server.stop(); err != nil {
		return "", err
	}
	return path, fill(ctx, path, func(db *sql.Conn) error {
		err := copyRow(ctx, db, "users", "username = '"+founder+"'", users, map[string]string{
			"uid": "1000 + n", "username": "printf('" + usernameFormat + "', n)",
			"skeleton": "replace(replace(printf('" + usernameFormat + "', n), '0', 'O'), '1', 'l')", // as the program makes it
		})
		if err != nil {
			return err
		}
		return addSessions(ctx, db, sessions, fmt.Sprintf("1000 + %d - 1 - n %% %d", users, users), "")
	})
}

// hashIn is the hash that the users of a data set share, made by the server itself.
func hashIn(ctx context.Context, path string) (hash string, err error) {
	db, err := openBare(path)
	if err != nil {
		return "", err
	}
	defer db.Close()
	err = db.QueryRowContext(ctx, "SELECT pass_hash FROM users WHERE username = ?", founder).Scan(&hash)
	return hash, err
}

// expire adds sessions and their sign-ins that ended yesterday.
func expire(ctx context.Context, path string, sessions, users int) error {
	return fill(ctx, path, func(db *sql.Conn) error {
		return addSessions(ctx, db, sessions, fmt.Sprintf("1000 + %d - 1 - n %% %d", users, users), "86400")
	})
}

// forgetExpiredSessions leaves only the sign-ins of what has expired.
func forgetExpiredSessions(ctx context.Context, path string) error {
	return fill(ctx, path, func(db *sql.Conn) error {
		return run(ctx, db, "DELETE FROM sessions WHERE expiry < julianday('now')")
	})
}

// addSessions adds copies of the founder's sign-in and session, of the users whose uid is the expression. ago is ""
// for live ones, and otherwise how many seconds ago they expired.
func addSessions(ctx context.Context, db *sql.Conn, sessions int, uid, ago string) error {
	signIn, session := map[string]string{"uid": uid}, map[string]string{}
	if ago != "" {
		signIn["created_at"] = "created_at - 30 * 86400 - " + ago
		signIn["last_seen_at"], signIn["confirmed_at"] = signIn["created_at"], signIn["created_at"]
		session["expiry"] = "julianday('now') - " + ago + " / 86400.0"
	}
	const founders = "uid = (SELECT uid FROM users WHERE username = '" + founder + "')"
	var id, token string
	var data []byte
	if err := db.QueryRowContext(ctx, "SELECT id FROM sign_ins WHERE "+founders).Scan(&id); err != nil {
		return err
	}
	if err := db.QueryRowContext(ctx, `SELECT token, data FROM sessions
		WHERE instr(data, CAST(? AS BLOB)) > 0`, id).Scan(&token, &data); err != nil {
		return fmt.Errorf("no session holds the id of the sign-in, as it did when this was written: %w", err)
	}
	before, after, _ := strings.Cut(string(data), id)
	// Ids of the live and of the expired ones must differ; that they are random matters, for indexes over them.
	newID := fmt.Sprintf("substr(printf('%%08X', n * 2654435761 & 0xffffffff) || %s || 'PADDINGPADDINGPADDING', 1, %d)",
		quote("X"+ago), len(id))
	session["token"] = fmt.Sprintf("substr(hex(randomblob(%d)), 1, %[1]d)", len(token))
	session["data"] = fmt.Sprintf("CAST(%s || %s || %s AS BLOB)", quote(before), newID, quote(after))
	signIn["id"] = newID
	if err := copyRow(ctx, db, "sign_ins", founders, sessions, signIn); err != nil {
		return err
	}
	return copyRow(ctx, db, "sessions", "token = "+quote(token), sessions, session)
}

// copyRow adds copies of the one row that is where, in which some columns are instead what an expression of n says,
// the number of the copy, from 0.
func copyRow(ctx context.Context, db *sql.Conn, table, where string, copies int, instead map[string]string) error {
	rows, err := db.QueryContext(ctx, "SELECT name FROM pragma_table_info(?)", table)
	if err != nil {
		return err
	}
	defer rows.Close()
	var columns, values []string
	for rows.Next() {
		var column string
		if err := rows.Scan(&column); err != nil {
			return err
		}
		value, changed := instead[column]
		if !changed {
			value = column
		}
		columns, values = append(columns, column), append(values, value)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return run(ctx, db,
		"CREATE TEMP TABLE original AS SELECT * FROM main."+table+" WHERE "+where,
		fmt.Sprintf(`INSERT INTO main.%s (%s) WITH RECURSIVE copies (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM copies LIMIT %d)
			SELECT %s FROM copies CROSS JOIN original`, table, strings.Join(columns, ", "), copies, strings.Join(values, ", ")),
		"DROP TABLE temp.original")
}

// fill changes the file in one transaction, as fast as it goes: a power cut would cost nothing but this run.
func fill(ctx context.Context, path string, change func(*sql.Conn) error) error {
	pool, err := openBare(path)
	if err != nil {
		return err
	}
	db, err := pool.Conn(ctx)
	if err == nil {
		err = run(ctx, db, "PRAGMA journal_mode = MEMORY", "PRAGMA synchronous = OFF", "PRAGMA foreign_keys = OFF",
			"PRAGMA cache_size = -1000000", "PRAGMA temp_store = MEMORY", "BEGIN")
		if err == nil {
			err = change(db)
		}
		if err == nil {
			err = run(ctx, db, "COMMIT", "PRAGMA journal_mode = WAL")
		}
		err = errors.Join(err, db.Close())
	}
	if err = errors.Join(err, pool.Close()); err != nil {
		return fmt.Errorf("fill %s: %w", path, err)
	}
	// Otherwise the first commit of the server that is measured would wait until all of this is on the disk.
	syscall.Sync()
	return nil
}

func run(ctx context.Context, db *sql.Conn, statements ...string) error {
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

func quote(text string) string {
	return "CAST(x'" + fmt.Sprintf("%x", text) + "' AS TEXT)"
}
