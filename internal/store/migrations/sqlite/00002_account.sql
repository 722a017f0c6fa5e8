-- What the owner of an account sees and does: events, recovery codes, and when the password was last given.

-- +goose Up
CREATE TABLE events (
    id         INTEGER PRIMARY KEY,
    -- NULL: a failed login that named no account.
    uid        INTEGER REFERENCES users (uid) ON DELETE CASCADE,
    at         INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    actor      TEXT    NOT NULL CHECK (actor IN ('owner', 'keeper')),
    address    TEXT    NOT NULL,
    user_agent TEXT    NOT NULL
) STRICT;
CREATE INDEX events_uid ON events (uid, id);
CREATE INDEX events_at ON events (at);

CREATE TABLE recovery_codes (
    uid        INTEGER PRIMARY KEY REFERENCES users (uid) ON DELETE CASCADE,
    code_hash  BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    -- Whether the person said that the code is in a safe place.
    saved      INTEGER NOT NULL DEFAULT 0 CHECK (saved IN (0, 1))
) STRICT;

ALTER TABLE users ADD COLUMN recovery_put_off INTEGER NOT NULL DEFAULT 0 CHECK (recovery_put_off IN (0, 1));
ALTER TABLE sign_ins ADD COLUMN confirmed_at INTEGER NOT NULL DEFAULT 0;
