package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Account is a user as the keeper sees one.
type Account struct {
	UID        int64
	Username   string
	CreatedAt  time.Time
	DisabledAt time.Time // zero: not disabled
	// HasPassword is false until the person has used the link of a new account.
	HasPassword bool
	// SignIns are those whose rows exist, expired ones included until they are removed.
	SignIns    int
	LastSeenAt time.Time // zero: in no browser
}

// EachAccount calls do with the accounts in the order of their names, until do returns an error. No read is open
// meanwhile: while do waits, for somebody who reads page by page, the write-ahead log does not grow.
func (s *Store) EachAccount(ctx context.Context, do func(Account) error) error {
	return s.eachPage(func(after string) (last string, err error) {
		var accounts []Account
		err = eachRow(ctx, s.reads, func(row *sql.Rows) error {
			var account Account
			var createdAt int64
			var disabledAt, lastSeenAt sql.NullInt64
			if err := row.Scan(&account.UID, &account.Username, &createdAt, &disabledAt, &account.HasPassword,
				&account.SignIns, &lastSeenAt); err != nil {
				return err
			}
			account.CreatedAt = time.Unix(createdAt, 0)
			account.DisabledAt, account.LastSeenAt = timeOrZero(disabledAt), timeOrZero(lastSeenAt)
			accounts = append(accounts, account)
			return nil
		}, `
			SELECT uid, username, page.created_at, disabled_at, has_password, count(id), max(last_seen_at)
			FROM (SELECT uid, username, created_at, disabled_at, pass_hash <> '' AS has_password FROM users
				WHERE username > ? ORDER BY username LIMIT ?) AS page
			LEFT JOIN sign_ins USING (uid) GROUP BY uid ORDER BY username`, after, pageRows)
		if err != nil {
			return "", fmt.Errorf("list accounts: %w", err)
		}
		for _, account := range accounts {
			if err := do(account); err != nil {
				return "", err
			}
			last = account.Username
		}
		return last, nil
	})
}

func timeOrZero(unix sql.NullInt64) time.Time {
	if !unix.Valid {
		return time.Time{}
	}
	return time.Unix(unix.Int64, 0)
}

// SetDisabled disables the account, ends its sign-ins and voids its password link, or enables it again, in one
// transaction. ErrNoUser means that there is none.
func (s *Store) SetDisabled(ctx context.Context, uid int64, disabled bool, occasion Occasion) error {
	return s.write(ctx, "disable or enable user", func(ctx context.Context, tx *transaction) error {
		kind, at := AccountEnabled, sql.NullInt64{}
		if disabled {
			kind, at = AccountDisabled, sql.NullInt64{Int64: occasion.At.Unix(), Valid: true}
		}
		result, err := tx.ExecContext(ctx, "UPDATE users SET disabled_at = ? WHERE uid = ?", at, uid)
		if err := changedOne(result, err, ErrNoUser); err != nil {
			return err
		}
		if disabled {
			for _, table := range []string{"sign_ins", "password_links"} {
				if _, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE uid = ?", uid); err != nil {
					return err
				}
			}
		}
		return tx.record(ctx, uid, kind, occasion)
	})
}

// EndAllSignIns deletes the sign-ins of the account, or of all accounts when uid is 0, and returns how many.
func (s *Store) EndAllSignIns(ctx context.Context, uid int64, occasion Occasion) (ended int, err error) {
	err = s.write(ctx, "end sign-ins", func(ctx context.Context, tx *transaction) error {
		ended, err = tx.endSignIns(ctx, SignInEnded, occasion, "?1 = 0 OR uid = ?1", uid)
		return err
	})
	return ended, err
}

// Unlock lets an account be logged in to again that too many failed attempts have closed.
func (s *Store) Unlock(ctx context.Context, uid int64, occasion Occasion) error {
	return s.write(ctx, "unlock user", func(ctx context.Context, tx *transaction) error {
		if err := tx.resetLimits(ctx, uid); err != nil {
			return err
		}
		return tx.record(ctx, uid, AccountUnlocked, occasion)
	})
}

// ErrNoLink means that a password link was used, replaced or has expired, or that its account is gone or disabled.
var ErrNoLink = errors.New("no such password link")

// SetPasswordLink gives the account a link, in place of the one it may have had. ErrNoUser means that it is gone or
// disabled.
func (s *Store) SetPasswordLink(ctx context.Context, uid int64, tokenHash []byte, expires time.Time, occasion Occasion) error {
	return s.write(ctx, "set password link", func(ctx context.Context, tx *transaction) error {
		return tx.setPasswordLink(ctx, uid, tokenHash, expires, occasion)
	})
}

func (tx *transaction) setPasswordLink(ctx context.Context, uid int64, tokenHash []byte, expires time.Time, occasion Occasion) error {
	result, err := tx.ExecContext(ctx, `
		INSERT INTO password_links (uid, token_hash, expires_at) SELECT uid, ?, ? FROM users WHERE uid = ? AND disabled_at IS NULL
		ON CONFLICT (uid) DO UPDATE SET token_hash = excluded.token_hash, expires_at = excluded.expires_at`,
		tokenHash, expires.Unix(), uid)
	if err := changedOne(result, err, ErrNoUser); err != nil {
		return err
	}
	return tx.record(ctx, uid, PasswordLinkMade, occasion)
}

// UserByPasswordLink finds the account that a link is for, or returns ErrNoLink. A link that expires later than
// latest was made when the clock was wrong, and is not valid.
func (s *Store) UserByPasswordLink(ctx context.Context, tokenHash []byte, now, latest time.Time) (User, error) {
	var user User
	err := s.reads.QueryRowContext(ctx, `
		SELECT uid, username FROM password_links JOIN users USING (uid)
		WHERE token_hash = ? AND expires_at > ? AND expires_at <= ? AND disabled_at IS NULL`,
		tokenHash, now.Unix(), latest.Unix()).Scan(&user.UID, &user.Username)
	if errors.Is(err, sql.ErrNoRows) {
		return User{}, ErrNoLink
	}
	if err != nil {
		return User{}, fmt.Errorf("find password link: %w", unavailable(err))
	}
	return user, nil
}

// PasswordLink is what using a link does.
type PasswordLink struct {
	UID         int64
	TokenHash   []byte
	NewPassHash string
	Browser     KnownBrowser
}

// UsePasswordLink spends the link, stores the new password, ends all sign-ins of the account and voids its recovery
// code, in one transaction. codeVoided reports whether there was one. ErrNoLink means that the link is not valid any
// more; then nothing has changed.
func (s *Store) UsePasswordLink(ctx context.Context, link PasswordLink, occasion Occasion) (codeVoided bool, err error) {
	err = s.write(ctx, "use password link", func(ctx context.Context, tx *transaction) error {
		result, err := tx.ExecContext(ctx, "DELETE FROM password_links WHERE uid = ? AND token_hash = ? AND expires_at > ?",
			link.UID, link.TokenHash, occasion.At.Unix())
		if err := changedOne(result, err, ErrNoLink); err != nil {
			return err
		}
		result, err = tx.ExecContext(ctx, "UPDATE users SET pass_hash = ? WHERE uid = ? AND disabled_at IS NULL",
			link.NewPassHash, link.UID)
		if err := changedOne(result, err, ErrNoLink); err != nil {
			return err
		}
		if err := tx.startAnew(ctx, link.UID, link.Browser, occasion); err != nil {
			return err
		}
		if codeVoided, err = tx.voidRecoveryCode(ctx, link.UID, occasion); err != nil {
			return err
		}
		if err := tx.record(ctx, link.UID, PasswordLinkUsed, occasion); err != nil {
			return err
		}
		return tx.record(ctx, link.UID, PasswordChanged, occasion)
	})
	return codeVoided, err
}

// startAnew leaves an account whose password was set from outside with one known browser and no limit.
func (tx *transaction) startAnew(ctx context.Context, uid int64, browser KnownBrowser, occasion Occasion) error {
	if err := tx.resetLimits(ctx, uid); err != nil {
		return err
	}
	if err := tx.forgetAccess(ctx, uid, ""); err != nil {
		return err
	}
	return tx.rememberBrowser(ctx, uid, browser, occasion)
}
