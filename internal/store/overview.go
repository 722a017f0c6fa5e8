package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Overview is how an account stands, as its owner sees it.
type Overview struct {
	// SignIns is how many have not expired.
	SignIns           int
	PasswordChangedAt time.Time
	// RecoveryCodeMadeAt is zero when there is no code.
	RecoveryCodeMadeAt time.Time
	// Codes is whether there are codes of an app.
	Codes    bool
	Passkeys int
	// SecondFactorAddedAt is when the last second factor was added; zero when there is none.
	SecondFactorAddedAt time.Time
	// HalfLogin is the last time that somebody knew the present password and had no second factor, unless its owner has
	// said to have seen it; its UID is 0 when there was none.
	HalfLogin Event
}

const overviewQuery = `
	SELECT password_changed_at, recovery_codes.created_at,
		(SELECT created_at FROM totp WHERE totp.uid = users.uid),
		(SELECT max(created_at) FROM passkeys WHERE passkeys.uid = users.uid),
		(SELECT count(*) FROM passkeys WHERE passkeys.uid = users.uid), (
		SELECT count(*) FROM sign_ins WHERE sign_ins.uid = users.uid AND created_at <= $2 AND last_seen_at <= $2 AND (
			remembered AND created_at > $3 AND last_seen_at > $4 OR NOT remembered AND created_at > $5 AND last_seen_at > $6))
	FROM users LEFT JOIN recovery_codes USING (uid) WHERE uid = $1`

// overviewKey is of an account at a minute: sign-ins expire without a change in the database.
type overviewKey struct{ uid, minute int64 }

// Overview reads how the account stands, or returns ErrNoUser. What has expired within the last minute may still count.
func (s *Store) Overview(ctx context.Context, uid int64, cutoffs Cutoffs) (Overview, error) {
	version, key := s.versionFor(ctx), overviewKey{uid, cutoffs.Now.Unix() / 60}
	overview, known := s.overviews.get(version, key)
	if known {
		return overview, nil
	}
	var changedAt int64
	var madeAt, codesAt, passkeyAt sql.NullInt64
	err := s.findOverview.QueryRowContext(ctx,
		uid, cutoffs.Future.Unix(), cutoffs.RememberedBegunSince.Unix(), cutoffs.RememberedUnusedSince.Unix(),
		cutoffs.PlainBegunSince.Unix(), cutoffs.PlainUnusedSince.Unix()).Scan(&changedAt, &madeAt, &codesAt, &passkeyAt, &overview.Passkeys, &overview.SignIns)
	if errors.Is(err, sql.ErrNoRows) {
		return Overview{}, ErrNoUser
	}
	if err != nil {
		return Overview{}, fmt.Errorf("read overview: %w", unavailable(err))
	}
	overview.PasswordChangedAt, overview.RecoveryCodeMadeAt = time.Unix(changedAt, 0), timeOrZero(madeAt)
	overview.Codes = codesAt.Valid
	overview.SecondFactorAddedAt = timeOrZero(sql.NullInt64{Int64: max(codesAt.Int64, passkeyAt.Int64), Valid: codesAt.Valid || passkeyAt.Valid})
	if !overview.Codes && overview.Passkeys == 0 {
		s.overviews.put(version, key, overview)
		return overview, nil
	}
	err = eachRow(ctx, s.reads, func(row *sql.Rows) error {
		overview.HalfLogin, err = scanEvent(row)
		return err
	}, "SELECT "+eventColumns+` FROM events WHERE uid = $1 AND kind = $2 AND at >= $3
		AND at > (SELECT half_logins_seen_at FROM users WHERE uid = $1) ORDER BY id DESC LIMIT 1`, uid, SecondStepMissing, changedAt)
	if err != nil {
		return Overview{}, fmt.Errorf("read overview: %w", err)
	}
	s.overviews.put(version, key, overview)
	return overview, nil
}
