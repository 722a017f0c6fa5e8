package password

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/alexedwards/argon2id"
)

// The time of an answer must not tell an account with old costs from one with today's, or from none. So the work is
// counted: memory, passes and threads of each computation.
func TestHasherTakesTheSameWorkForAWrongPasswordWhateverIsStored(t *testing.T) {
	t.Parallel()
	costs := []Params{{MemoryKiB: 64, Iterations: 1, Threads: 1}, {MemoryKiB: 128, Iterations: 2, Threads: 1}, {MemoryKiB: 256, Iterations: 1, Threads: 2}}
	stored := map[string]string{"no account, or a disabled one": "", "damaged": "$argon2id$v=19$m=64,t=1,p=1$x$y"}
	var beginnings []string
	for _, c := range costs {
		hash, err := NewHasher(c, 1, 1, nil).Hash(t.Context(), "", "right")
		if err != nil {
			t.Fatal(err)
		}
		stored[fmt.Sprint("an account with costs ", c)] = hash
		beginnings = append(beginnings, hash[:strings.LastIndex(hash[:strings.LastIndex(hash, "$")], "$")])
	}
	hasher := NewHasher(costs[1], 1, 1, nil)
	hasher.SetStored(append(beginnings, "", "nonsense", "$argon2id$v=19$m=4294967295,t=1,p=1"))
	work := func(hash string) string {
		check, _ := hasher.check("wrong", hash)
		var each []string
		for _, c := range check.costs() {
			each = append(each, fmt.Sprint(c.Memory, " ", c.Iterations, " ", c.Parallelism, " ", c.KeyLength))
		}
		slices.Sort(each)
		return strings.Join(each, ", ")
	}
	for what, hash := range stored {
		if got := work(hash); got != "128 2 1 32, 256 1 2 32, 64 1 1 32" {
			t.Errorf("%s: computes %s", what, got)
		}
		matches, _, err := hasher.Verify(t.Context(), "", "wrong", hash)
		if matches || err != nil && !errors.Is(err, ErrDamagedHash) {
			t.Errorf("%s: %t, %v", what, matches, err)
		}
		if matches, outdated, _ := hasher.Verify(t.Context(), "", "right", hash); matches != strings.Contains(what, "costs") ||
			outdated != (matches && !strings.Contains(hash, "m=128")) {
			t.Errorf("%s with the right password: %t, outdated %t", what, matches, outdated)
		}
	}
}

func TestHasherDoesNotLetOneHashMakeWrongPasswordsDear(t *testing.T) {
	t.Parallel()
	hasher := NewHasher(DefaultParams, 1, 1, nil)
	hasher.SetStored([]string{"$argon2id$v=19$m=4194304,t=2,p=1", "$argon2id$v=19$m=19456,t=100,p=1", "$argon2id$v=19$m=65536,t=3,p=1"})
	check, _ := hasher.check("wrong", "")
	var memory []uint32
	for _, costs := range check.costs() {
		memory = append(memory, costs.Memory)
	}
	if !slices.Equal(memory, []uint32{19456, 65536}) {
		t.Errorf("computes with %v KiB, want today's costs and those of a like size", memory)
	}
}

func TestHasherTakesAHashOfCostsThatAreNeverSetForDamaged(t *testing.T) {
	t.Parallel()
	sound, err := NewHasher(Params{MemoryKiB: 64, Iterations: 1, Threads: 1}, 1, 1, nil).Hash(t.Context(), "", "right")
	if err != nil {
		t.Fatal(err)
	}
	if Damaged(sound) {
		t.Error("a sound hash counts as damaged")
	}
	for _, costs := range []string{
		"m=1945600000,t=2,p=1", "m=4294967295,t=1,p=1", "m=64,t=4294967295,p=1", "m=64,t=101,p=1", "m=64,t=0,p=1", "m=64,t=1,p=0",
		"m=0,t=1,p=1", "m=64,t=1,p=255", "m=-1,t=1,p=1", "m=64,t=1", "",
	} {
		if !Damaged(strings.Replace(sound, "m=64,t=1,p=1", costs, 1)) {
			t.Errorf("costs %q count as sound", costs)
		}
	}
	for _, hash := range []string{
		"", "x", sound[:len(sound)-30], strings.Replace(sound, "argon2id", "argon2i", 1), sound + strings.Repeat("A", 10_000),
		"$argon2id$v=19$m=64,t=1,p=1$$", "$argon2id$v=18" + strings.TrimPrefix(sound, "$argon2id$v=19"),
	} {
		if !Damaged(hash) {
			t.Errorf("%.60q counts as sound", hash)
		}
	}
}

// A hash that another program made may have a salt and a key of other lengths.
func TestHasherTakesTheSameWorkWhateverTheLengthsOfSaltAndKey(t *testing.T) {
	t.Parallel()
	costs := Params{MemoryKiB: 64, Iterations: 1, Threads: 1}
	hasher := NewHasher(costs, 1, 1, nil)
	hasher.SetStored([]string{"$argon2id$v=19$m=64,t=1,p=1"})
	for _, lengths := range [][2]uint32{{16, 32}, {24, 32}, {16, 16}} {
		hash, err := argon2id.CreateHash("right", &argon2id.Params{
			Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: lengths[0], KeyLength: lengths[1],
		})
		if err != nil {
			t.Fatal(err)
		}
		if check, damaged := hasher.check("wrong", hash); damaged || len(check.costs()) != 1 {
			t.Errorf("lengths %v: %d computations, damaged %t; want 1", lengths, len(check.costs()), damaged)
		}
		if matches, outdated, err := hasher.Verify(t.Context(), "", "right", hash); !matches || err != nil || outdated != (lengths != [2]uint32{16, 32}) {
			t.Errorf("lengths %v: matches %t, outdated %t, %v", lengths, matches, outdated, err)
		}
	}
}
