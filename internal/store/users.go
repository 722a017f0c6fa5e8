package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"latchkey/internal/username"
)

// User is an account.
type User struct {
	UID int64
	// Username is in its canonical form (package username), Name as it was typed when the account was made.
	Username string
	Name     string
	PassHash string
	// Disabled means that nobody may log in to the account.
	Disabled bool
}

// Expected outcomes of the queries about users.
var (
	ErrUsernameTaken   = errors.New("username is taken")
	ErrNoUser          = errors.New("no such user")
	ErrPasswordChanged = errors.New("the password was changed in the meantime")
)

// CreateUser adds an account and returns its uid. The username must be canonical and passHash a PHC string. The
// browser is known to the account from then on. Of concurrent calls for one name, or for names that look the same, one
// succeeds and the others return ErrUsernameTaken.
func (s *Store) CreateUser(ctx context.Context, user User, browser DeviceRotation, origin Origin) (uid int64, err error) {
	err = s.write(ctx, "create user", func(ctx context.Context, tx *transaction) error {
		if uid, err = tx.insertUser(ctx, user, origin); err != nil {
			return err
		}
		return tx.rememberBrowser(ctx, uid, browser, origin)
	})
	return uid, err
}

// CreateUserWithLink adds an account that nobody can log in to before its password link was used.
func (s *Store) CreateUserWithLink(ctx context.Context, user User, link PasswordLink, origin Origin) (uid int64, err error) {
	err = s.write(ctx, "create user", func(ctx context.Context, tx *transaction) error {
		if uid, err = tx.insertUser(ctx, user, origin); err != nil {
			return err
		}
		return tx.setPasswordLink(ctx, uid, link, origin)
	})
	return uid, err
}

func (tx *transaction) insertUser(ctx context.Context, user User, origin Origin) (int64, error) {
	skeleton := username.Skeleton(user.Username)
	if err := tx.takeName(ctx, skeleton); err != nil {
		return 0, err
	}
	taken, err := tx.isTaken(ctx, tx, user.Username)
	if err != nil {
		return 0, err
	}
	if taken {
		return 0, ErrUsernameTaken
	}
	var uid int64
	err = tx.QueryRowContext(ctx, `
		INSERT INTO users (username, typed_name, pass_hash, created_at, password_changed_at, skeleton) VALUES ($1, $2, $3, $4, $4, $5)
		RETURNING uid`,
		user.Username, user.Name, user.PassHash, origin.At.Unix(), skeleton).Scan(&uid)
	if isTakenAlready(err) {
		return 0, ErrUsernameTaken
	}
	if err != nil {
		return 0, err
	}
	if err := tx.resetLimits(ctx, uid); err != nil {
		return 0, err
	}
	return uid, tx.record(ctx, uid, AccountCreated, origin)
}

// nameColumn is the name to show.
const nameColumn = "coalesce(nullif(typed_name, ''), username)"

const userQuery = "SELECT uid, username, " + nameColumn + ", pass_hash, disabled_at IS NOT NULL FROM users WHERE username = $1"

// UserByUsername finds an account by its canonical username, or returns ErrNoUser.
func (s *Store) UserByUsername(ctx context.Context, username string) (User, error) {
	var user User
	err := s.findUser.QueryRowContext(ctx, username).
		Scan(&user.UID, &user.Username, &user.Name, &user.PassHash, &user.Disabled)
	if errors.Is(err, sql.ErrNoRows) {
		return User{}, ErrNoUser
	}
	if err != nil {
		return User{}, fmt.Errorf("find user: %w", unavailable(err))
	}
	return user, nil
}

// ReplacePassHash stores a new hash of the same password. ErrPasswordChanged means that oldHash is no longer the stored
// one, or that the account is gone; then nothing has changed.
func (s *Store) ReplacePassHash(ctx context.Context, uid int64, oldHash, newHash string) error {
	return s.write(ctx, "replace password hash", func(ctx context.Context, tx *transaction) error {
		result, err := tx.ExecContext(ctx,
			"UPDATE users SET pass_hash = $1 WHERE uid = $2 AND pass_hash = $3", newHash, uid, oldHash)
		return requireRow(result, err, ErrPasswordChanged)
	})
}

// DeleteUser removes the account with its sign-ins, events, recovery code and limits. An account that is gone already
// is no error. The name is free again,
// unless an app has known it; the uid is not. When its owner deletes it, ErrNotSignedIn means that the sign-in
// acted for has ended.
func (s *Store) DeleteUser(ctx context.Context, uid int64, origin Origin) error {
	return s.write(ctx, "delete user", func(ctx context.Context, tx *transaction) error {
		if origin.By == Owner {
			if err := tx.requireSignIn(ctx, uid, origin); err != nil {
				return err
			}
		}
		// An app may come to know the name until then.
		if err := tx.endAccount(ctx, uid); err != nil {
			if errors.Is(err, ErrNoUser) {
				return nil
			}
			return err
		}
		if err := tx.resetLimits(ctx, uid); err != nil {
			return err
		}
		if err := tx.retireName(ctx, uid, origin); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, "DELETE FROM users WHERE uid = $1", uid)
		if err != nil {
			return err
		}
		if deleted, err := result.RowsAffected(); err != nil || deleted == 0 {
			return err
		}
		tx.tell(uid, AccountDeleted, origin)
		return nil
	})
}

// SetDisabled disables the account, ends its sign-ins and voids its password link, or enables it again, in one
// transaction. ErrNoUser means that there is none.
func (s *Store) SetDisabled(ctx context.Context, uid int64, disabled bool, origin Origin) error {
	return s.write(ctx, "disable or enable user", func(ctx context.Context, tx *transaction) error {
		kind, at := AccountEnabled, sql.NullInt64{}
		if disabled {
			kind, at = AccountDisabled, sql.NullInt64{Int64: origin.At.Unix(), Valid: true}
		}
		result, err := tx.ExecContext(ctx, "UPDATE users SET disabled_at = $1 WHERE uid = $2", at, uid)
		if err := requireRow(result, err, ErrNoUser); err != nil {
			return err
		}
		if disabled {
			for _, table := range []string{"sign_ins", "password_links", "half_logins"} {
				if _, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE uid = $1", uid); err != nil {
					return err
				}
			}
		}
		return tx.record(ctx, uid, kind, origin)
	})
}
