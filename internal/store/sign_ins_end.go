package store

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
)

// LogOut deletes the named sign-ins of one browser; those that are gone already do not matter.
func (s *Store) LogOut(ctx context.Context, ids []string, origin Origin) error {
	return s.write(ctx, "log out", func(ctx context.Context, tx *transaction) error {
		_, err := tx.endSignIns(ctx, LoggedOut, origin, "id "+tx.inList, tx.list(ids))
		return err
	})
}

// EndSignIn deletes a sign-in of the account from another browser, and returns its user agent. ended is false when the
// id is not there any more or is another account's. ErrNotSignedIn means that the sign-in acted for has ended.
func (s *Store) EndSignIn(ctx context.Context, uid int64, id string, origin Origin) (userAgent string, ended bool, err error) {
	err = s.write(ctx, "end sign-in", func(ctx context.Context, tx *transaction) error {
		if err := tx.requireSignIn(ctx, uid, origin); err != nil {
			return err
		}
		ended = false
		err := tx.QueryRowContext(ctx, "SELECT user_agent FROM sign_ins WHERE uid = $1 AND id = $2", uid, id).Scan(&userAgent)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		ended = true
		_, err = tx.endSignIns(ctx, SignInEnded, origin, "uid = $1 AND id = $2", uid, id)
		return err
	})
	return userAgent, ended, err
}

// EndOtherSignIns deletes all sign-ins of the account but the one acted for, and returns how many there were.
// ErrNotSignedIn means that that one has ended.
func (s *Store) EndOtherSignIns(ctx context.Context, uid int64, origin Origin) (ended int, err error) {
	err = s.write(ctx, "end sign-ins", func(ctx context.Context, tx *transaction) error {
		if err := tx.requireSignIn(ctx, uid, origin); err != nil {
			return err
		}
		if ended, err = tx.endSignIns(ctx, SignInEnded, origin, "uid = $1 AND id <> $2", uid, origin.SignIn); err != nil {
			return err
		}
		return tx.endHalfLogins(ctx, "uid = $1", uid)
	})
	return ended, err
}

// endSignIns records one event for each account, however many sign-ins of it end.
func (tx *transaction) endSignIns(ctx context.Context, kind EventKind, origin Origin, which string, args ...any) (ended int, err error) {
	perAccount := map[int64]int{}
	err = eachRow(ctx, tx, func(row *sql.Rows) error {
		var uid int64
		err := row.Scan(&uid)
		perAccount[uid]++
		ended++
		return err
	}, "DELETE FROM sign_ins WHERE "+which+" RETURNING uid", args...)
	if err != nil {
		return 0, err
	}
	for _, uid := range slices.Sorted(maps.Keys(perAccount)) {
		event := Event{UID: uid, Kind: kind, Origin: origin, Repeats: perAccount[uid], FirstAt: origin.At}
		if _, err := tx.insertEvent(ctx, event); err != nil {
			return 0, err
		}
		tx.recorded = append(tx.recorded, event)
	}
	return ended, nil
}

// EndAllSignIns deletes the sign-ins of the account, or of all accounts when uid is 0, and returns how many.
func (s *Store) EndAllSignIns(ctx context.Context, uid int64, origin Origin) (ended int, err error) {
	err = s.write(ctx, "end sign-ins", func(ctx context.Context, tx *transaction) error {
		which, args := "TRUE", []any(nil)
		if uid != 0 {
			which, args = "uid = $1", []any{uid}
			if err := tx.lockAccount(ctx, uid); err != nil && !errors.Is(err, ErrNoUser) {
				return err
			}
		}
		// First what may become a sign-in, which this waits for.
		if err := tx.endHalfLogins(ctx, which, args...); err != nil {
			return err
		}
		ended, err = tx.endSignIns(ctx, SignInEnded, origin, which, args...)
		return err
	})
	return ended, err
}
