package auth

import (
	"context"
	"errors"

	"latchkey/internal/password"
	"latchkey/internal/store"
	"latchkey/internal/username"
)

// Login authenticates and has start begin the sign-in, with the settlement of the attempt in the same transaction.
// When the password changes in between, in another browser, it looks again: no sign-in outlives the password it began
// with. It takes the same work whether there is such an account or not.
//
// Errors are ErrWrongCredentials, a *ThrottledError, password.ErrBusy, and those of start.
func (g *Guard) Login(ctx context.Context, client Client, typed, secret string, start func(store.User, store.Settlement) error) error {
	name, _ := username.Lookup(typed) // a name that is not allowed is looked up, and not found, as ""
	err := g.login(ctx, client, name, typed, secret, start)
	if errors.Is(err, store.ErrPasswordChanged) {
		err = g.login(ctx, client, name, typed, secret, start)
	}
	if errors.Is(err, store.ErrPasswordChanged) {
		return ErrWrongCredentials
	}
	return err
}

func (g *Guard) login(ctx context.Context, client Client, name, typed, secret string, start func(store.User, store.Settlement) error) error {
	of := account{username: name, find: func() (store.User, error) {
		user, err := g.store.UserByUsername(ctx, name)
		if errors.Is(err, store.ErrNoUser) {
			return store.User{}, nil
		}
		if user.Disabled {
			user.PassHash = "" // no password is right
		}
		return user, err
	}}
	if name == "" {
		of.username = "not allowed: " + typed
	}
	var err error
	if of.browser, err = g.store.KnownBrowser(ctx, of.username, client.Device); err != nil {
		return err
	}
	return g.tryPassword(ctx, client, of, secret, start)
}

// Confirm lets proceed do what the owner of a sign-in asked for if this is the account's password. The errors are
// those of Login, and store.ErrNotSignedIn when the account is gone.
func (g *Guard) Confirm(ctx context.Context, client Client, signIn store.SignIn, secret string, proceed func(store.User, store.Settlement) error) error {
	of := account{username: signIn.Username, browser: signIn.ID, find: func() (store.User, error) {
		user, err := g.store.UserByUsername(ctx, signIn.Username)
		if errors.Is(err, store.ErrNoUser) || err == nil && (user.UID != signIn.UID || user.Disabled) {
			return store.User{}, store.ErrNotSignedIn
		}
		return user, err
	}}
	return g.tryPassword(ctx, client, of, secret, proceed)
}

// checkPassword verifies the password, or returns ErrWrongCredentials. It replaces a hash that was made with other
// costs; the returned user has the new one. A user without a hash stands for an account that does not exist.
func (g *Guard) checkPassword(ctx context.Context, client Client, user store.User, secret string) (store.User, error) {
	matches, outdated, err := g.hasher.Verify(ctx, client.Network(), secret, user.PassHash)
	switch {
	case errors.Is(err, password.ErrDamagedHash):
		g.log.Error("check password", "error", err, "uid", user.UID, "request", client.RequestID)
		return user, ErrWrongCredentials
	case err != nil:
		return user, err
	case !matches:
		return user, ErrWrongCredentials
	}
	if outdated {
		user.PassHash = g.renewHash(ctx, client, user, secret)
	}
	return user, nil
}

// renewHash stores the password hashed with today's costs, and returns the hash that is stored now. The login is
// good without it.
func (g *Guard) renewHash(ctx context.Context, client Client, user store.User, secret string) string {
	hash, err := g.HashPassword(ctx, client, secret)
	if err == nil {
		err = g.store.ReplacePassHash(ctx, user.UID, user.PassHash, hash)
	}
	if err != nil {
		g.log.Warn("renew password hash", "error", err, "uid", user.UID)
		return user.PassHash
	}
	return hash
}
