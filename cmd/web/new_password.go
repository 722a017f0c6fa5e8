package main

import (
	"fmt"
)

// judgePassword says why a new password may not be chosen, or nothing. Where anybody may send one, judge it by the policy
// first, and by this when the rate limit has allowed it: it may read from the disk.
func (a *app) judgePassword(secret, username string) (problem string, err error) {
	if problem := a.policy.Judge(secret, username); problem != "" {
		return problem, nil
	}
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
