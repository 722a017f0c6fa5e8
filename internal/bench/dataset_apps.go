//go:build linux

package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"strings"
)

const (
	appHost  = "photos.example.org"
	appGroup = "family"
	// appCookies are in the database, each of another browser.
	appCookies = 100_000
)

// addAppSignIns adds an app that a group may enter, and browsers that are in it, and returns a check of each as Caddy
// asks it. Their times of last use are spread over the five minutes after which the server moves one: as many are due
// each second as when all of them are in use.
func (b *bench) addAppSignIns(ctx context.Context) ([][]byte, error) {
	if err := b.addApp(ctx); err != nil {
		return nil, err
	}
	requests := make([][]byte, appCookies)
	return requests, fill(ctx, b.database, func(db *sql.Conn) error {
		err := run(ctx, db, fmt.Sprintf(`CREATE TEMP TABLE entering AS
			SELECT row_number() OVER (ORDER BY id) - 1 AS n, id, uid FROM main.sign_ins WHERE remembered = 0 ORDER BY id LIMIT %d`, appCookies),
			"INSERT OR IGNORE INTO main.group_members (group_name, uid) SELECT "+quote(appGroup)+", uid FROM entering",
			"UPDATE main.sign_ins SET last_seen_at = unixepoch() - entering.n % 300 FROM entering WHERE sign_ins.id = entering.id")
		if err != nil {
			return err
		}
		insert, err := db.PrepareContext(ctx, `INSERT INTO main.app_sign_ins (token_hash, sign_in, host, created_at)
			SELECT ?, id, ?, unixepoch() FROM entering WHERE entering.rowid = ? % (SELECT max(rowid) FROM entering) + 1`)
		if err != nil {
			return err
		}
		defer insert.Close()
		for i := range requests {
			token := fmt.Sprintf("COOKIE%020d", i)
			hash := sha256.Sum256([]byte("app sign-in " + token)) // as the program makes it; otherwise no check is answered with 200
			if _, err := insert.ExecContext(ctx, hash[:], appHost, i); err != nil {
				return err
			}
			requests[i] = checkRequest(token, i)
		}
		return run(ctx, db, "DROP TABLE temp.entering")
	})
}

// checkRequest is what Caddy asks about a browser's request for a picture.
func checkRequest(token string, i int) []byte {
	request := get("/check", requestOptions{cookies: map[string]string{"__Host-latchkey": token}, from: newAddress(), encodings: browserEncodings})
	return []byte(strings.Replace(string(request), "\r\n", "\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: "+appHost+
		fmt.Sprintf("\r\nX-Forwarded-Uri: /albums/%d/thumbnail.jpg?size=small\r\nX-Forwarded-Method: GET\r\n", i), 1))
}
