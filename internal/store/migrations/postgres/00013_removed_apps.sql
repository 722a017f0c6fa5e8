-- As in SQLite's.

-- +goose Up
CREATE TABLE removed_app_people (
    uid BIGINT PRIMARY KEY REFERENCES users (uid) ON DELETE CASCADE
);

-- The codes of an app that is removed are looked for by its host.
CREATE INDEX app_codes_host ON app_codes (host);
