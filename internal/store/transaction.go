package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"
)

// transaction is a change under way. On SQLite it has the write lock from its start.
type transaction struct {
	*sql.Tx
	*engine
	// recorded are the events that are told when the change is on disk.
	recorded []Event
}

// Notify has each security event told once, when it is on disk: f writes it to the log, say. Set it before the store
// is used.
func (s *Store) Notify(f func(Event)) {
	s.notify = f
}

// write runs a change in one transaction. what names it in errors; the expected outcomes of the queries, ErrNoUser and
// the like, pass through.
//
// What ends access (a new password, a disabled account) changes or locks the account's row before anything else, and what
// gives access (a sign-in) asks that row: whichever comes second sees what the first has done.
//
// When ctx ends, or the wait for the write lock takes too long, nothing is done. A change that has begun is finished
// whether ctx ends or not: the context that it gets does not end.
//
// On PostgreSQL a change that another one stood in the way of is undone by the server, and run again from its start.
// Nothing else is: when the answer to a COMMIT is lost, nobody knows whether it took place.
func (s *Store) write(ctx context.Context, what string, change func(context.Context, *transaction) error) error {
	var events []Event
	var err error
	for range mostTries {
		if events, err = s.writeOnce(ctx, change); !stoodInTheWay(err) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, unavailable(err))
	}
	for _, event := range events {
		s.notify(event)
	}
	return nil
}

// mostTries is how often a change is begun.
const mostTries = 10

func (s *Store) writeOnce(ctx context.Context, change func(context.Context, *transaction) error) ([]Event, error) {
	tx, end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	if err := change(context.WithoutCancel(ctx), tx); err != nil {
		return nil, err
	}
	return tx.recorded, tx.Commit()
}

// lockAccount locks the account's row (engine.lockRows), or returns ErrNoUser.
func (tx *transaction) lockAccount(ctx context.Context, uid int64) error {
	return tx.account(ctx, uid, tx.lockRows)
}

// keepAccount keeps the account from being deleted (engine.keepRows), or returns ErrNoUser.
func (tx *transaction) keepAccount(ctx context.Context, uid int64) error {
	return tx.account(ctx, uid, tx.keepRows)
}

// endAccount is for an account that is about to be deleted: it waits until nobody else keeps it (engine.endRows).
func (tx *transaction) endAccount(ctx context.Context, uid int64) error {
	return tx.account(ctx, uid, tx.endRows)
}

// takeName has others who want the name, or what looks the same, wait until the transaction ends.
func (tx *transaction) takeName(ctx context.Context, name string) error {
	if tx.lockName == "" {
		return nil
	}
	_, err := tx.ExecContext(ctx, tx.lockName, name)
	return err
}

func (tx *transaction) account(ctx context.Context, uid int64, lock string) error {
	var one int
	err := tx.QueryRowContext(ctx, "SELECT 1 FROM users WHERE uid = $1"+lock, uid).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNoUser
	}
	return err
}

// errLocked is unavailable.
var errLocked = unavailableError{errors.New("the database is locked by another program")}

// begin waits for the write lock: first for this program's only connection that writes, then for other programs. end
// undoes what was not committed.
func (s *Store) begin(ctx context.Context) (tx *transaction, end func(), err error) {
	waits := waitsOf(ctx)
	left := waits.left(s.busyTimeout)
	if left <= 0 {
		return nil, nil, errLocked
	}
	// database/sql rolls back when the context of BeginTx ends. This one ends only during the wait.
	waiting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	began := time.Now()
	tooLong := time.AfterFunc(left, cancel)
	clientLeft := context.AfterFunc(ctx, cancel)
	begun, err := s.db.BeginTx(waiting, nil)
	stillHere, inTime := clientLeft(), tooLong.Stop()
	waits.add(time.Since(began))
	switch {
	case err == nil && stillHere && inTime:
		return &transaction{Tx: begun, engine: s.engine}, func() { _ = begun.Rollback(); cancel() }, nil
	case err == nil:
		_ = begun.Rollback()
	}
	cancel()
	switch {
	case !stillHere:
		err = ctx.Err()
	case !inTime:
		err = errLocked
	}
	return nil, nil, err
}

// waits are those of one request.
type waits struct {
	mu    sync.Mutex
	total time.Duration
}

type waitsKey struct{}

// OneWait returns a context in which all changes together wait no longer for the write lock than one may.
func OneWait(ctx context.Context) context.Context {
	return context.WithValue(ctx, waitsKey{}, &waits{})
}

func waitsOf(ctx context.Context) *waits {
	if w, ok := ctx.Value(waitsKey{}).(*waits); ok {
		return w
	}
	return &waits{}
}

// shortestWait is enough for this program's own changes to take turns, also with --busy-timeout 0s.
const shortestWait = 100 * time.Millisecond

func (w *waits) left(busyTimeout time.Duration) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return max(busyTimeout, shortestWait) - w.total
}

func (w *waits) add(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.total += d
}
