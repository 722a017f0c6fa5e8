package password_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"latchkey/internal/password"
)

// longest is a password of 256 characters that repeats nothing.
var longest = func() string {
	var text strings.Builder
	for i := 0; text.Len() < 256; i++ {
		fmt.Fprintf(&text, "%d xq%c ", i*i, 'a'+i%26)
	}
	return text.String()[:256]
}()

var policy = password.Policy{MinLength: 8, SiteNames: []string{"latchkey", "login.example"}}

const home = "192.0.2.1" // where everybody in these tests comes from

func TestPasswordThatIsGoodIsTakenWhateverItsCharacters(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		"k3xq9vbz", "correct horse battery staple", "  leading and trailing  ", "пароль и ещё слова", "日本語の長い合言葉です",
		"🦊🐙🦉🐢🦔🐝🦋🐌", "tab\tnew\nline\x00nul", longest,
	} {
		if problem := policy.Judge(good, "bob"); problem != "" {
			t.Errorf("Judge(%q) = %q, want it accepted", good, problem)
		}
	}
}

func TestPasswordThatIsRefusedSaysWhyAndWhatToDo(t *testing.T) {
	t.Parallel()
	for bad, want := range map[string]string{
		"":                               "cannot be empty",
		"k3xq9vb":                        "at least 8",
		"e\u0301e\u0301e\u0301e\u0301":   "at least 8",
		strings.Repeat("xq7z", 64) + "!": "longer than 256",
		"xq7zxq7z\xff":                   "not text",
		"password":                       "attackers try it first",
		"password123":                    "attackers try it first",
		"P@ssw0rd1":                      "attackers try it first",
		"qwertyuiop":                     "attackers try it first",
		"12345678":                       "attackers try it first",
		"aaaaaaaaaaaaaaaa":               "a sequence",
		"iloveyou!!":                     "attackers try it first",
		"alexandra":                      "username",
		"Alexandra1!":                    "username",
		"ardnaxelA99":                    "username",
		"alexandraalexandra":             "username",
		"4l3x4ndr4":                      "username",
		"Latchkey2026":                   "site's name",
		"L@tchk3y!!":                     "site's name",
		"login.example":                  "site's name",
	} {
		if problem := policy.Judge(bad, "alexandra"); !strings.Contains(problem, want) {
			t.Errorf("Judge(%.30q) = %q, want it to say %q", bad, problem, want)
		}
	}
}

func TestPasswordLengthIsCountedInCodePointsAfterNormalising(t *testing.T) {
	t.Parallel()
	cyrillic := strings.NewReplacer("x", "ж", "q", "ы", "0", "щ").Replace(longest)
	for password, accepted := range map[string]bool{
		"жыщлрф7":      false,
		"жыщлрф7з":     true,
		cyrillic:       true,
		cyrillic + "з": false,
	} {
		if problem := policy.Judge(password, "bob"); (problem == "") != accepted {
			t.Errorf("Judge(%.20q) = %q, accepted should be %v", password, problem, accepted)
		}
	}
}

var cheap = password.Params{MemoryKiB: 64, Iterations: 1, Threads: 1}

func TestHasherTakesOnePasswordFromTwoKeyboards(t *testing.T) {
	t.Parallel()
	hasher := password.NewHasher(cheap, 1, 1, nil)
	hash, err := hasher.Hash(t.Context(), home, "cafe\u0301 au lait")
	if err != nil {
		t.Fatal(err)
	}
	for typed, want := range map[string]bool{"caf\u00e9 au lait": true, "cafe au lait": false, "Caf\u00e9 au lait": false, " caf\u00e9 au lait": false} {
		if matches, _, err := hasher.Verify(t.Context(), home, typed, hash); matches != want || err != nil {
			t.Errorf("Verify(%q) = %v, %v; want %v", typed, matches, err, want)
		}
	}
}

func TestHasherMakesAPHCStringThatRemembersItsParameters(t *testing.T) {
	t.Parallel()
	old := password.NewHasher(cheap, 1, 1, nil)
	hash, err := old.Hash(t.Context(), home, "k3xq9vbz")
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Fatalf("Hash = %q, %v", hash, err)
	}
	if matches, outdated, err := old.Verify(t.Context(), home, "k3xq9vbz", hash); !matches || outdated || err != nil {
		t.Errorf("same parameters: matches %v, outdated %v, %v", matches, outdated, err)
	}
	stronger := password.NewHasher(password.Params{MemoryKiB: 128, Iterations: 1, Threads: 1}, 1, 1, nil)
	if matches, outdated, err := stronger.Verify(t.Context(), home, "k3xq9vbz", hash); !matches || !outdated || err != nil {
		t.Errorf("other parameters: matches %v, outdated %v, %v", matches, outdated, err)
	}
}

func TestHasherMatchesNoPasswordWithoutAnAccount(t *testing.T) {
	t.Parallel()
	hasher := password.NewHasher(cheap, 1, 1, nil)
	for _, typed := range []string{"", "k3xq9vbz"} {
		if matches, _, err := hasher.Verify(t.Context(), home, typed, ""); matches || err != nil {
			t.Errorf("Verify(%q) = %v, %v", typed, matches, err)
		}
	}
}

func TestHasherTakesADamagedHashForAnErrorAndNoMatch(t *testing.T) {
	t.Parallel()
	hasher := password.NewHasher(cheap, 1, 1, nil)
	for _, hash := range []string{"x", "$argon2id$v=19$m=64,t=1,p=1$$", "$2a$10$abcdefghijklmnopqrstuv"} {
		if matches, _, err := hasher.Verify(t.Context(), home, "k3xq9vbz", hash); matches || !errors.Is(err, password.ErrDamagedHash) {
			t.Errorf("Verify against %q = %v, %v", hash, matches, err)
		}
	}
}

func TestHasherRefusesAtOncePastItsQueue(t *testing.T) {
	t.Parallel()
	slow := password.NewHasher(password.Params{MemoryKiB: 19456, Iterations: 4, Threads: 1}, 1, 2, nil)
	var group sync.WaitGroup
	var mu sync.Mutex
	busy, done := 0, 0
	for range 20 {
		group.Go(func() {
			_, err := slow.Hash(context.Background(), home, "k3xq9vbz")
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				done++
			case errors.Is(err, password.ErrBusy):
				busy++
			default:
				t.Error(err)
			}
		})
	}
	group.Wait()
	if done < 3 || busy == 0 || done+busy != 20 {
		t.Errorf("done %d, busy %d; want at least the 3 that fit, and the rest refused", done, busy)
	}
	if _, err := slow.Hash(context.Background(), home, "k3xq9vbz"); err != nil {
		t.Errorf("after the rush: %v", err)
	}
}

func TestHasherQueueGetsThePlaceOfThoseWhoLeaveBack(t *testing.T) {
	t.Parallel()
	hasher := password.NewHasher(password.Params{MemoryKiB: 19456, Iterations: 20, Threads: 1}, 1, 1, nil)
	started := make(chan struct{})
	finished := make(chan struct{})
	go func() {
		close(started)
		hasher.Hash(context.Background(), home, "k3xq9vbz")
		close(finished)
	}()
	<-started
	gone, leave := context.WithCancel(context.Background())
	leave()
	for {
		// Until the first computation holds the only place, this one may still be let in.
		if _, err := hasher.Hash(gone, home, "k3xq9vbz"); errors.Is(err, context.Canceled) {
			break
		}
	}
	<-finished
	if _, err := hasher.Hash(context.Background(), home, "k3xq9vbz"); err != nil {
		t.Errorf("the place was not given back: %v", err)
	}
}

func FuzzJudge(f *testing.F) {
	for _, seed := range []string{"", "password", "k3xq9vbz", "e\u0301", "\xff", "🦊", strings.Repeat("a", 300)} {
		f.Add(seed, "bob")
	}
	hasher := password.NewHasher(cheap, 4, 16, nil)
	f.Fuzz(func(t *testing.T, typed, username string) {
		if problem := policy.Judge(typed, username); problem != "" {
			return
		}
		hash, err := hasher.Hash(t.Context(), home, typed)
		if err != nil {
			t.Fatal(err)
		}
		if matches, _, err := hasher.Verify(t.Context(), home, typed, hash); !matches || err != nil {
			t.Fatalf("%q was accepted but does not match its own hash: %v", typed, err)
		}
	})
}

func BenchmarkHash(b *testing.B) {
	hasher := password.NewHasher(password.DefaultParams, 1, 1, nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := hasher.Hash(b.Context(), home, "k3xq9vbz"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkJudge(b *testing.B) {
	for name, chosen := range map[string]string{
		"four words":         "correct horse battery staple",
		"8 characters":       "k3xq9vbz",
		"100 equal":          strings.Repeat("a", 100),
		"100 substitutes":    strings.Repeat("4@", 50),
		"all substitutes":    strings.Repeat("10$7!3@5|4", 10),
		"100 digits":         strings.Repeat("19871231", 13),
		"one long walk":      strings.Repeat("qwertyuioplkjhgfdsazxcvbnm,./;", 4),
		"repeats in repeats": "abaababaabaababaababaabaababaabaababaababaabaababaababaabaababaabaababaababaabaababaabaababaababaabaab",
		"Cyrillic":           strings.Repeat("жыщлрф", 17),
		"letters":            strings.Repeat("thesarmarinondestelalinemarcore", 4),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				policy.Judge(chosen, "bob")
			}
		})
	}
}
