-- As in SQLite's.

-- +goose Up
ALTER TABLE known_browsers ADD COLUMN id TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE known_browsers SET id = gen_random_uuid()::text;
