-- As in SQLite's.

-- +goose Up
CREATE TABLE totp (
    uid        BIGINT PRIMARY KEY REFERENCES users (uid) ON DELETE CASCADE,
    -- The secret, sealed with the key in the key file, of which key_id tells which one it is.
    sealed     BYTEA  NOT NULL,
    key_id     BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    -- The time step of the last code that was accepted. Each code is, once.
    last_step  BIGINT NOT NULL
);

CREATE TABLE passkeys (
    id              BYTEA   PRIMARY KEY,
    uid             BIGINT  NOT NULL REFERENCES users (uid) ON DELETE CASCADE,
    -- The host that it was made for; it is good for no other.
    rp_id           TEXT    COLLATE "C" NOT NULL,
    public_key      BYTEA   NOT NULL,
    sign_count      BIGINT  NOT NULL,
    backup_eligible BOOLEAN NOT NULL,
    backed_up       BOOLEAN NOT NULL,
    transports      TEXT    COLLATE "C" NOT NULL,
    aaguid          BYTEA   NOT NULL,
    name            TEXT    COLLATE "C" NOT NULL,
    created_at      BIGINT  NOT NULL,
    last_used_at    BIGINT,
    -- The hash of the challenge that it answered last. Each is answered once.
    last_challenge  BYTEA
);
CREATE INDEX passkeys_uid ON passkeys (uid);

-- What passkeys know an account by: 64 random bytes, never the uid. NULL before the first passkey.
ALTER TABLE users ADD COLUMN handle BYTEA;
CREATE UNIQUE INDEX users_handle ON users (handle) WHERE handle IS NOT NULL;

-- Logins whose password was right and whose second step is still to come.
CREATE TABLE half_logins (
    id         TEXT    COLLATE "C" PRIMARY KEY,
    uid        BIGINT  NOT NULL REFERENCES users (uid) ON DELETE CASCADE,
    begun_at   BIGINT  NOT NULL,
    remembered BOOLEAN NOT NULL,
    -- SHA-256 of the password hash that the password was compared with.
    pass_hash  BYTEA   NOT NULL,
    -- The event that says so, which goes when the second step is passed.
    event_id   BIGINT  NOT NULL
);
CREATE INDEX half_logins_uid ON half_logins (uid);
CREATE INDEX half_logins_begun_at ON half_logins (begun_at);

-- What a sign-in was proved with, and when a second factor was last shown in it; NULL: never.
ALTER TABLE sign_ins ADD COLUMN factors TEXT COLLATE "C" NOT NULL DEFAULT 'password';
ALTER TABLE sign_ins ADD COLUMN second_at BIGINT;

-- Up to when the owner has seen that somebody knew the password and had no second factor.
ALTER TABLE users ADD COLUMN half_logins_seen_at BIGINT NOT NULL DEFAULT 0;

-- A link that also removes the second factors, because the person has lost them.
ALTER TABLE password_links ADD COLUMN lost_second_factor BOOLEAN NOT NULL DEFAULT FALSE;

ALTER TABLE apps ADD COLUMN second_factor BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE groups ADD COLUMN second_factor BOOLEAN NOT NULL DEFAULT FALSE;
