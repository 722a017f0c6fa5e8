// Package password hashes and checks passwords, and judges new ones.
package password

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"unicode/utf8"

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

// The bounds of the costs.
const (
	MaxMemoryKiB  = 4 << 20 // 4 GiB
	MaxIterations = 100
	// MinMemoryKiB is for each thread (RFC 9106, section 3.1).
	MinMemoryKiB = 8
	// maxHash is in bytes; a PHC string of ours has less than 110.
	maxHash = 300
)

// Validate says what is wrong with the costs.
func (p Params) Validate() error {
	switch {
	case p.Threads < 1:
		return errors.New("threads: 1 to 255")
	case p.Iterations < 1 || p.Iterations > MaxIterations:
		return errors.New("iterations: 1 to 100")
	case p.MemoryKiB < MinMemoryKiB*uint32(p.Threads) || p.MemoryKiB > MaxMemoryKiB:
		return errors.New("memory: at least 8 per thread, at most 4194304 (4 GiB)")
	}
	return nil
}

// DefaultParams are the first choice of the OWASP Password Storage Cheat Sheet (ASVS 5.0 11.4.2): 19 MiB, about
// 23 ms on one core of 2026.
var DefaultParams = Params{MemoryKiB: 19456, Iterations: 2, Threads: 1}

// ErrBusy means that as many computations are waiting as may wait; trying again in a few seconds helps.
var ErrBusy = errors.New("too many passwords are being checked at once")

// ErrFailed means that the process that hashes died over this computation, or hung. The next one gets a new process.
var ErrFailed = errors.New("the process that hashes failed")

// ErrDamagedHash means that what is stored for an account is no Argon2id PHC string, or has costs that this program
// never sets. No password matches it.
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
	// stored are the costs that stored hashes have, today's first: an []argon2id.Params.
	stored atomic.Value
	// observe is told the costs of each computation.
	observe func(Params)
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
	h.SetStored(nil)
	h.dummy = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		params.MemoryKiB, params.Iterations, params.Threads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
	return h
}

// Observe has f told the costs of each computation that is asked for: what takes the same work takes the same time. Call
// it before the Hasher is used.
func (h *Hasher) Observe(f func(Params)) {
	h.observe = f
}

func (h *Hasher) compute(t task) (outcome, error) {
	if h.observe != nil {
		for _, costs := range t.costs() {
			h.observe(Params{MemoryKiB: costs.Memory, Iterations: costs.Iterations, Threads: costs.Parallelism})
		}
	}
	return h.worker.compute(t)
}

// Load returns how many computations are under way and how many wait for their turn.
func (h *Hasher) Load() (running, waiting int) {
	return h.queue.counts()
}

// Hash returns the PHC string of a new password. The address is whose turn it takes. Errors are ErrBusy, ErrFailed, and
// ctx's when it ends while waiting.
func (h *Hasher) Hash(ctx context.Context, address, password string) (string, error) {
	if err := h.queue.enter(ctx, address); err != nil {
		return "", err
	}
	defer h.queue.leave()
	result, err := h.compute(task{Password: normalize(password), Params: *h.params})
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return result.Hash, nil
}

// Verify reports whether the password is the one that was hashed, and whether the hash should be made anew because
// it has other parameters than this Hasher's. An empty hash, for an account that does not exist, never matches. What
// does not match takes the same work whatever is stored. Errors are ErrBusy, ErrDamagedHash, ErrFailed, and ctx's when
// it ends while waiting.
func (h *Hasher) Verify(ctx context.Context, address, password, hash string) (matches, outdated bool, err error) {
	if err := h.queue.enter(ctx, address); err != nil {
		return false, false, err
	}
	defer h.queue.leave()
	check, damaged := h.check(password, hash)
	result, err := h.compute(check)
	switch {
	case err != nil:
		return false, false, fmt.Errorf("check password: %w", err)
	case damaged:
		return false, false, ErrDamagedHash
	}
	return result.Matches && hash != "", hash != "" && check.costs()[0] != *h.params, nil
}

// check is the task of comparing a password with a hash, or with one that nobody has when there is none.
func (h *Hasher) check(password, hash string) (check task, damaged bool) {
	damaged = hash != "" && Damaged(hash)
	if hash == "" || damaged {
		hash = h.dummy
	}
	check = task{Password: normalize(password), Hash: hash}
	own := check.costs()[0]
	own.SaltLength, own.KeyLength = h.params.SaltLength, h.params.KeyLength // they take no work
	for _, costs := range h.stored.Load().([]argon2id.Params) {
		if costs != own {
			check.Also = append(check.Also, costs)
		}
	}
	return check, damaged
}

// maxStoredCosts bounds the work of a failed check. Who raises the costs more often than this, while some account has
// each of the old ones, lets a wrong password tell which.
const maxStoredCosts = 8

// maxExcess is how many times today's work one of the stored costs may take for a failed check to compute it too.
// Without it, one damaged hash within the bounds (4 GiB, 100 passes) makes every wrong password of anyone as dear.
const maxExcess = 8

func work(costs argon2id.Params) uint64 {
	return uint64(costs.Memory) * uint64(costs.Iterations)
}

// SetStored says which costs the stored hashes have, by their beginnings. What does not match is then computed with all
// of them, so that the time of an answer does not tell an account with old costs from one with today's, or from none.
// Costs of more than eight times today's work are left out.
func (h *Hasher) SetStored(beginnings []string) {
	stored := []argon2id.Params{*h.params}
	for _, beginning := range beginnings {
		costs, err := decode(beginning + "$" + strings.Repeat("A", 22) + "$" + strings.Repeat("A", 43))
		costs.SaltLength, costs.KeyLength = h.params.SaltLength, h.params.KeyLength
		if err == nil && work(costs) <= maxExcess*work(*h.params) && !slices.Contains(stored, costs) && len(stored) < maxStoredCosts {
			stored = append(stored, costs)
		}
	}
	h.stored.Store(stored)
}

// Damaged reports whether a stored hash is no Argon2id PHC string of costs that this program could have chosen. Others
// would take all memory, or never end.
func Damaged(hash string) bool {
	_, err := decode(hash)
	return err != nil
}

func decode(hash string) (argon2id.Params, error) {
	if len(hash) > maxHash {
		return argon2id.Params{}, ErrDamagedHash
	}
	params, salt, key, err := argon2id.DecodeHash(hash)
	if err != nil {
		return argon2id.Params{}, err
	}
	costs := Params{MemoryKiB: params.Memory, Iterations: params.Iterations, Threads: params.Parallelism}
	if costs.Validate() != nil || len(salt) < 8 || len(key) < 16 {
		return argon2id.Params{}, ErrDamagedHash
	}
	return *params, nil
}

// Same reports whether two typed passwords are one and the same.
func Same(a, b string) bool {
	return normalize(a) == normalize(b)
}

// normalize makes one password of what different keyboards send for the same characters (NIST SP 800-63B-4 section
// 3.1.1.2), and changes nothing else (ASVS 5.0 6.2.8). What is too long to be a password stays as it is: normalising
// takes a hundred times as long as counting, and no limit has counted the attempt yet.
func normalize(password string) string {
	if utf8.RuneCountInString(password) > maxTyped {
		return password
	}
	return norm.NFC.String(password)
}
