-- As in SQLite's.

-- +goose Up
ALTER TABLE recovery_codes ADD COLUMN sign_in TEXT COLLATE "C" NOT NULL DEFAULT '';
