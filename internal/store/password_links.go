package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// ErrNoLink means that a password link was used, replaced or has expired, or that its account is gone or disabled.
var ErrNoLink = errors.New("no such password link")

// PasswordLink lets a person choose a new password, once.
type PasswordLink struct {
	TokenHash []byte
	Expires   time.Time
	// LostSecondFactor is set for a person who has lost the second factors of the account, too: they go when the link is
	// used. Otherwise it takes one of them to use it (ASVS 5.0 6.4.3).
	LostSecondFactor bool
}

// SetPasswordLink gives the account a link, in place of the one it may have had. ErrNoUser means that it is gone or
// disabled.
func (s *Store) SetPasswordLink(ctx context.Context, uid int64, link PasswordLink, origin Origin) error {
	return s.write(ctx, "set password link", func(ctx context.Context, tx *transaction) error {
		return tx.setPasswordLink(ctx, uid, link, origin)
	})
}

func (tx *transaction) setPasswordLink(ctx context.Context, uid int64, link PasswordLink, origin Origin) error {
	result, err := tx.ExecContext(ctx, `
		INSERT INTO password_links (uid, token_hash, expires_at, lost_second_factor)
		SELECT uid, $1, $2, $3 FROM users WHERE uid = $4 AND disabled_at IS NULL`+tx.lockRows+`
		ON CONFLICT (uid) DO UPDATE SET
			token_hash = excluded.token_hash, expires_at = excluded.expires_at, lost_second_factor = excluded.lost_second_factor`,
		link.TokenHash, link.Expires.Unix(), link.LostSecondFactor, uid)
	if err := requireRow(result, err, ErrNoUser); err != nil {
		return err
	}
	kind := PasswordLinkMade
	if link.LostSecondFactor {
		kind = LostLinkMade
	}
	return tx.record(ctx, uid, kind, origin)
}

// UserByPasswordLink finds the account that a link is for, or returns ErrNoLink. A link that expires later than
// latest was made when the clock was wrong, and is not valid. lost reports whether it is for a person who has lost the
// second factors.
func (s *Store) UserByPasswordLink(ctx context.Context, tokenHash []byte, now, latest time.Time) (user User, lost bool, err error) {
	err = s.reads.QueryRowContext(ctx, `
		SELECT uid, username, lost_second_factor FROM password_links JOIN users USING (uid)
		WHERE token_hash = $1 AND expires_at > $2 AND expires_at <= $3 AND disabled_at IS NULL`,
		tokenHash, now.Unix(), latest.Unix()).Scan(&user.UID, &user.Username, &lost)
	if errors.Is(err, sql.ErrNoRows) {
		return User{}, false, ErrNoLink
	}
	if err != nil {
		return User{}, false, fmt.Errorf("find password link: %w", unavailable(err))
	}
	return user, lost, nil
}

// UseLinkParams names the link and what it is exchanged for.
type UseLinkParams struct {
	TokenHash []byte
	// Login is the sign-in that begins. Its user has the new hash.
	Login NewSignIn
}

// UsePasswordLink spends the link, stores the new password, ends all sign-ins of the account, voids its recovery code
// and signs its owner in, in one transaction. codeVoided reports whether there was one. ErrNoLink means that the link is not valid any
// more; then nothing has changed.
func (s *Store) UsePasswordLink(ctx context.Context, link UseLinkParams, origin Origin) (codeVoided bool, err error) {
	user := link.Login.User
	err = s.write(ctx, "use password link", func(ctx context.Context, tx *transaction) error {
		result, err := tx.ExecContext(ctx, "UPDATE users SET pass_hash = $1, password_changed_at = $2 WHERE uid = $3 AND disabled_at IS NULL",
			user.PassHash, origin.At.Unix(), user.UID)
		if err := requireRow(result, err, ErrNoLink); err != nil {
			return err
		}
		var lost bool
		err = tx.QueryRowContext(ctx, `
			DELETE FROM password_links WHERE uid = $1 AND token_hash = $2 AND expires_at > $3 RETURNING lost_second_factor`,
			user.UID, link.TokenHash, origin.At.Unix()).Scan(&lost)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNoLink
		}
		if err != nil {
			return err
		}
		if lost {
			err = tx.removeSecondFactors(ctx, user.UID, origin)
		}
		if err != nil {
			return err
		}
		if err := tx.resetAccess(ctx, user.UID); err != nil {
			return err
		}
		if codeVoided, err = tx.voidRecoveryCode(ctx, user.UID, origin); err != nil {
			return err
		}
		for _, kind := range []EventKind{PasswordLinkUsed, PasswordChanged} {
			if err := tx.record(ctx, user.UID, kind, origin); err != nil {
				return err
			}
		}
		return tx.createSignIn(ctx, link.Login, origin)
	})
	return codeVoided, err
}
