-- Times are Unix seconds, UTC.

-- +goose Up
CREATE TABLE users (
    -- AUTOINCREMENT: the log names people by uid, so a deleted account's number is never given out again.
    uid        INTEGER PRIMARY KEY AUTOINCREMENT,
    username   TEXT    NOT NULL UNIQUE CHECK (length(username) BETWEEN 1 AND 100),
    pass_hash  TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sign_ins (
    id           TEXT    PRIMARY KEY,
    uid          INTEGER NOT NULL REFERENCES users (uid) ON DELETE CASCADE,
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    remembered   INTEGER NOT NULL CHECK (remembered IN (0, 1)),
    address      TEXT    NOT NULL,
    user_agent   TEXT    NOT NULL
) STRICT;
CREATE INDEX sign_ins_uid ON sign_ins (uid);
CREATE INDEX sign_ins_last_seen_at ON sign_ins (remembered, last_seen_at);

-- The layout that scs's sqlite3store expects; expiry is a Julian day, as SQLite's julianday() gives it.
CREATE TABLE sessions (
    token  TEXT PRIMARY KEY,
    data   BLOB NOT NULL,
    expiry REAL NOT NULL
) STRICT;
CREATE INDEX sessions_expiry ON sessions (expiry);
