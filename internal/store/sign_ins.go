package store

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// SignIn is one account signed in in one browser. Its row is what makes the sign-in revocable: once it is gone,
// no session that still names it counts.
type SignIn struct {
	ID         string
	UID        int64
	Username   string
	CreatedAt  time.Time
	LastSeenAt time.Time
	Remembered bool
	Address    string
	UserAgent  string
}

// maxUserAgent is in bytes; longer ones are noise or an attempt to fill the disk.
const maxUserAgent = 300

// CreateSignIn records that the user signed in and returns the row, with an id of 128 random bits. It ends the
// sign-ins named by replaced, those of the same account in the same browser, in the same transaction. ErrNoUser
// means that the account was deleted meanwhile.
func (s *Store) CreateSignIn(ctx context.Context, signIn SignIn, replaced []string, now time.Time) (SignIn, error) {
	signIn.ID = rand.Text()
	signIn.CreatedAt, signIn.LastSeenAt = now, now
	signIn.UserAgent = strings.ToValidUTF8(signIn.UserAgent[:min(len(signIn.UserAgent), maxUserAgent)], "")
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return SignIn{}, fmt.Errorf("create sign-in: %w", unavailable(err))
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, deleteSignIns, idList(replaced)); err != nil {
		return SignIn{}, fmt.Errorf("create sign-in: %w", unavailable(err))
	}
	result, err := tx.ExecContext(ctx, `
		INSERT INTO sign_ins (id, uid, created_at, last_seen_at, remembered, address, user_agent)
		SELECT ?, uid, ?, ?, ?, ?, ? FROM users WHERE uid = ?`,
		signIn.ID, now.Unix(), now.Unix(), signIn.Remembered, signIn.Address, signIn.UserAgent, signIn.UID)
	if err != nil {
		return SignIn{}, fmt.Errorf("create sign-in: %w", unavailable(err))
	}
	if inserted, err := result.RowsAffected(); err != nil || inserted == 0 {
		return SignIn{}, ErrNoUser
	}
	if err := tx.Commit(); err != nil {
		return SignIn{}, fmt.Errorf("create sign-in: %w", unavailable(err))
	}
	return signIn, nil
}

// SignInsByID returns those of the named sign-ins that still exist, newest last. Whether they have expired is for
// the caller to judge.
func (s *Store) SignInsByID(ctx context.Context, ids []string) ([]SignIn, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := s.db.QueryContext(ctx, `
		SELECT id, uid, username, sign_ins.created_at, last_seen_at, remembered, address, user_agent
		FROM sign_ins JOIN users USING (uid)
		WHERE id IN (SELECT value FROM json_each(?))
		ORDER BY sign_ins.created_at, sign_ins.rowid`, idList(ids))
	if err != nil {
		return nil, fmt.Errorf("find sign-ins: %w", unavailable(err))
	}
	defer rows.Close()
	var found []SignIn
	for rows.Next() {
		var signIn SignIn
		var createdAt, lastSeenAt int64
		if err := rows.Scan(&signIn.ID, &signIn.UID, &signIn.Username, &createdAt, &lastSeenAt,
			&signIn.Remembered, &signIn.Address, &signIn.UserAgent); err != nil {
			return nil, fmt.Errorf("find sign-ins: %w", unavailable(err))
		}
		signIn.CreatedAt, signIn.LastSeenAt = time.Unix(createdAt, 0), time.Unix(lastSeenAt, 0)
		found = append(found, signIn)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("find sign-ins: %w", unavailable(err))
	}
	return found, nil
}

// TouchSignIn moves the time of last use forward, never back.
func (s *Store) TouchSignIn(ctx context.Context, id string, now time.Time) error {
	_, err := s.db.ExecContext(ctx,
		"UPDATE sign_ins SET last_seen_at = ?1 WHERE id = ?2 AND last_seen_at < ?1", now.Unix(), id)
	if err != nil {
		return fmt.Errorf("touch sign-in: %w", unavailable(err))
	}
	return nil
}

// EndSignIns deletes the named sign-ins; those that are gone already do not matter.
func (s *Store) EndSignIns(ctx context.Context, ids []string) error {
	if _, err := s.db.ExecContext(ctx, deleteSignIns, idList(ids)); err != nil {
		return fmt.Errorf("end sign-ins: %w", unavailable(err))
	}
	return nil
}

const deleteSignIns = "DELETE FROM sign_ins WHERE id IN (SELECT value FROM json_each(?))"

// idList lets one prepared text serve any number of ids.
func idList(ids []string) string {
	if ids == nil {
		ids = []string{}
	}
	list, err := json.Marshal(ids)
	if err != nil {
		panic(err) // a slice of strings always encodes
	}
	return string(list)
}
