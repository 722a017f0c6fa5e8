-- Events that repeat are one row.

-- +goose Up
ALTER TABLE events ADD COLUMN repeats INTEGER NOT NULL DEFAULT 1;
ALTER TABLE events ADD COLUMN last_at INTEGER;

-- +goose Down
ALTER TABLE events DROP COLUMN last_at;
ALTER TABLE events DROP COLUMN repeats;
