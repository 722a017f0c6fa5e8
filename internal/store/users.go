package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"latchkey/internal/username"
)

// User is an account. Username is in its canonical form (package username).
type User struct {
	UID       int64
	Username  string
	PassHash  string
	CreatedAt time.Time
	// Disabled means that nobody may log in to the account.
	Disabled bool
}

// Expected outcomes of the queries about users.
var (
	ErrUsernameTaken   = errors.New("username is taken")
	ErrNoUser          = errors.New("no such user")
	ErrPasswordChanged = errors.New("the password was changed meanwhile")
)

// CreateUser adds an account and returns its uid. The username must be canonical and passHash a PHC string. The
// browser is known to the account from then on. Of those who ask at once for one name, or for names that look the same,
// one gets it and the others get ErrUsernameTaken.
func (s *Store) CreateUser(ctx context.Context, username, passHash string, browser KnownBrowser, occasion Occasion) (uid int64, err error) {
	err = s.write(ctx, "create user", func(ctx context.Context, tx *transaction) error {
		if uid, err = tx.insertUser(ctx, username, passHash, occasion); err != nil {
			return err
		}
		return tx.rememberBrowser(ctx, uid, browser, occasion)
	})
	return uid, err
}

// CreateUserWithLink adds an account that nobody can log in to before its password link was used.
func (s *Store) CreateUserWithLink(ctx context.Context, username string, tokenHash []byte, expires time.Time, occasion Occasion) (uid int64, err error) {
	err = s.write(ctx, "create user", func(ctx context.Context, tx *transaction) error {
		if uid, err = tx.insertUser(ctx, username, "", occasion); err != nil {
			return err
		}
		return tx.setPasswordLink(ctx, uid, tokenHash, expires, occasion)
	})
	return uid, err
}

func (tx *transaction) insertUser(ctx context.Context, name, passHash string, occasion Occasion) (int64, error) {
	taken, err := isTaken(ctx, tx, name)
	if err != nil {
		return 0, err
	}
	if taken {
		return 0, ErrUsernameTaken
	}
	result, err := tx.ExecContext(ctx,
		"INSERT INTO users (username, pass_hash, created_at, skeleton) VALUES (?, ?, ?, ?)",
		name, passHash, occasion.At.Unix(), username.Skeleton(name))
	if err != nil {
		return 0, err
	}
	uid, err := result.LastInsertId()
	if err != nil {
		return 0, err
	}
	if err := tx.resetLimits(ctx, uid); err != nil {
		return 0, err
	}
	return uid, tx.record(ctx, uid, AccountCreated, occasion)
}

const userQuery = "SELECT uid, username, pass_hash, created_at, disabled_at IS NOT NULL FROM users WHERE username = ?"

// UserByUsername finds an account by its canonical username, or returns ErrNoUser.
func (s *Store) UserByUsername(ctx context.Context, username string) (User, error) {
	var user User
	var createdAt int64
	err := s.findUser.QueryRowContext(ctx, username).
		Scan(&user.UID, &user.Username, &user.PassHash, &createdAt, &user.Disabled)
	if errors.Is(err, sql.ErrNoRows) {
		return User{}, ErrNoUser
	}
	if err != nil {
		return User{}, fmt.Errorf("find user: %w", unavailable(err))
	}
	user.CreatedAt = time.Unix(createdAt, 0)
	return user, nil
}

// ReplacePassHash stores the same password hashed anew. ErrPasswordChanged means that oldHash is no longer the stored
// one, or that the account is gone; then nothing has changed.
func (s *Store) ReplacePassHash(ctx context.Context, uid int64, oldHash, newHash string) error {
	return s.write(ctx, "replace password hash", func(ctx context.Context, tx *transaction) error {
		result, err := tx.ExecContext(ctx,
			"UPDATE users SET pass_hash = ? WHERE uid = ? AND pass_hash = ?", newHash, uid, oldHash)
		return changedOne(result, err, ErrPasswordChanged)
	})
}

// PasswordChange is a new password for an account whose owner is signed in.
type PasswordChange struct {
	UID     int64
	OldHash string
	NewHash string
	Browser KnownBrowser
	Settled Settlement
	Session SessionChange
}

// ChangePassword stores the new hash, ends the account's other sign-ins, forgets its other browsers and voids its
// recovery code and password link, in one transaction. codeVoided reports whether there was a code. ErrNotSignedIn
// means that the sign-in acted for has ended, and ErrPasswordChanged that another change came first, or that the
// account is gone; then nothing has changed.
func (s *Store) ChangePassword(ctx context.Context, change PasswordChange, occasion Occasion) (codeVoided bool, err error) {
	err = s.write(ctx, "change password", func(ctx context.Context, tx *transaction) error {
		if err := tx.requireSignIn(ctx, change.UID, occasion); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx,
			"UPDATE users SET pass_hash = ? WHERE uid = ? AND pass_hash = ?", change.NewHash, change.UID, change.OldHash)
		if err := changedOne(result, err, ErrPasswordChanged); err != nil {
			return err
		}
		if err := tx.settle(ctx, change.Settled, occasion.At); err != nil {
			return err
		}
		if err := tx.forgetAccess(ctx, change.UID, occasion.SignIn); err != nil {
			return err
		}
		if codeVoided, err = tx.voidRecoveryCode(ctx, change.UID, occasion); err != nil {
			return err
		}
		if err := tx.rememberBrowser(ctx, change.UID, change.Browser, occasion); err != nil {
			return err
		}
		if err := tx.saveSession(ctx, change.Session); err != nil {
			return err
		}
		return tx.record(ctx, change.UID, PasswordChanged, occasion)
	})
	return codeVoided, err
}

// forgetAccess ends the ways into an account that a password which is replaced had opened: all sign-ins but the one to
// keep, known browsers and the password link. The recovery code is up to the caller.
func (tx *transaction) forgetAccess(ctx context.Context, uid int64, keepSignIn string) error {
	for _, query := range []string{
		"DELETE FROM sign_ins WHERE uid = ?1 AND id <> ?2",
		"DELETE FROM known_browsers WHERE uid = ?1",
		"DELETE FROM password_links WHERE uid = ?1",
	} {
		if _, err := tx.ExecContext(ctx, query, uid, keepSignIn); err != nil {
			return err
		}
	}
	return nil
}

// DeleteUser removes the account with its sign-ins, events, recovery code and limits. An account that is gone already
// is no error. The name is free again; the uid is not. When its owner deletes it, ErrNotSignedIn means that the sign-in
// acted for has ended.
func (s *Store) DeleteUser(ctx context.Context, uid int64, occasion Occasion) error {
	return s.write(ctx, "delete user", func(ctx context.Context, tx *transaction) error {
		if occasion.By == Owner {
			if err := tx.requireSignIn(ctx, uid, occasion); err != nil {
				return err
			}
		}
		if err := tx.resetLimits(ctx, uid); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, "DELETE FROM users WHERE uid = ?", uid)
		if err != nil {
			return err
		}
		if deleted, err := result.RowsAffected(); err != nil || deleted == 0 {
			return err
		}
		tx.tell(uid, AccountDeleted, occasion)
		return nil
	})
}
