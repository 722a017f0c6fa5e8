package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"latchkey/internal/passkey"
)

// Expected outcomes of what is done with passkeys.
var (
	// ErrNoPasskey means that no account has the passkey, or no more.
	ErrNoPasskey = errors.New("no such passkey")
	// ErrPasskeyTaken means that some account has it already.
	ErrPasskeyTaken = errors.New("passkey is there already")
	// ErrTooManyPasskeys means that the account has MaxPasskeys.
	ErrTooManyPasskeys = errors.New("too many passkeys")
)

// MaxPasskeys is how many an account has: more than anybody's devices.
const MaxPasskeys = 20

// Passkey is a WebAuthn credential of an account.
type Passkey struct {
	passkey.Credential
	UID int64
	// Host is the one that it was made for (RP ID); it is good for no other.
	Host string
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

// PasskeyByID finds a passkey with its account and what passkeys know that by, or returns ErrNoPasskey.
func (s *Store) PasskeyByID(ctx context.Context, id []byte) (found Passkey, user User, handle []byte, err error) {
	known := false
	err = eachRow(ctx, s.reads, func(row *sql.Rows) (err error) {
		known = true
		found, err = scanPasskey(row)
		return err
	}, "SELECT "+passkeyColumns+" FROM passkeys WHERE id = $1", id)
	if err == nil && known {
		err = s.reads.QueryRowContext(ctx, `
			SELECT uid, username, `+nameColumn+`, pass_hash, disabled_at IS NOT NULL, handle FROM users WHERE uid = $1`, found.UID).
			Scan(&user.UID, &user.Username, &user.Name, &user.PassHash, &user.Disabled, &handle)
	}
	switch {
	case err == nil && !known, errors.Is(err, sql.ErrNoRows):
		return Passkey{}, User{}, nil, ErrNoPasskey
	case err != nil:
		return Passkey{}, User{}, nil, fmt.Errorf("find passkey: %w", unavailable(err))
	}
	return found, user, handle, nil
}

// PasskeyHandle returns what passkeys know the account by, and makes it when there is none. ErrNotSignedIn means that the
// sign-in acted for has ended.
func (s *Store) PasskeyHandle(ctx context.Context, uid int64, origin Origin) (handle []byte, err error) {
	fresh := make([]byte, passkey.HandleLength)
	_, _ = rand.Read(fresh) // never fails
	err = s.write(ctx, "make passkey handle", func(ctx context.Context, tx *transaction) error {
		if err := tx.requireSignIn(ctx, uid, origin); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, "UPDATE users SET handle = coalesce(handle, $1) WHERE uid = $2 RETURNING handle", fresh, uid).Scan(&handle)
	})
	return handle, err
}

// AddPasskey gives its account a passkey, which answered this challenge when it was made. Errors are ErrNotSignedIn,
// ErrPasskeyTaken, ErrTooManyPasskeys and ErrNoRecovery.
func (s *Store) AddPasskey(ctx context.Context, added Passkey, challengeHash []byte, origin Origin) error {
	uid := added.UID
	return s.write(ctx, "add passkey", func(ctx context.Context, tx *transaction) error {
		if err := tx.requireSignIn(ctx, uid, origin); err != nil {
			return err
		}
		var number int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM passkeys WHERE uid = $1", uid).Scan(&number); err != nil {
			return err
		}
		if number >= MaxPasskeys {
			return ErrTooManyPasskeys
		}
		if err := tx.beginSecondFactor(ctx, uid, origin); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, `
			INSERT INTO passkeys (id, uid, rp_id, public_key, sign_count, backup_eligible, backed_up, transports, aaguid, name, created_at, last_challenge)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (id) DO NOTHING`,
			added.ID, uid, added.Host, added.PublicKey, added.SignCount, added.BackupEligible, added.BackedUp,
			strings.Join(added.Transports, " "), added.AAGUID, added.Name, origin.At.Unix(), challengeHash)
		if err := requireRow(result, err, ErrPasskeyTaken); err != nil {
			return err
		}
		if err := tx.secondShown(ctx, uid, origin); err != nil {
			return err
		}
		return tx.record(ctx, uid, PasskeyAdded, origin)
	})
}

// RemovePasskey takes a passkey from the account. removed is false when it has no such passkey. ErrNotSignedIn means that
// the sign-in acted for has ended.
func (s *Store) RemovePasskey(ctx context.Context, uid int64, id []byte, origin Origin) (removed bool, err error) {
	err = s.write(ctx, "remove passkey", func(ctx context.Context, tx *transaction) error {
		if err := tx.requireSignIn(ctx, uid, origin); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, "DELETE FROM passkeys WHERE uid = $1 AND id = $2", uid, id)
		if err != nil {
			return err
		}
		rows, err := result.RowsAffected()
		if removed = rows > 0; err != nil || !removed {
			return err
		}
		return tx.record(ctx, uid, PasskeyRemoved, origin)
	})
	return removed, err
}

// HasPasskeys reports whether anybody has a passkey that is good at the host.
func (s *Store) HasPasskeys(ctx context.Context, host string) (has bool, err error) {
	version := s.versionFor(ctx)
	has, known := s.passkeyHosts.get(version, host)
	if known {
		return has, nil
	}
	err = s.reads.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM passkeys WHERE rp_id = $1)", host).Scan(&has)
	if err != nil {
		return false, fmt.Errorf("look for passkeys: %w", unavailable(err))
	}
	s.passkeyHosts.put(version, host, has)
	return has, nil
}

// PasskeysOfOtherHosts returns how many passkeys there are that are no good at the host, by the host that each was made for.
func (s *Store) PasskeysOfOtherHosts(ctx context.Context, host string) (numbers map[string]int, err error) {
	numbers = map[string]int{}
	err = eachRow(ctx, s.reads, func(row *sql.Rows) error {
		var other string
		var number int
		err := row.Scan(&other, &number)
		numbers[other] = number
		return err
	}, "SELECT rp_id, count(*) FROM passkeys WHERE rp_id <> $1 GROUP BY rp_id", host)
	if err != nil {
		return nil, fmt.Errorf("count passkeys: %w", err)
	}
	return numbers, nil
}
