package username_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"latchkey/internal/username"
)

func TestOneAccountHasOneCanonicalName(t *testing.T) {
	for typed, want := range map[string]string{
		"bob":                    "bob",
		"Bob":                    "bob",
		" bob ":                  "bob",
		"\tBOB\n":                "bob",
		"ＢＯＢ":                    "bob",
		"E\u0301mile":            "émile",
		"<script>":               "<script>",
		"%2e%2e":                 "%2e%2e",
		"o'brien+web@x":          "o'brien+web@x",
		"straße":                 "straße",
		"АННА":                   "анна",
		"אבג":                    "אבג",
		"東京タワー":                  "東京タワー",
		"ひらがな漢字":                 "ひらがな漢字",
		"김철수":                    "김철수",
		"राम१":                   "राम१",
		"bob2026":                "bob2026",
		"анна2026":               "анна2026",
		"...":                    "...",
		strings.Repeat("x", 100): strings.Repeat("x", 100),
		strings.Repeat("é", 100): strings.Repeat("é", 100),
	} {
		if name, problem := username.Canonical(typed); name != want || problem != "" {
			t.Errorf("Canonical(%q) = %q, %q; want %q", typed, name, problem, want)
		}
	}
}

func TestARefusedNameSaysWhyInPlainWords(t *testing.T) {
	for typed, want := range map[string]string{
		"":                        "cannot be empty",
		"   \t":                   "cannot be empty",
		"\u3000":                  "cannot be empty",
		"' OR 1=1 --":             "spaces",
		"a\u00a0b":                "spaces",
		"a/b":                     "slash",
		`a\b`:                     "slash",
		".":                       "only dots",
		"..":                      "only dots",
		"．．":                      "not allowed",
		"a／b":                     "slash",
		"a\x00b":                  "invisible or control",
		"a\x1bb":                  "invisible or control",
		"a\u200db":                "invisible or control",
		"\u202enimda":             "invisible or control",
		"a\ufeffb":                "invisible or control",
		"x\xffy":                  "not text",
		"bob😀":                    "emoji",
		"ﬁona":                    "not allowed",
		"\u0430dmin":              "different alphabets",
		"раypal":                  "different alphabets",
		"αdmin":                   "different alphabets",
		"bob१":                    "different alphabets",
		"abcאבג":                  "right-to-left",
		strings.Repeat("x", 101):  "longer than 100",
		strings.Repeat("é", 101):  "longer than 100",
		strings.Repeat("x", 9999): "longer than 100",
	} {
		name, problem := username.Canonical(typed)
		if name != "" || !strings.Contains(problem, want) {
			t.Errorf("Canonical(%.20q) = %q, %q; want a problem that says %q", typed, name, problem, want)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{"bob", " Bob ", "", ".", "a/b", "E\u0301", "\u202eabc", "x\xff", "ＢＯＢ", "аdmin", "İ", "ΑΣ", "東京", "😀", "ǅ", "．．", "a／b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		name, problem := username.Canonical(typed)
		if (name == "") == (problem == "") {
			t.Fatalf("Canonical(%q) = %q, %q: want either a name or a problem", typed, name, problem)
		}
		if problem != "" {
			if !utf8.ValidString(problem) {
				t.Fatalf("Canonical(%q): problem %q is not text", typed, problem)
			}
			return
		}
		if again, problem := username.Canonical(name); again != name {
			t.Fatalf("Canonical(%q) = %q, but Canonical of that = %q, %q", typed, name, again, problem)
		}
		if utf8.RuneCountInString(name) > username.MaxLength || strings.ContainsAny(name, "/\\ \x00") || name == "." || name == ".." {
			t.Fatalf("Canonical(%q) let %q through", typed, name)
		}
	})
}
