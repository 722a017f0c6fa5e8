package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// SignIn is one account signed in in one browser. Its row is what makes the sign-in revocable: once it is gone,
// no session that still names it counts.
type SignIn struct {
	ID       string
	UID      int64
	Username string
	// Name is the username as it was typed when the account was made.
	Name       string
	CreatedAt  time.Time
	LastSeenAt time.Time
	// ConfirmedAt is when the password was last given in this sign-in, and SecondAt when a second factor was shown; zero:
	// never. A passkey counts as both.
	ConfirmedAt time.Time
	SecondAt    time.Time
	Factors     Factors
	Remembered  bool
	Address     string
	UserAgent   string
	// PreviousLoginAt is when the account was logged in to before this sign-in, in whatever browser, and
	// PreviousLoginAddress from where. It is zero when this was the first login.
	PreviousLoginAt        time.Time
	PreviousLoginAddress   string
	PreviousLoginUserAgent string
	// LacksRecoveryCode is whether the account has no recovery code in a safe place, and its owner did not choose to
	// go without.
	LacksRecoveryCode bool
	// HasSecondFactor is whether the account has one, and MustHaveSecondFactor whether one of its groups asks for it.
	HasSecondFactor      bool
	MustHaveSecondFactor bool
	// LostSecondFactor is whether a recovery code stood in for it at the login, and none was added since: what the account
	// has may not work any more.
	LostSecondFactor bool
}

// NewSignIn is what a login brings.
type NewSignIn struct {
	// ID is of at least 128 random bits.
	ID         string
	User       User
	Remembered bool
	// Factors is what proved who signs in; "" stands for ByPassword.
	Factors Factors
	// Proof is the second factor that was shown.
	Proof Proof
	// HalfLogin is the id of the login that this one is the second step of, or "".
	HalfLogin string
	// Abandoned is the id of one that the browser had begun before and does not go on with, or "".
	Abandoned string
	// Replaced are the ids of the sign-ins of the same account in the same browser.
	Replaced []string
	Browser  DeviceRotation
	Settled  Settlement
	Session  SessionChange
}

// CreateSignIn records that the user signed in, with all that changes by it: it ends the replaced sign-ins, remembers
// the browser, resets the limits and saves the session, in one transaction. ErrPasswordChanged means that the user's
// hash is no longer the account's, or that the account is gone or disabled; ErrSecondFactorMissing, ErrProofSpent and
// ErrNoHalfLogin that the second step was not passed. Then nothing has changed.
func (s *Store) CreateSignIn(ctx context.Context, login NewSignIn, origin Origin) error {
	return s.write(ctx, "create sign-in", func(ctx context.Context, tx *transaction) error {
		return tx.createSignIn(ctx, login, origin)
	})
}

func (tx *transaction) createSignIn(ctx context.Context, login NewSignIn, origin Origin) error {
	user, factors := login.User, cmp.Or(login.Factors, ByPassword)
	secondAt := sql.NullInt64{Int64: origin.At.Unix(), Valid: factors != ByPassword}
	result, err := tx.ExecContext(ctx, `
		INSERT INTO sign_ins (id, uid, created_at, last_seen_at, confirmed_at, remembered, address, user_agent, factors, second_at)
		SELECT $1, uid, $2, $2, $2, $3, $4, $5, $6, $7 FROM users WHERE uid = $8 AND pass_hash = $9 AND disabled_at IS NULL`+tx.lockRows,
		login.ID, origin.At.Unix(), login.Remembered, origin.Address, clipUserAgent(origin.UserAgent), factors, secondAt, user.UID, user.PassHash)
	if err := requireRow(result, err, ErrPasswordChanged); err != nil {
		return err
	}
	if err := tx.passSecondStep(ctx, login, origin); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM sign_ins WHERE id "+tx.inList, tx.list(login.Replaced)); err != nil {
		return err
	}
	if err := tx.trimSignIns(ctx, user.UID, login.ID); err != nil {
		return err
	}
	if err := tx.noteLogin(ctx, user.UID, login.ID, origin); err != nil {
		return err
	}
	if err := tx.settle(ctx, login.Settled, origin.At); err != nil {
		return err
	}
	if err := tx.rememberBrowser(ctx, user.UID, login.Browser, origin); err != nil {
		return err
	}
	if err := tx.saveSession(ctx, login.Session); err != nil {
		return err
	}
	return tx.record(ctx, user.UID, LoginSucceeded, origin)
}

const signInColumns = "id, uid, username, " + nameColumn + `, sign_ins.created_at, last_seen_at, confirmed_at, remembered, address, user_agent,
	previous_login_at, previous_login_address, previous_login_user_agent,
	NOT recovery_put_off AND NOT EXISTS (SELECT 1 FROM recovery_codes WHERE recovery_codes.uid = users.uid AND saved),
	factors, second_at, ` + hasSecondFactor + ", " + mustHaveSecondFactor + ", " + lostSecondFactor + "\n"

// lostSecondFactor is a condition on sign_ins and users.
const lostSecondFactor = `(sign_ins.factors = '` + string(ByPasswordAndRecovery) + `'
	AND NOT EXISTS (SELECT 1 FROM totp WHERE totp.uid = users.uid AND totp.created_at >= sign_ins.created_at)
	AND NOT EXISTS (SELECT 1 FROM passkeys WHERE passkeys.uid = users.uid AND passkeys.created_at >= sign_ins.created_at))`

// SignInsByID returns those of the named sign-ins that still exist, newest last. Whether they have expired is for
// the caller to judge.
func (s *Store) SignInsByID(ctx context.Context, ids []string) ([]SignIn, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	version, key := s.versionFor(ctx), strings.Join(ids, " ")
	found, known := s.signIns.get(version, key)
	if !known {
		var err error
		// Watching the context costs more than this query.
		if found, err = scanSignIns(s.findSignIns.QueryContext(context.WithoutCancel(ctx), s.list(ids))); err != nil {
			return nil, err
		}
		s.signIns.put(version, key, found)
	}
	return slices.Clone(found), nil // the caller may change its copy, never what is cached
}

func (e *engine) signInsByIDQuery() string {
	return "SELECT " + signInColumns + " FROM sign_ins JOIN users USING (uid) WHERE id " + e.inList + " ORDER BY sign_ins.created_at, sign_ins.rowid"
}

// SignInsOf returns the sign-ins of the account, of which there are at most maxSignIns: the one with this id first, then
// the one last used.
func (s *Store) SignInsOf(ctx context.Context, uid int64, first string) ([]SignIn, error) {
	return scanSignIns(s.reads.QueryContext(ctx, "SELECT "+signInColumns+` FROM sign_ins JOIN users USING (uid)
		WHERE uid = $1 ORDER BY id = $2 DESC, last_seen_at DESC, sign_ins.rowid DESC LIMIT $3`, uid, first, maxSignIns))
}

func scanSignIns(rows *sql.Rows, err error) ([]SignIn, error) {
	if err != nil {
		return nil, fmt.Errorf("find sign-ins: %w", unavailable(err))
	}
	defer rows.Close()
	var found []SignIn
	for rows.Next() {
		var signIn SignIn
		var createdAt, lastSeenAt, confirmedAt int64
		var previousAt, secondAt sql.NullInt64
		if err := rows.Scan(&signIn.ID, &signIn.UID, &signIn.Username, &signIn.Name, &createdAt, &lastSeenAt, &confirmedAt,
			&signIn.Remembered, &signIn.Address, &signIn.UserAgent,
			&previousAt, &signIn.PreviousLoginAddress, &signIn.PreviousLoginUserAgent, &signIn.LacksRecoveryCode,
			&signIn.Factors, &secondAt, &signIn.HasSecondFactor, &signIn.MustHaveSecondFactor, &signIn.LostSecondFactor); err != nil {
			return nil, fmt.Errorf("find sign-ins: %w", unavailable(err))
		}
		signIn.CreatedAt, signIn.LastSeenAt = time.Unix(createdAt, 0), time.Unix(lastSeenAt, 0)
		signIn.ConfirmedAt, signIn.PreviousLoginAt = time.Unix(confirmedAt, 0), timeOrZero(previousAt)
		signIn.SecondAt = timeOrZero(secondAt)
		found = append(found, signIn)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("find sign-ins: %w", unavailable(err))
	}
	return found, nil
}

// CountSignIns returns how many plain or remembered sign-ins began and were used after these times.
func (s *Store) CountSignIns(ctx context.Context, remembered bool, begunAfter, usedAfter time.Time) (int, error) {
	var count int
	err := s.reads.QueryRowContext(ctx, "SELECT count(*) FROM sign_ins WHERE remembered = $1 AND created_at > $2 AND last_seen_at > $3",
		remembered, begunAfter.Unix(), usedAfter.Unix()).Scan(&count)
	if err != nil {
		return 0, fmt.Errorf("count sign-ins: %w", unavailable(err))
	}
	return count, nil
}

// Confirmation is what proving once more who is there brings.
type Confirmation struct {
	// Proof is the second factor that was shown, if one was.
	Proof   Proof
	Browser DeviceRotation
	Settled Settlement
	Session SessionChange
}

// ConfirmSignIn records that the owner proved once more, in the sign-in acted for, who is there. Errors are ErrNotSignedIn
// when that has ended, and ErrProofSpent.
func (s *Store) ConfirmSignIn(ctx context.Context, uid int64, confirmation Confirmation, origin Origin) error {
	return s.write(ctx, "confirm sign-in", func(ctx context.Context, tx *transaction) error {
		result, err := tx.ExecContext(ctx, "UPDATE sign_ins SET confirmed_at = $1 WHERE id = $2 AND uid = $3",
			origin.At.Unix(), origin.SignIn, uid)
		if err := requireRow(result, err, ErrNotSignedIn); err != nil {
			return err
		}
		if !confirmation.Proof.IsZero() {
			if err := errors.Join(tx.spend(ctx, uid, confirmation.Proof, origin.At), tx.secondShown(ctx, uid, origin)); err != nil {
				return err
			}
		}
		if err := tx.settle(ctx, confirmation.Settled, origin.At); err != nil {
			return err
		}
		if err := tx.rememberBrowser(ctx, uid, confirmation.Browser, origin); err != nil {
			return err
		}
		if err := tx.saveSession(ctx, confirmation.Session); err != nil {
			return err
		}
		tx.tell(uid, PasswordConfirmed, origin)
		return nil
	})
}
