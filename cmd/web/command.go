package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"latchkey/internal/store"
	"latchkey/internal/username"
)

// withStore opens the database for a command of the administrator's, which may run beside the server.
// What it does is logged as what the server does.
func withStore(ctx context.Context, to output, s *settings, do func(*store.Store) error) error {
	db, err := store.OpenExisting(ctx, s.DB, s.BusyTimeout)
	if err == nil {
		log := newLogger(s.LogFormat, to.log, to.log)
		db.Notify(func(event store.Event) { logEvent(log, event) })
	}
	return using(ctx, db, err, do)
}

// using does something with a database that was opened, unless that failed, and closes it.
func using(ctx context.Context, db *store.Store, err error, do func(*store.Store) error) error {
	if err == nil {
		err = errors.Join(db.Explained(do(db)), db.Close())
	}
	if err != nil && ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return err
}

// logChange logs what an administrator did to something that is no account: there is no event for it.
func logChange(to output, s *settings, what string, fields ...any) {
	newLogger(s.LogFormat, to.log, to.log).With("event", what, "by", store.Admin).Info("security", fields...)
}

// adminOrigin returns the origin of what the administrator does at the server.
func adminOrigin() store.Origin {
	return store.Origin{At: time.Now(), By: store.Admin}
}

// withUser does something to the account with the name that was typed.
func withUser(ctx context.Context, to output, s *settings, typed string, do func(*store.Store, store.User) error) error {
	name, problem := username.Lookup(typed)
	if problem != "" {
		return fmt.Errorf("%q: %s", typed, problem)
	}
	return withStore(ctx, to, s, func(db *store.Store) error {
		user, err := userNamed(ctx, db, name)
		if err != nil {
			return err
		}
		return do(db, user)
	})
}

func userNamed(ctx context.Context, db *store.Store, name string) (store.User, error) {
	user, err := db.UserByUsername(ctx, name)
	if errors.Is(err, store.ErrNoUser) {
		return user, fmt.Errorf("there is no account %s", name)
	}
	return user, err
}

// accountArg is the argument of the commands about one account.
type accountArg struct {
	Name string `arg:"" help:"Username."`
}

// change calls do with the account and reports what the account is then.
func (n accountArg) change(ctx context.Context, to output, s *settings, is string, do func(*store.Store, store.User) error) error {
	return withUser(ctx, to, s, n.Name, func(db *store.Store, user store.User) error {
		if err := do(db, user); err != nil {
			return err
		}
		return report(to, "%s %s.", user.Username, is)
	})
}

// report tells the administrator how a command went. It leaves standard output to results.
func report(to output, format string, args ...any) error {
	_, err := fmt.Fprintf(to.log, format+"\n", args...)
	return err
}

// reading opens the database for a command that changes nothing, which may run beside the server, and on a copy that
// cannot be changed.
func reading(ctx context.Context, s *settings, do func(*store.Store) error) error {
	db, err := store.OpenToRead(ctx, s.DB, s.BusyTimeout)
	return using(ctx, db, err, do)
}
