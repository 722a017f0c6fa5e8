package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Expected outcomes of what second factors are shown for.
var (
	// ErrSecondFactorMissing means that the account has a second factor, and that none was shown.
	ErrSecondFactorMissing = errors.New("second factor missing")
	// ErrProofSpent means that a code or a challenge was used before, or that the factor was removed or replaced.
	ErrProofSpent = errors.New("second factor already used")
	// ErrNoRecovery means that an account without a saved recovery code of this sign-in may not get its first second
	// factor: whoever loses that would be locked out.
	ErrNoRecovery = errors.New("no way back")
)

// Factors is what a sign-in was proved with.
type Factors string

// The combinations that sign somebody in.
const (
	ByPassword            Factors = "password"
	ByPasswordAndCode     Factors = "password code"
	ByPasswordAndPasskey  Factors = "password passkey"
	ByPasswordAndRecovery Factors = "password recovery"
	ByPasskey             Factors = "passkey" // with the user verified it is both factors at once
)

// Proof is a second factor that was shown and found right; the zero value is none. What it is shown for spends it, in the
// same transaction: it counts once (ASVS 5.0 6.5.1).
type Proof struct {
	// Code is the one-time code that was typed.
	Code *CodeUse
	// Passkey is the passkey that answered a challenge.
	Passkey *PasskeyUse
}

// CodeUse is one code of an app.
type CodeUse struct {
	// Step is the time step that it belongs to.
	Step int64
	// Sealed is the secret, as it is stored, that it was compared with.
	Sealed []byte
}

// PasskeyUse is one answer of a passkey.
type PasskeyUse struct {
	ID        []byte
	SignCount uint32
	BackedUp  bool
	// ChallengeHash names what it answered.
	ChallengeHash []byte
}

// IsZero reports whether no second factor was shown.
func (p Proof) IsZero() bool { return p.Code == nil && p.Passkey == nil }

// Factors is what a sign-in was proved with when the proof came after the password.
func (p Proof) Factors() Factors {
	switch {
	case p.Passkey != nil:
		return ByPasswordAndPasskey
	case p.Code != nil:
		return ByPasswordAndCode
	}
	return ByPassword
}

// wrongClock is how many time steps the last code must be ahead of one that is shown to count as of a clock that was wrong:
// a day. Codes would otherwise be refused until that time comes.
const wrongClock = 2 * 60 * 24

// spend uses the proof up, or returns ErrProofSpent.
func (tx *transaction) spend(ctx context.Context, uid int64, proof Proof, at time.Time) error {
	if code := proof.Code; code != nil {
		result, err := tx.ExecContext(ctx, `
			UPDATE totp SET last_step = $1 WHERE uid = $2 AND sealed = $3 AND (last_step < $1 OR last_step > $4)`,
			code.Step, uid, code.Sealed, code.Step+wrongClock)
		if err := requireRow(result, err, ErrProofSpent); err != nil {
			return err
		}
	}
	if passkey := proof.Passkey; passkey != nil {
		result, err := tx.ExecContext(ctx, `
			UPDATE passkeys SET sign_count = $1, backed_up = $2, last_used_at = $3, last_challenge = $4
			WHERE id = $5 AND uid = $6 AND (last_challenge IS NULL OR last_challenge <> $4)
				AND (sign_count < $1 OR sign_count = 0 AND $1 = 0)`, // another answer may have come since it was compared
			passkey.SignCount, passkey.BackedUp, at.Unix(), passkey.ChallengeHash, passkey.ID, uid)
		if err := requireRow(result, err, ErrProofSpent); err != nil {
			return err
		}
	}
	return nil
}

// SecondFactors is what an account has beside its password.
type SecondFactors struct {
	// CodeAddedAt is when codes were set up, and zero when they were not.
	CodeAddedAt time.Time
	Passkeys    []Passkey
	// RecoveryCodeOf is the id of the sign-in in which the recovery code was made that its owner has in a safe place, and ""
	// when there is none.
	RecoveryCodeOf string
	// Handle is what passkeys know the account by; nil before the first one.
	Handle []byte
}

// Code reports whether the account has codes of an app.
func (f SecondFactors) Code() bool { return !f.CodeAddedAt.IsZero() }

// MayBegin reports whether one may be added in this sign-in: the first needs a recovery code that was made in it and is in a
// safe place.
func (f SecondFactors) MayBegin(signIn string) bool { return f.Any() || f.RecoveryCodeOf == signIn }

// Any reports whether the account has a second factor.
func (f SecondFactors) Any() bool { return f.Code() || len(f.Passkeys) > 0 }

// SecondFactors returns those of the account.
func (s *Store) SecondFactors(ctx context.Context, uid int64) (SecondFactors, error) {
	var factors SecondFactors
	var addedAt sql.NullInt64
	err := s.reads.QueryRowContext(ctx, `
		SELECT (SELECT created_at FROM totp WHERE totp.uid = $1),
			coalesce((SELECT sign_in FROM recovery_codes WHERE recovery_codes.uid = $1 AND saved), ''),
			(SELECT handle FROM users WHERE users.uid = $1)`, uid).
		Scan(&addedAt, &factors.RecoveryCodeOf, &factors.Handle)
	if err != nil {
		return SecondFactors{}, fmt.Errorf("find second factors: %w", unavailable(err))
	}
	factors.CodeAddedAt = timeOrZero(addedAt)
	factors.Passkeys, err = s.PasskeysOf(ctx, uid)
	return factors, err
}

const (
	// hasSecondFactor and mustHaveSecondFactor are conditions on users.
	hasSecondFactor = `(EXISTS (SELECT 1 FROM totp WHERE totp.uid = users.uid)
		OR EXISTS (SELECT 1 FROM passkeys WHERE passkeys.uid = users.uid))`
	mustHaveSecondFactor = `EXISTS (SELECT 1 FROM group_members JOIN groups ON groups.name = group_name
		WHERE group_members.uid = users.uid AND groups.second_factor)`
)

// requireProof returns ErrSecondFactorMissing when the account has a second factor and none was shown.
func (tx *transaction) requireProof(ctx context.Context, uid int64, proof Proof) error {
	if !proof.IsZero() {
		return nil
	}
	has, err := tx.hasSecondFactor(ctx, uid)
	if err == nil && has {
		err = ErrSecondFactorMissing
	}
	return err
}

func (tx *transaction) hasSecondFactor(ctx context.Context, uid int64) (has bool, err error) {
	err = tx.QueryRowContext(ctx, "SELECT "+hasSecondFactor+" FROM users WHERE uid = $1", uid).Scan(&has)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return has, err
}

// beginSecondFactor does what goes with an account's first second factor, before it is stored: there must be a way back,
// and what was had for the password alone ends: sign-ins but for the one acted for (ASVS 5.0 7.4.3), and app passwords. The
// recovery code has to be of this sign-in: somebody who knew the password may have made another.
func (tx *transaction) beginSecondFactor(ctx context.Context, uid int64, origin Origin) error {
	has, err := tx.hasSecondFactor(ctx, uid)
	if err != nil || has {
		return err
	}
	var saved bool
	if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM recovery_codes WHERE uid = $1 AND saved AND sign_in = $2)", uid, origin.SignIn).Scan(&saved); err != nil {
		return err
	}
	if !saved {
		return ErrNoRecovery
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM app_passwords WHERE uid = $1", uid); err != nil {
		return err
	}
	if _, err := tx.endSignIns(ctx, SignInEnded, origin, "uid = $1 AND id <> $2", uid, origin.SignIn); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "DELETE FROM half_logins WHERE uid = $1", uid)
	return err
}

// secondShown notes that a second factor was shown in the sign-in acted for.
func (tx *transaction) secondShown(ctx context.Context, uid int64, origin Origin) error {
	_, err := tx.ExecContext(ctx, "UPDATE sign_ins SET second_at = $1 WHERE id = $2 AND uid = $3", origin.At.Unix(), origin.SignIn, uid)
	return err
}

// removeSecondFactors takes all of them from an account whose owner has lost them.
func (tx *transaction) removeSecondFactors(ctx context.Context, uid int64, origin Origin) error {
	has, err := tx.hasSecondFactor(ctx, uid)
	if err != nil || !has {
		return err
	}
	for _, table := range []string{"totp", "passkeys"} {
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE uid = $1", uid); err != nil {
			return err
		}
	}
	return tx.record(ctx, uid, SecondFactorsLost, origin)
}

// passSecondStep finishes the login that this is the second step of, and spends what was shown for it. No sign-in of an
// account with a second factor begins without one (ASVS 5.0 6.3.3), whatever its handler knew.
func (tx *transaction) passSecondStep(ctx context.Context, login NewSignIn, origin Origin) error {
	uid := login.User.UID
	if login.Factors != ByPasswordAndRecovery {
		if err := tx.requireProof(ctx, uid, login.Proof); err != nil {
			return err
		}
	}
	if err := tx.abandonHalfLogin(ctx, uid, login.Abandoned); err != nil {
		return err
	}
	if login.HalfLogin != "" {
		if err := tx.finishHalfLogin(ctx, uid, login.HalfLogin); err != nil {
			return err
		}
	}
	return tx.spend(ctx, uid, login.Proof, origin.At)
}
