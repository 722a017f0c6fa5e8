package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// CodeSecret is the sealed secret of an account's codes.
type CodeSecret struct {
	Sealed []byte
	// KeyID names the key that it is sealed with.
	KeyID []byte
	// LastStep is the time step of the code used last.
	LastStep int64
}

// ErrNoCodes means that the account has no codes of an app.
var ErrNoCodes = errors.New("no codes")

// CodeSecret returns the account's, or ErrNoCodes.
func (s *Store) CodeSecret(ctx context.Context, uid int64) (CodeSecret, error) {
	var secret CodeSecret
	err := s.reads.QueryRowContext(ctx, "SELECT sealed, key_id, last_step FROM totp WHERE uid = $1", uid).
		Scan(&secret.Sealed, &secret.KeyID, &secret.LastStep)
	if errors.Is(err, sql.ErrNoRows) {
		return CodeSecret{}, ErrNoCodes
	}
	if err != nil {
		return CodeSecret{}, fmt.Errorf("find codes: %w", unavailable(err))
	}
	return secret, nil
}

// SetCodes gives the account the codes of this secret, in place of those it had; LastStep is that of the code that was
// typed to show that they work. Errors are ErrNotSignedIn and ErrNoRecovery.
func (s *Store) SetCodes(ctx context.Context, uid int64, secret CodeSecret, origin Origin) error {
	return s.write(ctx, "set up codes", func(ctx context.Context, tx *transaction) error {
		if err := tx.requireSignIn(ctx, uid, origin); err != nil {
			return err
		}
		if err := tx.beginSecondFactor(ctx, uid, origin); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO totp (uid, sealed, key_id, created_at, last_step) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (uid) DO UPDATE SET
				sealed = excluded.sealed, key_id = excluded.key_id, created_at = excluded.created_at,
				last_step = CASE WHEN totp.last_step > excluded.last_step THEN totp.last_step ELSE excluded.last_step END`,
			uid, secret.Sealed, secret.KeyID, origin.At.Unix(), secret.LastStep); err != nil {
			return err
		}
		if err := tx.secondShown(ctx, uid, origin); err != nil {
			return err
		}
		return tx.record(ctx, uid, CodesAdded, origin)
	})
}

// RemoveCodes takes the codes from the account. removed is false when it has none. ErrNotSignedIn means that the sign-in
// acted for has ended.
func (s *Store) RemoveCodes(ctx context.Context, uid int64, origin Origin) (removed bool, err error) {
	err = s.write(ctx, "remove codes", func(ctx context.Context, tx *transaction) error {
		if err := tx.requireSignIn(ctx, uid, origin); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, "DELETE FROM totp WHERE uid = $1", uid)
		if err != nil {
			return err
		}
		rows, err := result.RowsAffected()
		if removed = rows > 0; err != nil || !removed {
			return err
		}
		return tx.record(ctx, uid, CodesRemoved, origin)
	})
	return removed, err
}

// CountCodesOfOtherKeys returns how many accounts have codes, and how many of them are not sealed with the key that
// keyID names.
func (s *Store) CountCodesOfOtherKeys(ctx context.Context, keyID []byte) (all, others int, err error) {
	err = eachRow(ctx, s.reads, func(row *sql.Rows) error {
		var id []byte
		var count int
		err := row.Scan(&id, &count)
		all += count
		if !bytes.Equal(id, keyID) {
			others += count
		}
		return err
	}, "SELECT key_id, count(*) FROM totp GROUP BY key_id")
	if err != nil {
		return 0, 0, fmt.Errorf("count codes: %w", err)
	}
	return all, others, nil
}
