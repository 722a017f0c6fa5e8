-- The name as it was typed at signup, and what the home page shows of an account.

-- +goose Up
-- Empty: as the username.
ALTER TABLE users ADD COLUMN typed_name TEXT NOT NULL DEFAULT '';

ALTER TABLE users ADD COLUMN password_changed_at INTEGER NOT NULL DEFAULT 0;
UPDATE users SET password_changed_at = coalesce((
    SELECT max(max(at, last_at)) FROM events
    WHERE events.uid = users.uid AND kind IN ('password changed', 'recovery code used', 'password link used')
), created_at);

ALTER TABLE users ADD COLUMN last_login_user_agent TEXT NOT NULL DEFAULT '';
ALTER TABLE sign_ins ADD COLUMN previous_login_user_agent TEXT NOT NULL DEFAULT '';
