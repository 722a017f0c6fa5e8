-- The apps behind forward authentication, and who may enter them.

-- +goose Up
CREATE TABLE apps (
    -- In lower case, with the port when it is not the default one.
    host     TEXT    PRIMARY KEY,
    name     TEXT    NOT NULL,
    everyone INTEGER NOT NULL DEFAULT 0,
    added_at INTEGER NOT NULL
) STRICT;

CREATE TABLE groups (name TEXT PRIMARY KEY) STRICT;

CREATE TABLE group_members (
    group_name TEXT    NOT NULL REFERENCES groups (name) ON DELETE CASCADE,
    uid        INTEGER NOT NULL REFERENCES users (uid) ON DELETE CASCADE,
    PRIMARY KEY (group_name, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_members_uid ON group_members (uid);

CREATE TABLE app_groups (
    host       TEXT NOT NULL REFERENCES apps (host) ON DELETE CASCADE,
    group_name TEXT NOT NULL REFERENCES groups (name) ON DELETE CASCADE,
    PRIMARY KEY (host, group_name)
) STRICT, WITHOUT ROWID;
CREATE INDEX app_groups_group_name ON app_groups (group_name);

-- Codes that hand a sign-in over to an app's host, once, within a minute.
CREATE TABLE app_codes (
    code_hash  BLOB    PRIMARY KEY,
    sign_in    TEXT    NOT NULL REFERENCES sign_ins (id) ON DELETE CASCADE,
    host       TEXT    NOT NULL REFERENCES apps (host) ON DELETE CASCADE,
    -- The browser's nonce on the app's host.
    nonce_hash BLOB    NOT NULL,
    target     TEXT    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX app_codes_sign_in ON app_codes (sign_in);
CREATE INDEX app_codes_expires_at ON app_codes (expires_at);

CREATE TABLE app_sign_ins (
    token_hash   BLOB    PRIMARY KEY,
    sign_in      TEXT    NOT NULL REFERENCES sign_ins (id) ON DELETE CASCADE,
    host         TEXT    NOT NULL REFERENCES apps (host) ON DELETE CASCADE,
    created_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX app_sign_ins_sign_in ON app_sign_ins (sign_in, host);
CREATE INDEX app_sign_ins_host ON app_sign_ins (host);

-- Who has said "continue" to an app.
CREATE TABLE app_people (
    uid  INTEGER NOT NULL REFERENCES users (uid) ON DELETE CASCADE,
    host TEXT    NOT NULL REFERENCES apps (host) ON DELETE CASCADE,
    PRIMARY KEY (uid, host)
) STRICT, WITHOUT ROWID;
CREATE INDEX app_people_host ON app_people (host);

-- Names of deleted accounts that an app may know: their next owner would own the old one's data there.
CREATE TABLE retired_names (
    username   TEXT    PRIMARY KEY,
    skeleton   TEXT    NOT NULL,
    retired_at INTEGER NOT NULL
) STRICT;

-- What programs without a browser send in place of a sign-in, each for one app.
CREATE TABLE app_passwords (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    uid          INTEGER NOT NULL REFERENCES users (uid) ON DELETE CASCADE,
    host         TEXT    NOT NULL REFERENCES apps (host) ON DELETE CASCADE,
    name         TEXT    NOT NULL,
    secret_hash  BLOB    NOT NULL UNIQUE,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT;
CREATE INDEX app_passwords_uid ON app_passwords (uid);
CREATE INDEX app_passwords_host ON app_passwords (host);
