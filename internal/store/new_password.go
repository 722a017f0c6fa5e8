package store

import (
	"context"
	"errors"
	"time"
)

// PasswordChange is a new password for an account whose owner is signed in.
type PasswordChange struct {
	UID     int64
	OldHash string
	NewHash string
	Browser DeviceRotation
	Settled Settlement
	Session SessionChange
	// Proof is the second factor that was shown with it.
	Proof Proof
}

// ChangePassword stores the new hash, ends the account's other sign-ins, forgets its other browsers and voids its
// recovery code and password link, in one transaction. codeVoided reports whether there was a code. ErrNotSignedIn
// means that the sign-in acted for has ended, and ErrPasswordChanged that another change came first, or that the
// account is gone; ErrProofSpent that the second factor was used before. Then nothing has changed.
func (s *Store) ChangePassword(ctx context.Context, change PasswordChange, origin Origin) (codeVoided bool, err error) {
	err = s.write(ctx, "change password", func(ctx context.Context, tx *transaction) error {
		if !change.Proof.IsZero() {
			origin.SecondSince = time.Time{} // it is shown now
		}
		if err := tx.requireSignIn(ctx, change.UID, origin); err != nil {
			return err
		}
		if !change.Proof.IsZero() {
			if err := errors.Join(tx.spend(ctx, change.UID, change.Proof, origin.At), tx.secondShown(ctx, change.UID, origin)); err != nil {
				return err
			}
		}
		result, err := tx.ExecContext(ctx,
			"UPDATE users SET pass_hash = $1, password_changed_at = $2 WHERE uid = $3 AND pass_hash = $4", change.NewHash, origin.At.Unix(), change.UID, change.OldHash)
		if err := requireRow(result, err, ErrPasswordChanged); err != nil {
			return err
		}
		if err := tx.settle(ctx, change.Settled, origin.At); err != nil {
			return err
		}
		if err := tx.forgetAccess(ctx, change.UID, origin.SignIn); err != nil {
			return err
		}
		if codeVoided, err = tx.voidRecoveryCode(ctx, change.UID, origin); err != nil {
			return err
		}
		if err := tx.rememberBrowser(ctx, change.UID, change.Browser, origin); err != nil {
			return err
		}
		if err := tx.saveSession(ctx, change.Session); err != nil {
			return err
		}
		return tx.record(ctx, change.UID, PasswordChanged, origin)
	})
	return codeVoided, err
}

// forgetAccess ends the ways into an account that a password which is replaced had opened: all sign-ins but the one to
// keep, known browsers, the password link and app passwords. The recovery code is up to the caller.
func (tx *transaction) forgetAccess(ctx context.Context, uid int64, keepSignIn string) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM sign_ins WHERE uid = $1 AND id <> $2", uid, keepSignIn); err != nil {
		return err
	}
	for _, table := range []string{"known_browsers", "password_links", "app_passwords", "half_logins"} {
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE uid = $1", uid); err != nil {
			return err
		}
	}
	return nil
}

// resetAccess leaves an account whose password was set from outside with no sign-in, no known browser and no limit.
func (tx *transaction) resetAccess(ctx context.Context, uid int64) error {
	if err := tx.resetLimits(ctx, uid); err != nil {
		return err
	}
	return tx.forgetAccess(ctx, uid, "")
}

// voidRecoveryCode removes the account's code, if it has one, and has a new one offered: somebody who knew the old
// password may have made it.
func (tx *transaction) voidRecoveryCode(ctx context.Context, uid int64, origin Origin) (voided bool, err error) {
	result, err := tx.ExecContext(ctx, "DELETE FROM recovery_codes WHERE uid = $1", uid)
	if err != nil {
		return false, err
	}
	if removed, err := result.RowsAffected(); err != nil || removed == 0 {
		return false, err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE users SET recovery_put_off = FALSE WHERE uid = $1", uid); err != nil {
		return false, err
	}
	return true, tx.record(ctx, uid, RecoveryCodeVoid, origin)
}
