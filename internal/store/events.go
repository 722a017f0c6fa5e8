package store

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// EventKind names a security event of an account, as the log and the activity page do.
type EventKind string

// The security events (ASVS 5.0 16.3.1).
const (
	AccountCreated    EventKind = "account created"
	AccountDeleted    EventKind = "account deleted" // in the log alone: the account's events go with it
	LoginSucceeded    EventKind = "login succeeded"
	LoginFailed       EventKind = "login failed"
	LoginThrottled    EventKind = "login throttled"
	LoggedOut         EventKind = "logout"
	PasswordChanged   EventKind = "password changed"
	PasswordConfirmed EventKind = "password confirmed"
	RecoveryCodeMade  EventKind = "recovery code made"
	RecoveryCodeUsed  EventKind = "recovery code used"
	RecoveryCodeVoid  EventKind = "recovery code voided" // by a new password
	RecoveryFailed    EventKind = "recovery failed"
	SignInEnded       EventKind = "sign-in ended"
	AccountDisabled   EventKind = "account disabled"
	AccountEnabled    EventKind = "account enabled"
	AccountUnlocked   EventKind = "account unlocked"
	PasswordLinkMade  EventKind = "password link made"
	PasswordLinkUsed  EventKind = "password link used"
	AppPasswordMade   EventKind = "app password made"
	AppPasswordEnded  EventKind = "app password ended"
	CodesAdded        EventKind = "codes set up"
	CodesRemoved      EventKind = "codes removed"
	PasskeyAdded      EventKind = "passkey added"
	PasskeyRemoved    EventKind = "passkey removed"
	SecondFactorsLost EventKind = "second factors removed as lost"
	// SecondStepMissing is a right password without a second factor. It goes when the second step is passed.
	SecondStepMissing EventKind = "second step missing"
	// RecoveryHalfDone is a right recovery code of an account with a second factor, which is asked for next.
	RecoveryHalfDone EventKind = "recovery begun"
	LostLinkMade     EventKind = "password link made that removes the second factors"
	SecondStepFailed EventKind = "second step failed" // a wrong code
	PasskeyRefused   EventKind = "passkey refused"

	// Attempts that a rate limit refused, beside LoginThrottled.
	RecoveryThrottled  EventKind = "recovery throttled"
	SignupThrottled    EventKind = "signup throttled"
	NameCheckThrottled EventKind = "name check throttled"
	AppThrottled       EventKind = "app password throttled"
	SecondThrottled    EventKind = "second step throttled"
)

// Actor is who did something to an account.
type Actor string

// An account is changed by its owner, or by an administrator.
const (
	Owner Actor = "owner"
	Admin Actor = "admin"
)

// Origin is when, by whom and from where something was done.
type Origin struct {
	At        time.Time
	By        Actor
	Address   string
	UserAgent string
	// RequestID is for the log alone.
	RequestID string
	// SignIn is the id of the sign-in that the owner acts for. A change of the account asks whether it is still there.
	SignIn string
	// ConfirmedSince is the earliest time of that sign-in's last password that will do for the change, and SecondSince that
	// of its last second factor, where the account has one.
	ConfirmedSince time.Time
	SecondSince    time.Time
}

// Event is one entry of an account's activity.
type Event struct {
	ID int64
	// UID is 0 when no account is concerned.
	UID  int64
	Kind EventKind
	// Origin is the last one, when it happened several times in a row.
	Origin
	// Repeats is how many times it happened, and FirstAt when first.
	Repeats int
	FirstAt time.Time
}

// maxUserAgent is in bytes; longer ones are noise or an attempt to fill the disk.
const maxUserAgent = 300

func clipUserAgent(userAgent string) string {
	return strings.ToValidUTF8(userAgent[:min(len(userAgent), maxUserAgent)], "")
}

// keptPerKind bounds the rows of one kind that an account, or no account, may have: nobody fills the disk by doing
// the same again and again.
const keptPerKind = 200

// record adds an event to the account's activity and tells it after the commit.
func (tx *transaction) record(ctx context.Context, uid int64, kind EventKind, origin Origin) error {
	tx.tell(uid, kind, origin)
	_, err := tx.insertEvent(ctx, Event{UID: uid, Kind: kind, Origin: origin, Repeats: 1, FirstAt: origin.At})
	return err
}

// tell has an event logged and counted after the commit, without a row for the activity page.
func (tx *transaction) tell(uid int64, kind EventKind, origin Origin) {
	tx.recorded = append(tx.recorded, Event{UID: uid, Kind: kind, Origin: origin, Repeats: 1, FirstAt: origin.At})
}

func (tx *transaction) insertEvent(ctx context.Context, event Event) (id int64, err error) {
	condition, args := eventsOf(event.UID, event.Kind, keptPerKind-1)
	if _, err := tx.ExecContext(ctx, `
		DELETE FROM events WHERE `+condition+` AND kind = $1 AND id <= (
			SELECT id FROM events WHERE `+condition+` AND kind = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)`,
		args...); err != nil {
		return 0, err
	}
	err = tx.QueryRowContext(ctx, `
		INSERT INTO events (uid, at, kind, actor, address, user_agent, repeats, last_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id`,
		sql.NullInt64{Int64: event.UID, Valid: event.UID != 0}, event.FirstAt.Unix(), event.Kind, event.By, event.Address, clipUserAgent(event.UserAgent),
		event.Repeats, event.At.Unix()).Scan(&id)
	return id, err
}

// eventsOf returns a condition on the events of an account, or on those of none when uid is 0, and the statement's
// arguments: those before and, if it has one, the condition's. IS NOT DISTINCT FROM would say the same of both, but
// PostgreSQL uses no index for it.
func eventsOf(uid int64, before ...any) (condition string, args []any) {
	if uid == 0 {
		return "uid IS NULL", before
	}
	return "uid = $" + strconv.Itoa(len(before)+1), append(before, uid)
}

const eventColumns = "id, coalesce(uid, 0), kind, at, last_at, repeats, actor, address, user_agent"

func scanEvent(row *sql.Rows, more ...any) (event Event, err error) {
	var firstAt, lastAt int64
	err = row.Scan(append([]any{
		&event.ID, &event.UID, &event.Kind, &firstAt, &lastAt, &event.Repeats, &event.By, &event.Address, &event.UserAgent,
	}, more...)...)
	event.FirstAt, event.At = time.Unix(firstAt, 0), time.Unix(lastAt, 0)
	return event, err
}

// Activity returns the account's events with ids below before, or its last ones when before is 0, the newest first.
func (s *Store) Activity(ctx context.Context, uid, before int64, limit int) (events []Event, err error) {
	if before == 0 {
		before = math.MaxInt64
	}
	err = eachRow(ctx, s.reads, func(row *sql.Rows) error {
		event, err := scanEvent(row)
		events = append(events, event)
		return err
	}, "SELECT "+eventColumns+" FROM events WHERE uid = $1 AND id < $2 ORDER BY id DESC LIMIT $3", uid, before, limit)
	if err != nil {
		return nil, fmt.Errorf("read activity: %w", err)
	}
	return events, nil
}

// LoggedEvent is an event of any account.
type LoggedEvent struct {
	Event
	// Username is empty for an attempt that named no account.
	Username string
}

// EventsAfter returns events with ids above after, the oldest first, at most limit of them; of one account when uid
// is not 0. An event that happens again gets a new id.
func (s *Store) EventsAfter(ctx context.Context, uid, after int64, limit int) (events []LoggedEvent, err error) {
	condition, args := "TRUE", []any{after, limit}
	if uid != 0 {
		condition, args = eventsOf(uid, args...)
	}
	err = eachRow(ctx, s.reads, func(row *sql.Rows) error {
		var logged LoggedEvent
		var err error
		logged.Event, err = scanEvent(row, &logged.Username)
		events = append(events, logged)
		return err
	}, "SELECT "+eventColumns+`, coalesce(username, '')
		FROM events LEFT JOIN users USING (uid) WHERE id > $1 AND `+condition+` ORDER BY id LIMIT $2`, args...)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return events, nil
}
