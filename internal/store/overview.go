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
}

const overviewQuery = `
	SELECT password_changed_at, recovery_codes.created_at, (
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
	var madeAt sql.NullInt64
	err := s.findOverview.QueryRowContext(ctx,
		uid, cutoffs.Future.Unix(), cutoffs.RememberedBegunSince.Unix(), cutoffs.RememberedUnusedSince.Unix(),
		cutoffs.PlainBegunSince.Unix(), cutoffs.PlainUnusedSince.Unix()).Scan(&changedAt, &madeAt, &overview.SignIns)
	if errors.Is(err, sql.ErrNoRows) {
		return Overview{}, ErrNoUser
	}
	if err != nil {
		return Overview{}, fmt.Errorf("read overview: %w", unavailable(err))
	}
	overview.PasswordChangedAt, overview.RecoveryCodeMadeAt = time.Unix(changedAt, 0), timeOrZero(madeAt)
	s.overviews.put(version, key, overview)
	return overview, nil
}
