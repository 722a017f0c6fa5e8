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

// CreateUser adds an account and returns its uid. The username must be canonical and passHash a PHC string. Of those
// who ask at once for one name, or for names that look the same, one gets it and the others get ErrUsernameTaken.
func (s *Store) CreateUser(ctx context.Context, username, passHash string, occasion Occasion) (uid int64, err error) {
	err = s.write(ctx, "create user", func(tx *sql.Tx) error {
		uid, err = insertUser(ctx, tx, username, passHash, occasion)
		return err
	})
	return uid, err
}

// CreateUserWithLink adds an account that nobody can log in to before its password link was used.
func (s *Store) CreateUserWithLink(ctx context.Context, username string, tokenHash []byte, expires time.Time, occasion Occasion) (uid int64, err error) {
	err = s.write(ctx, "create user", func(tx *sql.Tx) error {
		if uid, err = insertUser(ctx, tx, username, "", occasion); err != nil {
			return err
		}
		return setPasswordLink(ctx, tx, uid, tokenHash, expires, occasion)
	})
	return uid, err
}

func insertUser(ctx context.Context, tx *sql.Tx, name, passHash string, occasion Occasion) (int64, error) {
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
	return uid, recordEvent(ctx, tx, uid, AccountCreated, occasion)
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
	result, err := s.db.ExecContext(ctx,
		"UPDATE users SET pass_hash = ? WHERE uid = ? AND pass_hash = ?", newHash, uid, oldHash)
	if err := changedOne(result, err, ErrPasswordChanged); err != nil {
		return fmt.Errorf("replace password hash: %w", unavailable(err))
	}
	return nil
}

// PasswordChange is a new password for an account whose owner is signed in.
type PasswordChange struct {
	UID     int64
	OldHash string
	NewHash string
	// KeepSignIn is the id of the only sign-in that goes on.
	KeepSignIn string
	// KeepBrowser is the hash of the device cookie of the only browser that stays known.
	KeepBrowser []byte
}

// ChangePassword stores the new hash, ends the account's other sign-ins and forgets its other browsers, in one
// transaction. ErrPasswordChanged
// means that another change came first, or that the account is gone; then nothing has changed.
func (s *Store) ChangePassword(ctx context.Context, change PasswordChange, occasion Occasion) error {
	return s.write(ctx, "change password", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx,
			"UPDATE users SET pass_hash = ? WHERE uid = ? AND pass_hash = ?", change.NewHash, change.UID, change.OldHash)
		if err := changedOne(result, err, ErrPasswordChanged); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx,
			"DELETE FROM sign_ins WHERE uid = ? AND id <> ?", change.UID, change.KeepSignIn); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx,
			"DELETE FROM known_browsers WHERE uid = ? AND token_hash <> ?", change.UID, change.KeepBrowser); err != nil {
			return err
		}
		return recordEvent(ctx, tx, change.UID, PasswordChanged, occasion)
	})
}

// DeleteUser removes the account with its sign-ins, events and recovery code, which the schema deletes with it. An
// account that is gone already is no error. The name is free again; the uid is not.
func (s *Store) DeleteUser(ctx context.Context, uid int64) error {
	if _, err := s.db.ExecContext(ctx, "DELETE FROM users WHERE uid = ?", uid); err != nil {
		return fmt.Errorf("delete user: %w", unavailable(err))
	}
	return nil
}
