package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// AppPassword is what a program without a browser sends to one app in place of a sign-in.
type AppPassword struct {
	ID      int64
	Host    string
	AppName string
	// Name is what the owner calls it.
	Name       string
	CreatedAt  time.Time
	LastUsedAt time.Time // zero: never
}

// maxAppPasswords is how many an account has at once.
const maxAppPasswords = 100

// ErrTooMany means that the account has as many app passwords as it may, or may not enter the app.
var ErrTooMany = errors.New("too many app passwords")

// CreateAppPassword stores one. ErrNotSignedIn means that the sign-in acted for has ended, and ErrTooMany that the account
// has 100 already, or may not enter the app.
func (s *Store) CreateAppPassword(ctx context.Context, uid int64, host, name string, secretHash []byte, origin Origin) error {
	return s.write(ctx, "create app password", func(ctx context.Context, tx *transaction) error {
		if err := tx.requireSignIn(ctx, uid, origin); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, `
			INSERT INTO app_passwords (uid, host, name, secret_hash, created_at)
			SELECT users.uid, host, $1, $2, $3 FROM users JOIN apps ON host = $4 WHERE users.uid = $5 AND `+mayEnter+`
				AND (SELECT count(*) FROM app_passwords WHERE app_passwords.uid = users.uid) < $6`+tx.keepRows,
			name, secretHash, origin.At.Unix(), host, uid, maxAppPasswords)
		if err := requireRow(result, err, ErrTooMany); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO app_people (uid, host) VALUES ($1, $2) ON CONFLICT DO NOTHING", uid, host); err != nil {
			return err
		}
		return tx.record(ctx, uid, AppPasswordMade, origin)
	})
}

// EndAppPassword ends one of the account's; ended is false when it is not there any more or is another account's.
// ErrNotSignedIn means that the sign-in acted for has ended.
func (s *Store) EndAppPassword(ctx context.Context, uid, id int64, origin Origin) (ended bool, err error) {
	err = s.write(ctx, "end app password", func(ctx context.Context, tx *transaction) error {
		if err := tx.requireSignIn(ctx, uid, origin); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, "DELETE FROM app_passwords WHERE uid = $1 AND id = $2", uid, id)
		if err != nil {
			return err
		}
		removed, err := result.RowsAffected()
		if ended = removed > 0; err != nil || !ended {
			return err
		}
		return tx.record(ctx, uid, AppPasswordEnded, origin)
	})
	return ended, err
}

// AppPasswords returns the account's, the newest first.
func (s *Store) AppPasswords(ctx context.Context, uid int64) (found []AppPassword, err error) {
	err = eachRow(ctx, s.reads, func(row *sql.Rows) error {
		var password AppPassword
		var createdAt int64
		var lastUsedAt sql.NullInt64
		err := row.Scan(&password.ID, &password.Host, &password.AppName, &password.Name, &createdAt, &lastUsedAt)
		password.CreatedAt, password.LastUsedAt = time.Unix(createdAt, 0), timeOrZero(lastUsedAt)
		found = append(found, password)
		return err
	}, `
		SELECT id, host, apps.name, app_passwords.name, created_at, last_used_at FROM app_passwords JOIN apps USING (host)
		WHERE uid = $1 ORDER BY id DESC`, uid)
	if err != nil {
		return nil, fmt.Errorf("read app passwords: %w", err)
	}
	return found, nil
}

// HasAppPasswords reports whether there is one for the app.
func (s *Store) HasAppPasswords(ctx context.Context, host string) (has bool, err error) {
	err = s.reads.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM app_passwords WHERE host = $1)", host).Scan(&has)
	if err != nil {
		return false, fmt.Errorf("read app passwords: %w", unavailable(err))
	}
	return has, nil
}

const appPasswordQuery = `
	SELECT id, users.uid, username, ` + nameColumn + `,
		` + groupsOfUser + `,
		` + mayEnter + ", " + hasSecondFactor + ", " + mustHaveSecondFactorHere + `
	FROM app_passwords JOIN users USING (uid) JOIN apps USING (host)
	WHERE secret_hash = $1 AND host = $2 AND disabled_at IS NULL`

// UserByAppPassword finds who sends an app password to a host. ErrNotSignedIn means that it is none, or that the account
// is disabled. Its use is recorded when WriteCollected is called next.
func (s *Store) UserByAppPassword(ctx context.Context, host string, secretHash []byte, now time.Time) (AppSignIn, error) {
	var found AppSignIn
	var id int64
	var groups string
	// Watching the context costs more than this query.
	err := s.findAppPassword.QueryRowContext(context.WithoutCancel(ctx), secretHash, host).
		Scan(&id, &found.UID, &found.Username, &found.Name, &groups, &found.MayEnter, &found.HasSecondFactor, &found.MustHaveSecondFactor)
	if errors.Is(err, sql.ErrNoRows) {
		return AppSignIn{}, ErrNotSignedIn
	}
	if err != nil {
		return AppSignIn{}, fmt.Errorf("find app password: %w", unavailable(err))
	}
	found.Groups = strings.Fields(groups)
	s.collected.useAppPassword(id, now)
	return found, nil
}
