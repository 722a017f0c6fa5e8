package store

import "context"

// maxSignIns is how many sign-ins an account has at once. People have a dozen browsers; a hundred are a script that
// logs in again and again and never logs out, and more of them would fill the disk and the owner's page.
const maxSignIns = 100

// trimSignIns ends the account's sign-ins above maxSignIns, the ones not used for longest first, and never the one to
// keep. They leave no events: nobody ended them, and the logins that took their place have events of their own.
func (tx *transaction) trimSignIns(ctx context.Context, uid int64, keep string) error {
	_, err := tx.ExecContext(ctx, `
		DELETE FROM sign_ins WHERE uid = $1 AND id <> $2 AND id NOT IN (
			SELECT id FROM sign_ins WHERE uid = $1 AND id <> $2 ORDER BY last_seen_at DESC, rowid DESC LIMIT $3)`,
		uid, keep, maxSignIns-1)
	return err
}

// noteLogin notes in the account when, from where and in which browser its last login was, and in this new sign-in the one before. The
// account keeps it, because events expire and sign-ins end.
func (tx *transaction) noteLogin(ctx context.Context, uid int64, id string, origin Origin) error {
	if _, err := tx.ExecContext(ctx, `
		UPDATE sign_ins SET (previous_login_at, previous_login_address, previous_login_user_agent) = (
			SELECT last_login_at, last_login_address, last_login_user_agent FROM users WHERE users.uid = sign_ins.uid)
		WHERE id = $1`, id); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "UPDATE users SET last_login_at = $1, last_login_address = $2, last_login_user_agent = $3 WHERE uid = $4",
		origin.At.Unix(), origin.Address, clipUserAgent(origin.UserAgent), uid)
	return err
}
