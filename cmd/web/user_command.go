package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"latchkey/internal/store"
	"latchkey/internal/username"
)

type userCommand struct {
	List    userListCommand    `cmd:"" help:"List the accounts."`
	Add     userAddCommand     `cmd:"" help:"Make an account, and print a link with which the person chooses the password."`
	Reset   userResetCommand   `cmd:"" help:"Print a link with which the person chooses a new password."`
	Disable userDisableCommand `cmd:"" help:"End the account's sign-ins and answer its logins like wrong ones."`
	Enable  userEnableCommand  `cmd:"" help:"Undo disable."`
	Delete  userDeleteCommand  `cmd:"" help:"Remove the account and all that belongs to it."`
	SignOut userSignOutCommand `cmd:"" help:"End the sign-ins of an account, or of all."`
	Unlock  userUnlockCommand  `cmd:"" help:"Open an account that too many failed logins have closed."`
}

// keeping opens the database for a command of the keeper's, which may run beside the server.
func keeping(ctx context.Context, s *settings, do func(*store.Store) error) error {
	db, err := store.OpenExisting(ctx, s.DB, s.BusyTimeout)
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

// keepersOccasion is what events say of who did it: the keeper, at the server.
func keepersOccasion() store.Occasion {
	return store.Occasion{At: time.Now(), By: store.Keeper}
}

// withUser does something to the account with the name that was typed.
func withUser(ctx context.Context, s *settings, typed string, do func(*store.Store, store.User) error) error {
	name, problem := username.Canonical(typed)
	if problem != "" {
		return fmt.Errorf("%q: %s", typed, problem)
	}
	return keeping(ctx, s, func(db *store.Store) error {
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

// named is what the commands about one account take.
type named struct {
	Name string `arg:"" help:"Username."`
}

// change does something to the account and says what it is then.
func (n named) change(ctx context.Context, to streams, s *settings, is string, do func(*store.Store, store.User) error) error {
	return withUser(ctx, s, n.Name, func(db *store.Store, user store.User) error {
		if err := do(db, user); err != nil {
			return err
		}
		return say(to, "%s %s.", user.Username, is)
	})
}

type userAddCommand struct{ named }

func (u userAddCommand) Run(ctx context.Context, to streams, s *settings) error {
	name, problem := username.Canonical(u.Name)
	if problem != "" {
		return fmt.Errorf("%q: %s", u.Name, problem)
	}
	return keeping(ctx, s, func(db *store.Store) error {
		path, hash := newPasswordLink()
		_, err := db.CreateUserWithLink(ctx, name, hash, time.Now().Add(passwordLinkLasts), keepersOccasion())
		if errors.Is(err, store.ErrUsernameTaken) {
			return fmt.Errorf("there is an account %s already", name)
		}
		if err != nil {
			return err
		}
		return printLink(to, s, path)
	})
}

type userResetCommand struct{ named }

func (u userResetCommand) Run(ctx context.Context, to streams, s *settings) error {
	return withUser(ctx, s, u.Name, func(db *store.Store, user store.User) error {
		if user.Disabled {
			return fmt.Errorf("the account %s is disabled; enable it first", user.Username)
		}
		path, hash := newPasswordLink()
		if err := db.SetPasswordLink(ctx, user.UID, hash, time.Now().Add(passwordLinkLasts), keepersOccasion()); err != nil {
			return err
		}
		return printLink(to, s, path)
	})
}

// printLink prints the link alone on standard output, so that a program can take it.
func printLink(to streams, s *settings, path string) error {
	site, err := s.siteURL()
	if err != nil {
		return err
	}
	if isLocal(site) {
		fmt.Fprintln(to.log, "Without the site's address, --url, the link works on this machine alone.")
	}
	fmt.Fprintln(to.log, "Give this link to the person alone. It works once, for 24 hours:")
	_, err = fmt.Fprintln(to.out, site.String()+path)
	return err
}

type userDisableCommand struct{ named }

func (u userDisableCommand) Run(ctx context.Context, to streams, s *settings) error {
	return u.change(ctx, to, s, "is disabled, and signed out everywhere", func(db *store.Store, user store.User) error {
		return db.SetDisabled(ctx, user.UID, true, keepersOccasion())
	})
}

type userEnableCommand struct{ named }

func (u userEnableCommand) Run(ctx context.Context, to streams, s *settings) error {
	return u.change(ctx, to, s, "is enabled", func(db *store.Store, user store.User) error {
		return db.SetDisabled(ctx, user.UID, false, keepersOccasion())
	})
}

type userDeleteCommand struct{ named }

func (u userDeleteCommand) Run(ctx context.Context, to streams, s *settings) error {
	return u.change(ctx, to, s, "is deleted", func(db *store.Store, user store.User) error {
		return db.DeleteUser(ctx, user.UID)
	})
}

type userUnlockCommand struct{ named }

func (u userUnlockCommand) Run(ctx context.Context, to streams, s *settings) error {
	return u.change(ctx, to, s, "can be logged in to again", func(db *store.Store, user store.User) error {
		return db.Unlock(ctx, user.UID, strangersKey(user.Username), keepersOccasion())
	})
}

type userSignOutCommand struct {
	Name string `arg:"" optional:"" help:"Username."`
	All  bool   `env:"-" help:"All accounts."`
}

// Validate is called by kong.
func (u userSignOutCommand) Validate() error {
	if (u.Name == "") != u.All {
		return errors.New("give a username, or --all")
	}
	return nil
}

func (u userSignOutCommand) Run(ctx context.Context, to streams, s *settings) error {
	if u.All {
		return keeping(ctx, s, func(db *store.Store) error { return signOut(ctx, to, db, 0) })
	}
	return withUser(ctx, s, u.Name, func(db *store.Store, user store.User) error { return signOut(ctx, to, db, user.UID) })
}

func signOut(ctx context.Context, to streams, db *store.Store, uid int64) error {
	ended, err := db.EndAllSignIns(ctx, uid, keepersOccasion())
	if err != nil {
		return err
	}
	if ended == 1 {
		return say(to, "1 sign-in ended.")
	}
	return say(to, "%d sign-ins ended.", ended)
}

// say tells the keeper how it went; standard output is for what was asked for.
func say(to streams, format string, args ...any) error {
	_, err := fmt.Fprintf(to.log, format+"\n", args...)
	return err
}
