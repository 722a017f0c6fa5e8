package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// Passkey is a WebAuthn credential of an account.
type Passkey struct {
	ID  []byte
	UID int64
	// Host is the one that it was made for (RP ID); it is good for no other.
	Host      string
	PublicKey []byte
	SignCount uint32
	// BackupEligible is set for one that its owner's devices share, and BackedUp when they do.
	BackupEligible bool
	BackedUp       bool
	Transports     []string
	AAGUID         []byte
	// Name is what the pages call it.
	Name       string
	CreatedAt  time.Time
	LastUsedAt time.Time // zero: never
}

const passkeyColumns = `id, uid, rp_id, public_key, sign_count, backup_eligible, backed_up, transports, aaguid, name, created_at, last_used_at`

// PasskeysOf returns the account's, the oldest first.
func (s *Store) PasskeysOf(ctx context.Context, uid int64) (found []Passkey, err error) {
	err = eachRow(ctx, s.reads, func(row *sql.Rows) error {
		passkey, err := scanPasskey(row)
		found = append(found, passkey)
		return err
	}, "SELECT "+passkeyColumns+" FROM passkeys WHERE uid = $1 ORDER BY created_at, id", uid)
	if err != nil {
		return nil, fmt.Errorf("find passkeys: %w", err)
	}
	return found, nil
}

func scanPasskey(row interface{ Scan(...any) error }) (Passkey, error) {
	var passkey Passkey
	var transports string
	var createdAt int64
	var lastUsedAt sql.NullInt64
	err := row.Scan(&passkey.ID, &passkey.UID, &passkey.Host, &passkey.PublicKey, &passkey.SignCount, &passkey.BackupEligible,
		&passkey.BackedUp, &transports, &passkey.AAGUID, &passkey.Name, &createdAt, &lastUsedAt)
	passkey.Transports = strings.Fields(transports)
	passkey.CreatedAt, passkey.LastUsedAt = time.Unix(createdAt, 0), timeOrZero(lastUsedAt)
	return passkey, err
}
