-- +goose Up
-- The sign-in in which the code was made. Before an account gets its first second factor, the code has to be of the same
-- sign-in: one that somebody made who knew only the password must not stand in for the second factor later.
ALTER TABLE recovery_codes ADD COLUMN sign_in TEXT NOT NULL DEFAULT '';
