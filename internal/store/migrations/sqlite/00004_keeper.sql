-- What the keeper of the site does to accounts.

-- +goose Up
ALTER TABLE users ADD COLUMN disabled_at INTEGER;

-- Links with which a person chooses a password, once; the keeper makes them and never learns the password.
CREATE TABLE password_links (
    uid        INTEGER PRIMARY KEY REFERENCES users (uid) ON DELETE CASCADE,
    token_hash BLOB    NOT NULL UNIQUE,
    expires_at INTEGER NOT NULL
) STRICT;
