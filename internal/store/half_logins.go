package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// ErrNoHalfLogin means that a login was not begun, was finished, took too long, or that something since then ended it: a
// new password, say.
var ErrNoHalfLogin = errors.New("no such half login")

// HalfLogin is a login whose password was right and whose second step is still to come. Nobody is signed in by it.
type HalfLogin struct {
	// ID is of at least 128 random bits.
	ID         string
	User       User
	Remembered bool
	// Abandoned is the id of one that the browser had begun before and does not go on with, or "".
	Abandoned string
}

// BeginHalfLogin records one, with an event that stays unless the second step is passed. ErrPasswordChanged means that
// the user's hash is no longer the account's, or that the account is gone or disabled.
func (s *Store) BeginHalfLogin(ctx context.Context, half HalfLogin, settled Settlement, session SessionChange, origin Origin) error {
	return s.write(ctx, "begin login", func(ctx context.Context, tx *transaction) error {
		user := half.User
		var one int
		err := tx.QueryRowContext(ctx, "SELECT 1 FROM users WHERE uid = $1 AND pass_hash = $2 AND disabled_at IS NULL"+tx.lockRows, user.UID, user.PassHash).Scan(&one)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrPasswordChanged
		}
		if err != nil {
			return err
		}
		if err := tx.settle(ctx, settled, origin.At); err != nil {
			return err
		}
		if err := tx.abandonHalfLogin(ctx, user.UID, half.Abandoned); err != nil {
			return err
		}
		tx.tell(user.UID, SecondStepMissing, origin)
		event, err := tx.insertEvent(ctx, Event{UID: user.UID, Kind: SecondStepMissing, Origin: origin, Repeats: 1, FirstAt: origin.At})
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO half_logins (id, uid, begun_at, remembered, pass_hash, event_id) VALUES ($1, $2, $3, $4, $5, $6)",
			half.ID, user.UID, origin.At.Unix(), half.Remembered, digestOf(user.PassHash), event); err != nil {
			return err
		}
		return tx.saveSession(ctx, session)
	})
}

// HalfLogin finds a login that began after since and not after latest, or returns ErrNoHalfLogin.
func (s *Store) HalfLogin(ctx context.Context, id string, since, latest time.Time) (HalfLogin, error) {
	half := HalfLogin{ID: id}
	var digest []byte
	err := s.reads.QueryRowContext(ctx, `
		SELECT uid, username, `+nameColumn+`, users.pass_hash, remembered, half_logins.pass_hash
		FROM half_logins JOIN users USING (uid) WHERE id = $1 AND begun_at > $2 AND begun_at <= $3 AND disabled_at IS NULL`, id, since.Unix(), latest.Unix()).
		Scan(&half.User.UID, &half.User.Username, &half.User.Name, &half.User.PassHash, &half.Remembered, &digest)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !bytes.Equal(digest, digestOf(half.User.PassHash)) {
		return HalfLogin{}, ErrNoHalfLogin
	}
	if err != nil {
		return HalfLogin{}, fmt.Errorf("find half login: %w", unavailable(err))
	}
	return half, nil
}

// finishHalfLogin ends a login that passes its second step now, and removes the event that said it did not.
func (tx *transaction) finishHalfLogin(ctx context.Context, uid int64, id string) error {
	var event int64
	err := tx.QueryRowContext(ctx, "DELETE FROM half_logins WHERE id = $1 AND uid = $2 RETURNING event_id", id, uid).Scan(&event)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNoHalfLogin
	}
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "DELETE FROM events WHERE id = $1 AND uid = $2 AND kind = $3", event, uid, SecondStepMissing)
	return err
}

// abandonHalfLogin ends a login of the account that its own browser does not go on with: nobody else has tried. One that is
// over already does not matter.
func (tx *transaction) abandonHalfLogin(ctx context.Context, uid int64, id string) error {
	if id == "" {
		return nil
	}
	err := tx.finishHalfLogin(ctx, uid, id)
	if errors.Is(err, ErrNoHalfLogin) {
		return nil
	}
	return err
}

// endHalfLogins ends what would become sign-ins.
func (tx *transaction) endHalfLogins(ctx context.Context, which string, args ...any) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM half_logins WHERE "+which, args...)
	return err
}

// SeeHalfLogins notes that the owner has seen that somebody knew the password and had no second factor. ErrNotSignedIn
// means that the sign-in acted for has ended.
func (s *Store) SeeHalfLogins(ctx context.Context, uid int64, origin Origin) error {
	return s.write(ctx, "note half logins as seen", func(ctx context.Context, tx *transaction) error {
		if err := tx.requireSignIn(ctx, uid, origin); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE users SET half_logins_seen_at = $1 WHERE uid = $2", origin.At.Unix(), uid)
		return err
	})
}

func digestOf(passHash string) []byte {
	digest := sha256.Sum256([]byte(passHash))
	return digest[:]
}
