package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"latchkey/internal/auth"
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
	Release userReleaseCommand `cmd:"" help:"Give free the name of a deleted account that apps have known."`
	Unlock  userUnlockCommand  `cmd:"" help:"Let an account be logged in to again, or an address try again, after too many failed attempts."`
}

type userAddCommand struct{ accountArg }

func (u userAddCommand) Run(ctx context.Context, to output, s *settings) error {
	name, problem := username.Canonical(u.Name)
	if problem != "" {
		return fmt.Errorf("%q: %s", u.Name, problem)
	}
	return withStore(ctx, to, s, func(db *store.Store) error {
		path, link := newPasswordLink(time.Now())
		_, err := db.CreateUserWithLink(ctx, store.User{Username: name, Name: username.AsTyped(u.Name)}, link, adminOrigin())
		if errors.Is(err, store.ErrUsernameTaken) {
			if _, err := db.UserByUsername(ctx, name); errors.Is(err, store.ErrNoUser) {
				retired, err := db.RetiredName(ctx, name)
				if err != nil {
					return err
				}
				if retired != "" {
					return fmt.Errorf("%s An account %s was deleted, which apps have known; user release %[2]s gives the name free", notAvailable(name), retired)
				}
				return errors.New(notAvailable(name) + " An account has a name that looks the same.")
			}
			return fmt.Errorf("there is an account %s already", name)
		}
		if err != nil {
			return err
		}
		return printLink(to, s, path)
	})
}

type userResetCommand struct {
	accountArg
	LostSecondFactor bool `env:"-" help:"The person has lost the second factor, too: the link removes it. First make sure who asks."`
}

func (u userResetCommand) Run(ctx context.Context, to output, s *settings) error {
	return withUser(ctx, to, s, u.Name, func(db *store.Store, user store.User) error {
		if user.Disabled {
			return fmt.Errorf("the account %s is disabled; enable it first", user.Username)
		}
		factors, err := db.SecondFactors(ctx, user.UID)
		if err != nil {
			return err
		}
		path, link := newPasswordLink(time.Now())
		link.LostSecondFactor = u.LostSecondFactor
		if err := db.SetPasswordLink(ctx, user.UID, link, adminOrigin()); err != nil {
			return err
		}
		switch {
		case factors.Any() && u.LostSecondFactor:
			fmt.Fprintf(to.log, "The link removes the second factor of %s. Give it only to somebody you know to be that person: meet, or call a number you know.\n", user.Username)
		case factors.Any():
			fmt.Fprintf(to.log, "It also takes the second factor of %s; if that is lost, use --lost-second-factor.\n", user.Username)
		}
		return printLink(to, s, path)
	})
}

// printLink prints the link alone on standard output, where a program can take it.
func printLink(to output, s *settings, path string) error {
	site := s.site()
	if isLocal(site) {
		fmt.Fprintln(to.log, "Without the site's address, --url, the link works on this machine alone.")
	}
	fmt.Fprintln(to.log, "Give this link to the person alone. It works once, for 24 hours:")
	_, err := fmt.Fprintln(to.out, site.String()+path)
	return err
}

type userDisableCommand struct{ accountArg }

func (u userDisableCommand) Run(ctx context.Context, to output, s *settings) error {
	return u.change(ctx, to, s, "is disabled, and signed out everywhere", func(db *store.Store, user store.User) error {
		return db.SetDisabled(ctx, user.UID, true, adminOrigin())
	})
}

type userEnableCommand struct{ accountArg }

func (u userEnableCommand) Run(ctx context.Context, to output, s *settings) error {
	return u.change(ctx, to, s, "is enabled", func(db *store.Store, user store.User) error {
		return db.SetDisabled(ctx, user.UID, false, adminOrigin())
	})
}

type userDeleteCommand struct{ accountArg }

func (u userDeleteCommand) Run(ctx context.Context, to output, s *settings) error {
	return withUser(ctx, to, s, u.Name, func(db *store.Store, user store.User) error {
		if err := db.DeleteUser(ctx, user.UID, adminOrigin()); err != nil {
			return err
		}
		retired, err := db.RetiredName(ctx, user.Username)
		if err != nil {
			return err
		}
		if retired == user.Username {
			return report(to, "%s is deleted. Apps have known the name: nobody else gets it before user release %[1]s.", user.Username)
		}
		return report(to, "%s is deleted.", user.Username)
	})
}

type userReleaseCommand struct{ accountArg }

func (u userReleaseCommand) Run(ctx context.Context, to output, s *settings) error {
	name, problem := username.Lookup(u.Name)
	if problem != "" {
		return fmt.Errorf("%q: %s", u.Name, problem)
	}
	return withStore(ctx, to, s, func(db *store.Store) error {
		err := db.ReleaseName(ctx, name)
		if errors.Is(err, store.ErrNotRetired) {
			return fmt.Errorf("no deleted account has left the name %s", name)
		}
		if err != nil {
			return err
		}
		logChange(to, s, "name released")
		return report(to, "%s can be taken again; in the apps, its new owner may find the old one's data.", name)
	})
}

type userUnlockCommand struct {
	Name    string `arg:"" optional:"" help:"Username."`
	Address string `env:"-" placeholder:"ADDRESS" help:"Instead of an account: an IP address from which too much was tried."`
}

// Validate is called by kong.
func (u userUnlockCommand) Validate() error {
	if (u.Name == "") == (u.Address == "") {
		return errors.New("give a username, or --address")
	}
	if _, err := netip.ParseAddr(u.Address); u.Address != "" && err != nil {
		return fmt.Errorf("--address: %q is not an IP address", u.Address)
	}
	return nil
}

func (u userUnlockCommand) Run(ctx context.Context, to output, s *settings) error {
	if u.Address != "" {
		return u.unlockAddress(ctx, to, s)
	}
	return accountArg{u.Name}.change(ctx, to, s, "can be logged in to again", func(db *store.Store, user store.User) error {
		return db.Unlock(ctx, user.UID, adminOrigin())
	})
}

func (u userUnlockCommand) unlockAddress(ctx context.Context, to output, s *settings) error {
	address := netip.MustParseAddr(u.Address).Unmap().WithZone("").String()
	return withStore(ctx, to, s, func(db *store.Store) error {
		forgotten, err := db.ForgetAttempts(ctx, auth.NetworkKeys(address)...)
		if err != nil {
			return err
		}
		if forgotten == 0 {
			return report(to, "Nothing was counted for %s.", auth.NetworkOf(address))
		}
		return report(to, "%s can try again.", auth.NetworkOf(address))
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

func (u userSignOutCommand) Run(ctx context.Context, to output, s *settings) error {
	if u.All {
		return withStore(ctx, to, s, func(db *store.Store) error { return signOut(ctx, to, db, 0) })
	}
	return withUser(ctx, to, s, u.Name, func(db *store.Store, user store.User) error { return signOut(ctx, to, db, user.UID) })
}

func signOut(ctx context.Context, to output, db *store.Store, uid int64) error {
	ended, err := db.EndAllSignIns(ctx, uid, adminOrigin())
	if err != nil {
		return err
	}
	if ended == 1 {
		return report(to, "1 sign-in ended.")
	}
	return report(to, "%d sign-ins ended.", ended)
}
