package auth

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"latchkey/internal/sealing"
	"latchkey/internal/store"
	"latchkey/internal/throttle"
	"latchkey/internal/totp"
)

// Expected outcomes of what is done with one-time codes.
var (
	// ErrWrongCode means that a code is not one of those that the account's app shows at this moment.
	ErrWrongCode = errors.New("wrong code")
	// ErrCodeUsed means that it is, and was accepted before.
	ErrCodeUsed = errors.New("code already used")
	// ErrCodesUnavailable means that no code can be checked, because the key file is missing, damaged or not the one that
	// the secrets were sealed with.
	ErrCodesUnavailable = errors.New("codes cannot be checked")
	// ErrEnrolmentOver means that codes were not confirmed in time, or not by whom they were made for.
	ErrEnrolmentOver = errors.New("enrolment is over")
)

// Uses of what is sealed.
const (
	sealedCodes     = "totp"
	sealedEnrolment = "totp enrolment of "
)

// enrolmentMaxAge is how long a person has to bring a new secret into an app.
const enrolmentMaxAge = 15 * time.Minute

// NewCodes makes the secret of an account's next codes. Nothing is stored yet: the enrolment, which holds the secret sealed,
// has to come back with a code to SetUpCodes, in the same sign-in. The first call of all makes the key file. A new key in
// place of one that is only out of reach would leave the codes of others sealed for good: then, and when the key is another
// one, it returns ErrCodesUnavailable.
func (g *Guard) NewCodes(ctx context.Context, uid int64, signIn string) (enrolment []byte, err error) {
	key, readErr := sealing.ReadKey(g.keyFile)
	_, others, err := g.store.CountCodesOfOtherKeys(ctx, key.ID())
	switch {
	case err != nil:
		return nil, err
	case others > 0:
		return nil, fmt.Errorf("%w: %w", ErrCodesUnavailable, cmp.Or(readErr, sealing.ErrOtherKey))
	case errors.Is(readErr, sealing.ErrNoKey):
		key, readErr = sealing.MakeKey(g.keyFile)
	}
	if readErr != nil {
		return nil, fmt.Errorf("%w: %w", ErrCodesUnavailable, readErr)
	}
	return key.Seal(sealedEnrolment+signIn, uid, binary.BigEndian.AppendUint64(totp.NewSecret(), uint64(g.now().Unix()))), nil
}

// ReadEnrolment returns the secret that NewCodes made for the account in this sign-in, or ErrEnrolmentOver.
func (g *Guard) ReadEnrolment(uid int64, signIn string, enrolment []byte) (secret []byte, err error) {
	key, err := g.key()
	if err != nil {
		return nil, err
	}
	opened, err := key.Open(sealedEnrolment+signIn, uid, enrolment)
	if err != nil || len(opened) < 8 {
		return nil, ErrEnrolmentOver
	}
	secret, made := opened[:len(opened)-8], time.Unix(int64(binary.BigEndian.Uint64(opened[len(opened)-8:])), 0)
	if age := g.now().Sub(made); age > enrolmentMaxAge || age < -enrolmentMaxAge {
		return nil, ErrEnrolmentOver
	}
	return secret, nil
}

// SetUpCodes gives the account the codes of an enrolment's secret, when code is one of them: nobody is locked out by an app
// that did not take it, or whose clock is wrong. That code is spent by it. Errors are ErrWrongCode, and those of
// ReadEnrolment and store.SetCodes.
func (g *Guard) SetUpCodes(ctx context.Context, uid int64, enrolment []byte, code string, origin store.Origin) error {
	secret, err := g.ReadEnrolment(uid, origin.SignIn, enrolment)
	if err != nil {
		return err
	}
	step, ok := totp.Match(secret, code, g.now())
	if !ok {
		return ErrWrongCode
	}
	key, err := g.key()
	if err != nil {
		return err
	}
	return g.store.SetCodes(ctx, uid, store.CodeSecret{
		Sealed: key.Seal(sealedCodes, uid, secret), KeyID: key.ID(), LastStep: step,
	}, origin)
}

// TryCode lets proceed do what a right code allows. proceed spends the code and settles the attempt in its own transaction;
// when it fails, the attempt was none. signIn is the id of the sign-in in which the code is shown, and "" in a login.
//
// Codes have limits of their own, like those on passwords (ASVS 5.0 6.3.1, 6.5.1; NIST SP 800-63B-4 section 3.2.2). A right
// password does not reset them, or whoever knows it could guess for ever.
//
// Errors are ErrWrongCode, ErrCodeUsed, ErrCodesUnavailable, a *ThrottledError, store.ErrNoCodes, and those of proceed.
func (g *Guard) TryCode(ctx context.Context, client Client, user store.User, signIn, code string, proceed func(store.Proof, store.Settlement) error) error {
	of := account{username: user.Username, browser: signIn}
	if signIn == "" {
		var err error
		if of.browser, err = g.store.KnownBrowser(ctx, user.Username, client.Device); err != nil {
			return err
		}
	}
	a, err := g.count(ctx, client, of.browser != "",
		g.limits.knownBrowser(throttle.CodesOfKnownBrowser(of.username, of.browser)), g.limits.unknownBrowsers(throttle.CodesOfUnknownBrowsers(of.username)))
	if errors.As(err, new(*ThrottledError)) {
		g.store.RecordFailure(store.Failure{Kind: store.SecondThrottled, UID: user.UID}, client.Origin(g.now()))
	}
	if err != nil {
		return err
	}
	use, err := g.checkCode(ctx, user, code)
	if err == nil {
		settled := a.right()
		// The login is whole now: what was counted at its password is worth nothing any more.
		settled.Reset = append(settled.Reset,
			g.limits.unknownBrowsers(throttle.UnknownBrowsers(of.username)), g.limits.knownBrowser(throttle.KnownBrowser(of.username, of.browser)))
		err = proceed(store.Proof{Code: &use}, settled)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrProofSpent): // by another request, at the same moment
		err = ErrCodeUsed
	}
	if errors.Is(err, ErrWrongCode) || errors.Is(err, ErrCodeUsed) {
		g.store.RecordFailure(store.Failure{Kind: store.SecondStepFailed, UID: user.UID}, client.Origin(g.now()))
		return err // stays counted
	}
	return errors.Join(err, g.undo(ctx, a))
}

func (g *Guard) checkCode(ctx context.Context, user store.User, code string) (store.CodeUse, error) {
	stored, err := g.store.CodeSecret(ctx, user.UID)
	if err != nil {
		return store.CodeUse{}, err
	}
	key, err := g.key()
	if err != nil {
		return store.CodeUse{}, err
	}
	secret, err := key.Open(sealedCodes, user.UID, stored.Sealed)
	if err != nil {
		return store.CodeUse{}, fmt.Errorf("%w: %w", ErrCodesUnavailable, err)
	}
	step, ok := totp.Match(secret, code, g.now())
	if !ok {
		return store.CodeUse{}, ErrWrongCode
	}
	return store.CodeUse{Step: step, Sealed: stored.Sealed}, nil
}

func (g *Guard) key() (sealing.Key, error) {
	key, err := sealing.ReadKey(g.keyFile)
	if err != nil {
		return sealing.Key{}, fmt.Errorf("%w: %w", ErrCodesUnavailable, err)
	}
	return key, nil
}
