package password

import (
	"crypto/sha1"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// leakedFile holds "leaked 0" to "leaked 99999" in the form of Have I Been Pwned's list.
func leakedFile(t *testing.T, end string, change func(lines []string) []string) string {
	t.Helper()
	lines := make([]string, 100_000)
	for i := range lines {
		lines[i] = fmt.Sprintf("%X:%d", sha1.Sum(fmt.Appendf(nil, "leaked %d", i)), 1+i*i%997)
	}
	slices.Sort(lines)
	if change != nil {
		lines = change(lines)
	}
	path := filepath.Join(t.TempDir(), "leaked.txt")
	if err := os.WriteFile(path, []byte(strings.Join(lines, end)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLeakedListFindsAPasswordInAFewReads(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]string{"LF": "\n", "CRLF": "\r\n"} {
		leaked, err := OpenLeaked(leakedFile(t, end, func(lines []string) []string { return append(lines, "") }))
		if err != nil {
			t.Fatal(err)
		}
		leaked.reads.Store(0)
		const looked = 2000
		for i := range looked {
			for password, want := range map[string]bool{fmt.Sprint("leaked ", i*50): true, fmt.Sprint("not leaked ", i): false} {
				if got, err := leaked.Contains(password); got != want || err != nil {
					t.Fatalf("%s: %q: %t, %v", name, password, got, err)
				}
			}
		}
		if reads := float64(leaked.reads.Load()) / (2 * looked); reads > 4 {
			t.Errorf("%s: %.1f reads each", name, reads)
		}
	}
}

func TestLeakedListFindsAPasswordAsItWasTypedToo(t *testing.T) {
	t.Parallel()
	const typed, normal = "cafe\u0301 leaked", "caf\u00e9 leaked"
	for name, held := range map[string]string{"as typed": typed, "normalised": normal} {
		leaked, err := OpenLeaked(leakedFile(t, "\n", func(lines []string) []string {
			lines = append(lines, fmt.Sprintf("%X:1", sha1.Sum([]byte(held))))
			slices.Sort(lines)
			return lines
		}))
		if err != nil {
			t.Fatal(err)
		}
		if found, err := leaked.Contains(typed); !found || err != nil {
			t.Errorf("%s: %t, %v", name, found, err)
		}
	}
	leaked, err := OpenLeaked(leakedFile(t, "\n", func(lines []string) []string { return lines[:50] })) // one read each
	if err != nil {
		t.Fatal(err)
	}
	for password, want := range map[string]int64{typed: 2, normal: 1} {
		leaked.reads.Store(0)
		if found, err := leaked.Contains(password); found || err != nil || leaked.reads.Load() != want {
			t.Errorf("%q: %t, %v, %d reads, want %d", password, found, err, leaked.reads.Load(), want)
		}
	}
}

func TestLeakedListFindsPasswordsWhereHashesAreNotSpreadEvenly(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func([]string) []string{
		"the last tenth":       func(lines []string) []string { return lines[90_000:] },
		"all but the middle":   func(lines []string) []string { return append(lines[:100], lines[99_000:]...) },
		"one line":             func(lines []string) []string { return lines[:1] },
		"without an end":       func(lines []string) []string { return lines[:3] },
		"in small letters":     func(lines []string) []string { return strings.Split(strings.ToLower(strings.Join(lines, "\n")), "\n") },
		"with the largest":     func(lines []string) []string { return append(lines, strings.Repeat("F", 40)+":1") },
		"and with the largest": func(lines []string) []string { return append(lines[:7], strings.Repeat("F", 40)+":1", "") },
	} {
		path := leakedFile(t, "\n", change)
		leaked, err := OpenLeaked(path)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		held := map[string]bool{}
		for line := range strings.Lines(string(content)) {
			held[strings.ToUpper(line[:40])] = true
		}
		for i := range 3000 {
			password := fmt.Sprint("leaked ", i)
			want := held[fmt.Sprintf("%X", sha1.Sum([]byte(password)))]
			if got, err := leaked.Contains(password); got != want || err != nil {
				t.Fatalf("%s: %q: %t, %v; want %t", name, password, got, err, want)
			}
		}
	}
}

func TestLeakedListOfAnotherFormIsRefusedAtTheStart(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func([]string) []string{
		"is not HASH:COUNT": func(lines []string) []string { return append([]string{"password:1"}, lines...) },
		"not sorted":        func(lines []string) []string { slices.Reverse(lines); return lines },
		"is empty":          func([]string) []string { return nil },
		"no line":           func([]string) []string { return []string{strings.Repeat("A", 10_000)} },
		"at byte 0":         func(lines []string) []string { lines[0] = lines[0][:40]; return lines },
	} {
		if _, err := OpenLeaked(leakedFile(t, "\n", change)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want %q", err, want)
		}
	}
	for _, path := range []string{filepath.Join(t.TempDir(), "missing"), t.TempDir()} {
		if _, err := OpenLeaked(path); err == nil {
			t.Errorf("%s is taken", path)
		}
	}
}

func TestLeakedListGoesOnWhenTheFileIsRemovedAndFailsWhenItIsCut(t *testing.T) {
	t.Parallel()
	path := leakedFile(t, "\n", nil)
	leaked, err := OpenLeaked(path)
	if err != nil {
		t.Fatal(err)
	}
	policy := Policy{MinLength: 8, Leaked: leaked}
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	if problem, err := policy.JudgeLeaked("leaked 5"); problem == "" || err != nil {
		t.Errorf("removed: %q, %v", problem, err)
	}
	if err := os.WriteFile(path+".old", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if problem, err := policy.JudgeLeaked("leaked 5"); err == nil {
		t.Errorf("overwritten: %q", problem)
	}
	if problem, err := (Policy{}).JudgeLeaked("leaked 5"); problem != "" || err != nil {
		t.Errorf("without a file: %q, %v", problem, err)
	}
}
