-- Which costs the password hashes have, found without reading every account.

-- +goose Up
-- What stands before the fourth dollar sign: $argon2id$v=19$m=19456,t=2,p=1
CREATE INDEX users_hash_costs ON users (substr(pass_hash, 1, instr(substr(pass_hash, 16), '$') + 14));
