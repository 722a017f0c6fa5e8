package main

import (
	"fmt"

	"latchkey/components"
	"latchkey/internal/password"
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

func (a *app) newPassword() components.NewPassword {
	return components.NewPassword{MinLength: a.policy.MinLength, MaxLength: password.MaxLength}
}
