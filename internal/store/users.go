package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// User is an account. Username is in its canonical form (package username).
type User struct {
	UID       int64
	Username  string
	PassHash  string
	CreatedAt time.Time
}

// Expected outcomes of the queries about users.
var (
	ErrUsernameTaken = errors.New("username is taken")
	ErrNoUser        = errors.New("no such user")
)

// CreateUser adds an account and returns its uid. The username must be canonical and passHash a PHC string. The
// unique index alone decides who gets a name that several ask for at once; the others get ErrUsernameTaken.
func (s *Store) CreateUser(ctx context.Context, username, passHash string, now time.Time) (int64, error) {
	result, err := s.db.ExecContext(ctx,
		"INSERT INTO users (username, pass_hash, created_at) VALUES (?, ?, ?)", username, passHash, now.Unix())
	if violatesUnique(err) {
		return 0, ErrUsernameTaken
	}
	if err != nil {
		return 0, fmt.Errorf("create user: %w", unavailable(err))
	}
	return result.LastInsertId()
}

// UserByUsername finds an account by its canonical username, or returns ErrNoUser.
func (s *Store) UserByUsername(ctx context.Context, username string) (User, error) {
	var user User
	var createdAt int64
	err := s.db.QueryRowContext(ctx,
		"SELECT uid, username, pass_hash, created_at FROM users WHERE username = ?", username).
		Scan(&user.UID, &user.Username, &user.PassHash, &createdAt)
	if errors.Is(err, sql.ErrNoRows) {
		return User{}, ErrNoUser
	}
	if err != nil {
		return User{}, fmt.Errorf("find user: %w", unavailable(err))
	}
	user.CreatedAt = time.Unix(createdAt, 0)
	return user, nil
}

// ReplacePassHash stores the same password hashed anew. It changes nothing when the password itself was changed
// in the meantime, that is when oldHash is no longer the stored one.
func (s *Store) ReplacePassHash(ctx context.Context, uid int64, oldHash, newHash string) error {
	_, err := s.db.ExecContext(ctx,
		"UPDATE users SET pass_hash = ? WHERE uid = ? AND pass_hash = ?", newHash, uid, oldHash)
	if err != nil {
		return fmt.Errorf("replace password hash: %w", unavailable(err))
	}
	return nil
}
