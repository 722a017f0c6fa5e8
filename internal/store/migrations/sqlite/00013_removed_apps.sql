-- Who was known to an app that is removed: its data may still be there, and the name is kept when the account goes.

-- +goose Up
CREATE TABLE removed_app_people (
    uid INTEGER PRIMARY KEY REFERENCES users (uid) ON DELETE CASCADE
) STRICT;

-- The codes of an app that is removed are looked for by its host.
CREATE INDEX app_codes_host ON app_codes (host);
