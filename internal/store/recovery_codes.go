package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// ErrNoRecoveryCode means that the code is not, or no longer, the account's.
var ErrNoRecoveryCode = errors.New("no such recovery code")

// RecoveryCodeMadeAt returns when the account's recovery code was made, or the zero time when there is none.
func (s *Store) RecoveryCodeMadeAt(ctx context.Context, uid int64) (time.Time, error) {
	var madeAt int64
	err := s.reads.QueryRowContext(ctx, "SELECT created_at FROM recovery_codes WHERE uid = $1", uid).Scan(&madeAt)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("read recovery code: %w", unavailable(err))
	}
	return time.Unix(madeAt, 0), nil
}

// PutOffRecoveryCode remembers that the person does not want to be asked again. ErrNotSignedIn means that the sign-in
// acted for has ended.
func (s *Store) PutOffRecoveryCode(ctx context.Context, uid int64, origin Origin) error {
	return s.write(ctx, "put off recovery code", func(ctx context.Context, tx *transaction) error {
		if err := tx.requireSignIn(ctx, uid, origin); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE users SET recovery_put_off = TRUE WHERE uid = $1", uid)
		return err
	})
}

// SetRecoveryCode gives the account a new code, in place of the one it had. ErrNotSignedIn means that the sign-in acted
// for has ended, or was not confirmed lately enough.
func (s *Store) SetRecoveryCode(ctx context.Context, uid int64, codeHash []byte, origin Origin) error {
	return s.write(ctx, "set recovery code", func(ctx context.Context, tx *transaction) error {
		if err := tx.requireSignIn(ctx, uid, origin); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO recovery_codes (uid, code_hash, created_at, sign_in) VALUES ($1, $2, $3, $4)
			ON CONFLICT (uid) DO UPDATE SET code_hash = excluded.code_hash, created_at = excluded.created_at, sign_in = excluded.sign_in, saved = FALSE`,
			uid, codeHash, origin.At.Unix(), origin.SignIn); err != nil {
			return err
		}
		return tx.record(ctx, uid, RecoveryCodeMade, origin)
	})
}

// MarkRecoveryCodeSaved remembers that the person has the code in a safe place. ErrNotSignedIn means that the sign-in
// acted for has ended.
func (s *Store) MarkRecoveryCodeSaved(ctx context.Context, uid int64, origin Origin) error {
	return s.write(ctx, "mark recovery code saved", func(ctx context.Context, tx *transaction) error {
		if err := tx.requireSignIn(ctx, uid, origin); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE recovery_codes SET saved = TRUE WHERE uid = $1", uid)
		return err
	})
}

// UserByRecoveryCode finds the account with this name and code. A name without an account, an account without a
// code and a wrong code are all ErrNoRecoveryCode, after the same work; the account that was named is still
// returned, if there is one, for the log and its activity alone.
func (s *Store) UserByRecoveryCode(ctx context.Context, username string, codeHash []byte) (User, error) {
	var user User
	var matches bool
	// Comparing in SQL is not constant in time, but what is compared are hashes of 125 random bits: how far one agrees
	// with another tells nothing about the code.
	err := s.reads.QueryRowContext(ctx, `
		SELECT uid, username, pass_hash, coalesce(code_hash = $1 AND disabled_at IS NULL, FALSE)
		FROM users LEFT JOIN recovery_codes USING (uid) WHERE username = $2`, codeHash, username).
		Scan(&user.UID, &user.Username, &user.PassHash, &matches)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return User{}, ErrNoRecoveryCode
	case err != nil:
		return User{}, fmt.Errorf("find recovery code: %w", unavailable(err))
	case !matches:
		return user, ErrNoRecoveryCode
	}
	return user, nil
}

// RecoverParams names the recovery code and what it is exchanged for.
type RecoverParams struct {
	CodeHash    []byte
	NewCodeHash []byte
	// Login is the sign-in that begins. Its user has the new hash.
	Login NewSignIn
}

// LogInByRecoveryCode spends the code as the second step of a login, gives the account a new one, resets its limits and signs
// its owner in, in one transaction. Errors are ErrNoRecoveryCode, and those of CreateSignIn; then nothing has changed.
func (s *Store) LogInByRecoveryCode(ctx context.Context, r RecoverParams, origin Origin) error {
	uid := r.Login.User.UID
	return s.write(ctx, "log in by recovery code", func(ctx context.Context, tx *transaction) error {
		if err := tx.lockAccount(ctx, uid); err != nil {
			if errors.Is(err, ErrNoUser) {
				return ErrNoRecoveryCode
			}
			return err
		}
		if err := tx.replaceRecoveryCode(ctx, uid, r, origin); err != nil {
			return err
		}
		for _, kind := range []EventKind{RecoveryCodeUsed, RecoveryCodeMade} {
			if err := tx.record(ctx, uid, kind, origin); err != nil {
				return err
			}
		}
		if err := tx.createSignIn(ctx, r.Login, origin); err != nil {
			return err
		}
		return tx.resetLimits(ctx, uid)
	})
}

func (tx *transaction) replaceRecoveryCode(ctx context.Context, uid int64, r RecoverParams, origin Origin) error {
	result, err := tx.ExecContext(ctx, `
		UPDATE recovery_codes SET code_hash = $1, created_at = $2, sign_in = $3, saved = FALSE WHERE uid = $4 AND code_hash = $5`,
		r.NewCodeHash, origin.At.Unix(), r.Login.ID, uid, r.CodeHash)
	return requireRow(result, err, ErrNoRecoveryCode)
}

// Recover spends the code, gives the account a new one and a new password, ends all its sign-ins, forgets its
// browsers, resets its limits and signs its owner in, in one transaction. ErrNoRecoveryCode means that the code was spent or
// replaced since it was read, or that the account was disabled; the other errors are those of CreateSignIn. Then nothing has
// changed.
func (s *Store) Recover(ctx context.Context, r RecoverParams, origin Origin) error {
	user := r.Login.User
	return s.write(ctx, "recover account", func(ctx context.Context, tx *transaction) error {
		result, err := tx.ExecContext(ctx, "UPDATE users SET pass_hash = $1, password_changed_at = $2 WHERE uid = $3 AND disabled_at IS NULL",
			user.PassHash, origin.At.Unix(), user.UID)
		if err := requireRow(result, err, ErrNoRecoveryCode); err != nil {
			return err
		}
		if err := tx.replaceRecoveryCode(ctx, user.UID, r, origin); err != nil {
			return err
		}
		if err := tx.resetAccess(ctx, user.UID); err != nil {
			return err
		}
		for _, kind := range []EventKind{RecoveryCodeUsed, PasswordChanged, RecoveryCodeMade} {
			if err := tx.record(ctx, user.UID, kind, origin); err != nil {
				return err
			}
		}
		return tx.createSignIn(ctx, r.Login, origin)
	})
}
