package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// Account is a user as the administrator sees one.
type Account struct {
	UID        int64
	Username   string
	CreatedAt  time.Time
	DisabledAt time.Time // zero: not disabled
	// HasPassword is false until the person has used the link of a new account.
	HasPassword bool
	// SignIns counts the rows, those of expired sign-ins included until they are removed.
	SignIns    int
	LastSeenAt time.Time // zero: in no browser
	// SecondFactor is whether it has one.
	SecondFactor bool
	// Groups are in the order of their names.
	Groups []string
}

// EachAccount calls do with the accounts in the order of their names, until do returns an error. No read is open
// while do runs: it may wait for somebody who reads page by page, and the write-ahead log does not grow.
func (s *Store) EachAccount(ctx context.Context, do func(Account) error) error {
	return eachPage(func(after string) (last string, err error) {
		var accounts []Account
		err = eachRow(ctx, s.reads, func(row *sql.Rows) error {
			var account Account
			var createdAt int64
			var disabledAt, lastSeenAt sql.NullInt64
			var groups string
			if err := row.Scan(&account.UID, &account.Username, &createdAt, &disabledAt, &account.HasPassword,
				&account.SignIns, &lastSeenAt, &groups, &account.SecondFactor); err != nil {
				return err
			}
			account.CreatedAt = time.Unix(createdAt, 0)
			account.DisabledAt, account.LastSeenAt = timeOrZero(disabledAt), timeOrZero(lastSeenAt)
			account.Groups = strings.Fields(groups)
			accounts = append(accounts, account)
			return nil
		}, `
			SELECT uid, username, created_at, disabled_at, pass_hash <> '',
				(SELECT count(*) FROM sign_ins WHERE sign_ins.uid = users.uid),
				(SELECT max(last_seen_at) FROM sign_ins WHERE sign_ins.uid = users.uid),
				`+groupsOfUser+", "+hasSecondFactor+`
			FROM users WHERE username > $1 ORDER BY username LIMIT $2`, after, pageRows)
		if err != nil {
			return "", fmt.Errorf("list accounts: %w", err)
		}
		for _, account := range accounts {
			if err := do(account); err != nil {
				return "", err
			}
			last = account.Username
		}
		return last, nil
	})
}
