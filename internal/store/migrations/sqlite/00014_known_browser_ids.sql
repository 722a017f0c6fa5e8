-- What limits count a known browser by. Its device cookie changes with each login to any account of the browser.

-- +goose Up
ALTER TABLE known_browsers ADD COLUMN id TEXT NOT NULL DEFAULT '';
UPDATE known_browsers SET id = lower(hex(randomblob(16)));
