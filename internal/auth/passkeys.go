package auth

import (
	"context"
	"crypto/sha256"
	"errors"

	"latchkey/internal/passkey"
	"latchkey/internal/store"
	"latchkey/internal/throttle"
)

// Expected outcomes of what is done with passkeys.
var (
	// ErrPasskeyRefused means that an answer is not what the account's passkey makes of the challenge.
	ErrPasskeyRefused = errors.New("passkey refused")
	// ErrPasskeyOfOther means that it is good, but of another account.
	ErrPasskeyOfOther = errors.New("passkey of another account")
)

// PasskeyAnswer is what a browser sent for a challenge that it was given a short time ago, and once.
type PasskeyAnswer struct {
	passkey.Answer
	Site *passkey.Site
	// Given is the challenge; it is "" when there was none like it.
	Given string
	// Of is the uid of the account that has to show it, or 0 for a login, which any account may.
	Of int64
	// SignIn is the id of the sign-in in which it is shown, and "" in a login.
	SignIn string
}

// TryPasskey lets proceed do what a good passkey allows. proceed spends the answer, and settles what was counted against
// the account, in its own transaction. Nothing is counted here: an answer is signed, and cannot be guessed.
//
// Errors are ErrPasskeyRefused, ErrPasskeyOfOther, store.ErrNoPasskey, and those of proceed.
func (g *Guard) TryPasskey(ctx context.Context, client Client, answer PasskeyAnswer, proceed func(store.User, store.Proof, store.Settlement) error) error {
	kept, user, handle, err := g.store.PasskeyByID(ctx, answer.ID)
	if err != nil {
		return err
	}
	used, err := answer.Site.Check(answer.Answer, answer.Given, handle, kept.Credential, answer.Of != 0)
	switch {
	case err != nil, user.Disabled, kept.Host != answer.Site.Host():
		return g.refusePasskey(client, user)
	case answer.Of != 0 && answer.Of != user.UID:
		return ErrPasskeyOfOther
	}
	settled, err := g.settleAll(ctx, client, user.Username, answer.SignIn)
	if err != nil {
		return err
	}
	challengeHash := HashChallenge(answer.Given)
	err = proceed(user, store.Proof{Passkey: &store.PasskeyUse{
		ID: used.ID, SignCount: used.SignCount, BackedUp: used.BackedUp, ChallengeHash: challengeHash,
	}}, settled)
	if errors.Is(err, store.ErrProofSpent) || errors.Is(err, store.ErrPasswordChanged) { // a moment ago
		return g.refusePasskey(client, user)
	}
	return err
}

// refusePasskey tells the owner: whoever knows the id of a passkey has seen it.
func (g *Guard) refusePasskey(client Client, user store.User) error {
	g.store.RecordFailure(store.Failure{Kind: store.PasskeyRefused, UID: user.UID}, client.Origin(g.now()))
	return ErrPasskeyRefused
}

// settleAll resets the limits on passwords and on codes of the account: its owner is there.
func (g *Guard) settleAll(ctx context.Context, client Client, username, signIn string) (store.Settlement, error) {
	reset := []store.Counter{
		g.limits.unknownBrowsers(throttle.UnknownBrowsers(username)), g.limits.unknownBrowsers(throttle.CodesOfUnknownBrowsers(username)),
	}
	browser := signIn
	if browser == "" {
		var err error
		if browser, err = g.store.KnownBrowser(ctx, username, client.Device); err != nil {
			return store.Settlement{}, err
		}
		if browser == "" {
			return store.Settlement{Reset: reset}, nil
		}
	}
	return store.Settlement{Reset: append(reset,
		g.limits.knownBrowser(throttle.KnownBrowser(username, browser)), g.limits.knownBrowser(throttle.CodesOfKnownBrowser(username, browser)))}, nil
}

// HashChallenge names a challenge in the database.
func HashChallenge(challenge string) []byte {
	hash := sha256.Sum256([]byte(challenge))
	return hash[:]
}
