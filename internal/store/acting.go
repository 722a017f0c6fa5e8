package store

import (
	"context"
	"database/sql"
	"errors"
)

// ErrNotSignedIn means that the sign-in for which something was to be done has ended, or that its owner was
// asked to prove who is there too long ago.
var ErrNotSignedIn = errors.New("not signed in")

// requireSignIn asks, in the transaction that changes the account, whether the owner is still signed in: a request that
// was under way when the sign-in ended must not count (ASVS 5.0 7.4.1, 7.4.3). The account and the sign-in are locked.
func (tx *transaction) requireSignIn(ctx context.Context, uid int64, origin Origin) error {
	var one int
	err := tx.QueryRowContext(ctx, `
		SELECT 1 FROM users JOIN sign_ins USING (uid) WHERE id = $1 AND uid = $2 AND confirmed_at >= $3
			AND (coalesce(second_at, 0) >= $4 OR NOT `+hasSecondFactor+")"+tx.lockRows,
		origin.SignIn, uid, origin.ConfirmedSince.Unix(), max(0, origin.SecondSince.Unix())).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotSignedIn
	}
	return err
}
