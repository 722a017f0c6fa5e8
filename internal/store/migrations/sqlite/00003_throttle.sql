-- Limits on guessing, and the browsers that an account was logged in from before.

-- +goose Up
CREATE TABLE throttle (
    -- A hash of what is counted: a name, an address, a browser.
    key       BLOB    PRIMARY KEY,
    failures  INTEGER NOT NULL,
    -- Unix milliseconds.
    free_at   INTEGER NOT NULL,
    -- Unix seconds; NULL: never.
    forget_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX throttle_forget_at ON throttle (forget_at);

CREATE TABLE known_browsers (
    uid          INTEGER NOT NULL REFERENCES users (uid) ON DELETE CASCADE,
    token_hash   BLOB    NOT NULL,
    last_used_at INTEGER NOT NULL,
    PRIMARY KEY (uid, token_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX known_browsers_token_hash ON known_browsers (token_hash);
CREATE INDEX known_browsers_last_used_at ON known_browsers (last_used_at);
