// Package password hashes and checks passwords, and judges new ones.
package password

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// Params are the costs of one Argon2id computation (RFC 9106).
type Params struct {
	MemoryKiB  uint32
	Iterations uint32
	Threads    uint8
}

// DefaultParams are the first choice of the OWASP Password Storage Cheat Sheet (ASVS 5.0 11.4.2): 19 MiB, about
// 23 ms on one core of 2026.
var DefaultParams = Params{MemoryKiB: 19456, Iterations: 2, Threads: 1}

// ErrBusy means that as many computations are waiting as may wait; trying again in a few seconds helps.
var ErrBusy = errors.New("too many passwords are being checked at once")

// ErrDamagedHash means that what is stored for an account is no Argon2id PHC string. No password matches it.
var ErrDamagedHash = errors.New("the stored password hash is damaged")

// Hasher computes Argon2id hashes, a bounded number at a time: each takes MemoryKiB of memory and a whole core, so
// that without a bound a flood of logins would take the machine.
type Hasher struct {
	params *argon2id.Params
	queue  *queue
	worker *Worker
	// dummy is a hash that no known password has, compared when there is no account, so that the answer takes as
	// long as with one.
	dummy string
}

// NewHasher makes a Hasher that has the worker run at most concurrency computations at once, or this process when the
// worker is nil, and lets at most queue others wait.
func NewHasher(params Params, concurrency, queue int, worker *Worker) *Hasher {
	if worker != nil {
		concurrency++ // one on its way, so that the process never waits for the next
	}
	h := &Hasher{
		params: &argon2id.Params{
			Memory: params.MemoryKiB, Iterations: params.Iterations, Parallelism: params.Threads,
			SaltLength: 16, KeyLength: 32,
		},
		queue:  newQueue(concurrency, queue),
		worker: worker,
	}
	salt, key := make([]byte, h.params.SaltLength), make([]byte, h.params.KeyLength)
	rand.Read(salt)
	rand.Read(key)
	h.dummy = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		params.MemoryKiB, params.Iterations, params.Threads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
	return h
}

// Load returns how many computations are under way and how many wait for their turn.
func (h *Hasher) Load() (running, waiting int) {
	return h.queue.counts()
}

// Hash returns the PHC string of a new password. The address is whose turn it takes. Errors are ErrBusy, and ctx's
// when it ends while waiting.
func (h *Hasher) Hash(ctx context.Context, address, password string) (string, error) {
	if err := h.queue.enter(ctx, address); err != nil {
		return "", err
	}
	defer h.queue.leave()
	result := h.worker.compute(task{Password: normalise(password), Params: *h.params})
	if result.Failure != "" {
		return "", fmt.Errorf("hash password: %s", result.Failure)
	}
	return result.Hash, nil
}

// Verify reports whether the password is the one that was hashed, and whether the hash should be made anew because
// it has other parameters than this Hasher's. An empty hash, for an account that does not exist, never matches and
// takes as long as one that does. Errors are ErrBusy, ErrDamagedHash, and ctx's when it ends while waiting.
func (h *Hasher) Verify(ctx context.Context, address, password, hash string) (matches, outdated bool, err error) {
	if err := h.queue.enter(ctx, address); err != nil {
		return false, false, err
	}
	defer h.queue.leave()
	params, _, key, err := argon2id.DecodeHash(hash)
	known := hash != ""
	damaged := err != nil || len(key) == 0 || params.Iterations == 0 || params.Parallelism == 0
	if !known || damaged {
		hash = h.dummy
	}
	result := h.worker.compute(task{Password: normalise(password), Hash: hash})
	switch {
	case result.Failure != "":
		return false, false, fmt.Errorf("check password: %s", result.Failure)
	case known && damaged:
		return false, false, ErrDamagedHash
	}
	return result.Matches && known, known && *params != *h.params, nil
}

// normalise makes one password of what different keyboards send for the same characters (NIST SP 800-63B-4 section
// 3.1.1.2), and changes nothing else (ASVS 5.0 6.2.8).
func normalise(password string) string {
	return norm.NFC.String(password)
}
