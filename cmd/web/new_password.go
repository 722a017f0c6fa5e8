package main

import (
	"fmt"
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

// passwordRule is shown before typing.
func (a *app) passwordRule() string {
	return fmt.Sprintf("At least %d characters, any kind. A few unrelated words are strong and easy to remember.", a.policy.MinLength)
}
