-- The administrator is called by that name. SQLite changes no CHECK: the table is made anew.

-- +goose Up
CREATE TABLE new_events (
    id         INTEGER PRIMARY KEY,
    -- NULL: an attempt that named no account.
    uid        INTEGER REFERENCES users (uid) ON DELETE CASCADE,
    -- at is the first time, last_at the last; address and user_agent are of the last.
    at         INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    actor      TEXT    NOT NULL CHECK (actor IN ('owner', 'admin')),
    address    TEXT    NOT NULL,
    user_agent TEXT    NOT NULL,
    repeats    INTEGER NOT NULL DEFAULT 1,
    last_at    INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO new_events SELECT id, uid, at, kind, iif(actor = 'keeper', 'admin', actor), address, user_agent, repeats, last_at FROM events;
DROP TABLE events;
ALTER TABLE new_events RENAME TO events;
CREATE INDEX events_uid ON events (uid, id);
CREATE INDEX events_last_at ON events (last_at);
CREATE INDEX events_uid_kind ON events (uid, kind, id);
