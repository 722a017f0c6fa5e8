-- What usernames look like, so that no two accounts look the same.

-- +goose Up
-- '': not computed yet; the program does, when it opens the file.
ALTER TABLE users ADD COLUMN skeleton TEXT NOT NULL DEFAULT '';
-- Not unique: accounts that look alike may be older than this. The second term: names of ASCII alone do not count as
-- looking alike among themselves.
CREATE INDEX users_skeleton ON users (skeleton, (username GLOB '*[^ -~]*'));
-- One row: what the skeletons were computed with.
CREATE TABLE skeleton_version (version TEXT NOT NULL) STRICT;
