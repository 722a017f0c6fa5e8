-- Repeated events are one row, and a session ends with its only sign-in.

-- +goose Up
-- How often it happened; at is the first time, last_at, address and user_agent are of the last.
ALTER TABLE events ADD COLUMN repeats INTEGER NOT NULL DEFAULT 1;
ALTER TABLE events ADD COLUMN last_at INTEGER NOT NULL DEFAULT 0;
UPDATE events SET last_at = at;
DROP INDEX events_at;
CREATE INDEX events_last_at ON events (last_at);
CREATE INDEX events_uid_kind ON events (uid, kind, id);

-- NULL: the session holds no sign-in, or several.
ALTER TABLE sessions ADD COLUMN sign_in TEXT REFERENCES sign_ins (id) ON DELETE CASCADE;
CREATE INDEX sessions_sign_in ON sessions (sign_in);

-- What replaces a password voids these (until now it did not).
DELETE FROM password_links WHERE uid IN (SELECT uid FROM users WHERE disabled_at IS NOT NULL);
