-- Second factors: codes from an app (TOTP, RFC 6238) and passkeys (WebAuthn).

-- +goose Up
CREATE TABLE totp (
    uid        INTEGER PRIMARY KEY REFERENCES users (uid) ON DELETE CASCADE,
    -- The secret, sealed with the key in the key file, of which key_id tells which one it is.
    sealed     BLOB    NOT NULL,
    key_id     BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    -- The time step of the last code that was accepted. Each code is, once.
    last_step  INTEGER NOT NULL
) STRICT;

CREATE TABLE passkeys (
    id              BLOB    PRIMARY KEY,
    uid             INTEGER NOT NULL REFERENCES users (uid) ON DELETE CASCADE,
    -- The host that it was made for; it is good for no other.
    rp_id           TEXT    NOT NULL,
    public_key      BLOB    NOT NULL,
    sign_count      INTEGER NOT NULL,
    backup_eligible INTEGER NOT NULL CHECK (backup_eligible IN (0, 1)),
    backed_up       INTEGER NOT NULL CHECK (backed_up IN (0, 1)),
    transports      TEXT    NOT NULL,
    aaguid          BLOB    NOT NULL,
    name            TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    last_used_at    INTEGER,
    -- The hash of the challenge that it answered last. Each is answered once.
    last_challenge  BLOB
) STRICT;
CREATE INDEX passkeys_uid ON passkeys (uid);

-- What passkeys know an account by: 64 random bytes, never the uid. NULL before the first passkey.
ALTER TABLE users ADD COLUMN handle BLOB;
CREATE UNIQUE INDEX users_handle ON users (handle) WHERE handle IS NOT NULL;

-- Logins whose password was right and whose second step is still to come.
CREATE TABLE half_logins (
    id         TEXT    PRIMARY KEY,
    uid        INTEGER NOT NULL REFERENCES users (uid) ON DELETE CASCADE,
    begun_at   INTEGER NOT NULL,
    remembered INTEGER NOT NULL CHECK (remembered IN (0, 1)),
    -- SHA-256 of the password hash that the password was compared with.
    pass_hash  BLOB    NOT NULL,
    -- The event that says so, which goes when the second step is passed.
    event_id   INTEGER NOT NULL
) STRICT;
CREATE INDEX half_logins_uid ON half_logins (uid);
CREATE INDEX half_logins_begun_at ON half_logins (begun_at);

-- What a sign-in was proved with, and when a second factor was last shown in it; NULL: never.
ALTER TABLE sign_ins ADD COLUMN factors TEXT NOT NULL DEFAULT 'password';
ALTER TABLE sign_ins ADD COLUMN second_at INTEGER;

-- Up to when the owner has seen that somebody knew the password and had no second factor.
ALTER TABLE users ADD COLUMN half_logins_seen_at INTEGER NOT NULL DEFAULT 0;

-- A link that also removes the second factors, because the person has lost them.
ALTER TABLE password_links ADD COLUMN lost_second_factor INTEGER NOT NULL DEFAULT 0 CHECK (lost_second_factor IN (0, 1));

ALTER TABLE apps ADD COLUMN second_factor INTEGER NOT NULL DEFAULT 0 CHECK (second_factor IN (0, 1));
ALTER TABLE groups ADD COLUMN second_factor INTEGER NOT NULL DEFAULT 0 CHECK (second_factor IN (0, 1));
