package main

import (
	"crypto/sha256"
	"encoding/base64"
)

// hashOf is what the database, or somebody who may read it, holds of a secret of at least 128 random bits. One for another
// use has another hash.
func hashOf(use, secret string) []byte {
	hash := sha256.Sum256([]byte(use + secret))
	return hash[:]
}

// textHashOf is hashOf for cookies, addresses and sessions.
func textHashOf(use, secret string) string {
	return base64.RawURLEncoding.EncodeToString(hashOf(use, secret))
}
