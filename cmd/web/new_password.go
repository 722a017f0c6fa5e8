package main

import (
	"errors"
	"fmt"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/internal/password"
	"latchkey/internal/store"
)

// judgePassword says why a new password may not be chosen, or nothing. It may read from the disk: where anybody may send
// one, ask the policy alone first, and this when the rate limit has allowed it.
func (a *app) judgePassword(secret, username string) (problem string, err error) {
	if problem := a.policy.Judge(secret, username); problem != "" {
		return problem, nil
	}
	return a.judgeLeaked(secret)
}

func (a *app) judgeLeaked(secret string) (problem string, err error) {
	problem, err = a.policy.JudgeLeaked(secret)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errLeakedUnreadable, err)
	}
	return problem, nil
}

// withNewPassword signs the user in with a new password, by what record stores, when the second factor that form asks for
// was shown, too. Errors are those of proveSecond, of HashPassword and of record.
func (a *app) withNewPassword(c echo.Context, user store.User, secret string, form *components.SecondProof, record func(store.NewSignIn) error) error {
	set := func(proof store.Proof, settled store.Settlement) error {
		var err error
		if user.PassHash, err = a.guard.HashPassword(c.Request().Context(), clientOf(c), secret); err != nil {
			return err
		}
		return a.startSignIn(c, user, false, func(login store.NewSignIn) error {
			login.Factors, login.Proof, login.Settled = proof.Factors(), proof, settled
			return record(login)
		})
	}
	if !form.Asked() {
		err := set(store.Proof{}, store.Settlement{})
		if !errors.Is(err, store.ErrSecondFactorMissing) {
			return err
		}
		// It was added since the form was made.
		factors, err := a.store.SecondFactors(c.Request().Context(), user.UID)
		if err != nil {
			return err
		}
		*form = a.secondProof(c, factors, components.PasskeyRecover)
	}
	return a.proveSecond(c, user, "", form, set)
}

func (a *app) newPassword() components.NewPassword {
	return components.NewPassword{MinLength: a.policy.MinLength, MaxLength: password.MaxLength}
}
