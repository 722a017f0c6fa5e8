package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrNoAppCode means that a code was used, has expired, or is for another host or another browser, or that the sign-in it
// was made for has ended or may not enter.
var ErrNoAppCode = errors.New("no such code")

// AppCode hands a sign-in over to an app's host, once.
type AppCode struct {
	CodeHash []byte
	SignIn   string
	Host     string
	// NonceHash is the hash of the browser's nonce on the app's host.
	NonceHash []byte
	// Target is the path on the app's host to go on to.
	Target  string
	Expires time.Time
}

// CreateAppCode stores a code, and that the account's owner lets the app know them. ErrNotSignedIn means that the
// sign-in has ended, or may not enter the app.
func (s *Store) CreateAppCode(ctx context.Context, uid int64, code AppCode) error {
	return s.write(ctx, "create app code", func(ctx context.Context, tx *transaction) error {
		result, err := tx.ExecContext(ctx, `
			INSERT INTO app_codes (code_hash, sign_in, host, nonce_hash, target, expires_at)
			SELECT $1, sign_ins.id, apps.host, $2, $3, $4 FROM sign_ins JOIN users USING (uid) CROSS JOIN apps
			WHERE sign_ins.id = $5 AND users.uid = $6 AND apps.host = $7 AND `+mayEnter+tx.keepRows,
			code.CodeHash, code.NonceHash, code.Target, code.Expires.Unix(), code.SignIn, uid, code.Host)
		if err := requireRow(result, err, ErrNotSignedIn); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO app_people (uid, host) VALUES ($1, $2) ON CONFLICT DO NOTHING", uid, code.Host)
		return err
	})
}

// SpendAppCode exchanges a code for a sign-in on the app's host, and returns where to go on to. ErrNoAppCode means that
// it is not valid; then nothing has changed.
func (s *Store) SpendAppCode(ctx context.Context, code AppCode, tokenHash []byte, now time.Time) (target string, err error) {
	err = s.write(ctx, "spend app code", func(ctx context.Context, tx *transaction) error {
		var signIn string
		err := tx.QueryRowContext(ctx, `
			DELETE FROM app_codes WHERE code_hash = $1 AND host = $2 AND nonce_hash = $3 AND expires_at > $4 RETURNING sign_in, target`,
			code.CodeHash, code.Host, code.NonceHash, now.Unix()).Scan(&signIn, &target)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNoAppCode
		}
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO app_sign_ins (token_hash, sign_in, host, created_at) VALUES ($1, $2, $3, $4)",
			tokenHash, signIn, code.Host, now.Unix())
		return err
	})
	return target, err
}

// AppSignIn is a sign-in as the check of an app's request sees it. Whether it has expired is for the caller to judge.
type AppSignIn struct {
	SignIn
	Groups []string
	// MayEnter is whether the app lets the account in now. Its MustHaveSecondFactor is also set when the app asks for one.
	MayEnter bool
}

const appSignInQuery = `
	SELECT sign_ins.id, users.uid, username, ` + nameColumn + `, sign_ins.created_at, last_seen_at, remembered,
		` + groupsOfUser + `, ` + mayEnter + `, ` + hasSecondFactor + `, ` + mustHaveSecondFactorHere + `, ` + lostSecondFactor + `
	FROM app_sign_ins JOIN sign_ins ON sign_ins.id = sign_in JOIN users USING (uid) JOIN apps USING (host)
	WHERE token_hash = $1 AND host = $2`

// AppSignInByToken finds the sign-in by the hash of an app's cookie, for the host it is good for. ErrNotSignedIn means
// that there is none.
func (s *Store) AppSignInByToken(ctx context.Context, host string, tokenHash []byte) (AppSignIn, error) {
	now, key := s.versionFor(ctx), host+" "+string(tokenHash)
	if found, known := s.appSignIns.get(now, key); known {
		return found, nil
	}
	var found AppSignIn
	var createdAt, lastSeenAt int64
	var groups string
	// Watching the context costs more than this query.
	err := s.findAppSignIn.QueryRowContext(context.WithoutCancel(ctx), tokenHash, host).Scan(&found.ID, &found.UID, &found.Username, &found.Name,
		&createdAt, &lastSeenAt, &found.Remembered, &groups, &found.MayEnter,
		&found.HasSecondFactor, &found.MustHaveSecondFactor, &found.LostSecondFactor)
	if errors.Is(err, sql.ErrNoRows) {
		return AppSignIn{}, ErrNotSignedIn
	}
	if err != nil {
		return AppSignIn{}, fmt.Errorf("find app sign-in: %w", unavailable(err))
	}
	found.CreatedAt, found.LastSeenAt = time.Unix(createdAt, 0), time.Unix(lastSeenAt, 0)
	found.Groups = strings.Fields(groups)
	s.appSignIns.put(now, key, found)
	return found, nil
}

// EndAppSignIn ends a sign-in in one app; one that is gone already does not matter.
func (s *Store) EndAppSignIn(ctx context.Context, host string, tokenHash []byte) error {
	return s.write(ctx, "end app sign-in", func(ctx context.Context, tx *transaction) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM app_sign_ins WHERE token_hash = $1 AND host = $2", tokenHash, host)
		return err
	})
}

// AppsEntered returns the names of the apps entered under each sign-in of the account, by the sign-in's id.
func (s *Store) AppsEntered(ctx context.Context, uid int64) (map[string][]string, error) {
	entered := map[string][]string{}
	err := eachRow(ctx, s.reads, func(row *sql.Rows) error {
		var signIn, name string
		err := row.Scan(&signIn, &name)
		entered[signIn] = append(entered[signIn], name)
		return err
	}, `
		SELECT DISTINCT sign_in, name FROM sign_ins JOIN app_sign_ins ON sign_in = sign_ins.id JOIN apps USING (host)
		WHERE sign_ins.uid = $1 ORDER BY name`, uid)
	if err != nil {
		return nil, fmt.Errorf("read apps entered: %w", err)
	}
	return entered, nil
}
