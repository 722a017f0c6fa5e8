-- The login before this one, and a bound on the sign-ins of an account.

-- +goose Up
-- In users, because events expire and sign-ins end. NULL: none yet.
ALTER TABLE users ADD COLUMN last_login_at INTEGER;
ALTER TABLE users ADD COLUMN last_login_address TEXT NOT NULL DEFAULT '';
UPDATE users SET (last_login_at, last_login_address) = (at, address) FROM (
    SELECT uid AS of, at, address, max(id) FROM events WHERE kind = 'login succeeded' AND uid IS NOT NULL GROUP BY uid
) WHERE uid = of;

-- What these were when the sign-in began.
ALTER TABLE sign_ins ADD COLUMN previous_login_at INTEGER;
ALTER TABLE sign_ins ADD COLUMN previous_login_address TEXT NOT NULL DEFAULT '';

-- The bound holds from now on (maxSignIns); this is for what was there before.
DELETE FROM sign_ins WHERE rowid IN (
    SELECT row FROM (
        SELECT rowid AS row, row_number() OVER (PARTITION BY uid ORDER BY last_seen_at DESC, rowid DESC) AS place
        FROM sign_ins WHERE uid IN (SELECT uid FROM sign_ins GROUP BY uid HAVING count(*) > 100)
    ) WHERE place > 100
);
