package store

import (
	"context"
	"database/sql"
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

// Overview reads how the account stands, or returns ErrNoUser.
func (s *Store) Overview(ctx context.Context, uid int64, cutoffs Cutoffs) (Overview, error) {
	var overview Overview
	var changedAt int64
	var madeAt sql.NullInt64
	err := s.reads.QueryRowContext(ctx, `
		SELECT password_changed_at, recovery_codes.created_at, (
			SELECT count(*) FROM sign_ins WHERE sign_ins.uid = users.uid AND created_at <= ?2 AND last_seen_at <= ?2 AND (
				remembered AND created_at > ?3 AND last_seen_at > ?4 OR NOT remembered AND created_at > ?5 AND last_seen_at > ?6))
		FROM users LEFT JOIN recovery_codes USING (uid) WHERE uid = ?1`,
		uid, cutoffs.Future.Unix(), cutoffs.RememberedBegunSince.Unix(), cutoffs.RememberedUnusedSince.Unix(),
		cutoffs.PlainBegunSince.Unix(), cutoffs.PlainUnusedSince.Unix()).Scan(&changedAt, &madeAt, &overview.SignIns)
	if err == sql.ErrNoRows {
		return Overview{}, ErrNoUser
	}
	if err != nil {
		return Overview{}, fmt.Errorf("read overview: %w", unavailable(err))
	}
	overview.PasswordChangedAt, overview.RecoveryCodeMadeAt = time.Unix(changedAt, 0), timeOrZero(madeAt)
	return overview, nil
}
