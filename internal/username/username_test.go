package username_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"latchkey/internal/username"
)

func TestUsernameHasOneCanonicalForm(t *testing.T) {
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
		"zoë_":                   "zoë_",
		"Анна!":                  "анна!",
		"-zoë":                   "-zoë",
		"田中taro":                 "田中taro",
		"Taroタロウ":                "taroタロウ",
		"ㄅㄆabc李":                 "ㄅㄆabc李",
		"김kim金":                  "김kim金",
		"می\u200cخواهم":          "می\u200cخواهم",
		"क\u094d\u200dष":         "क\u094d\u200dष",
		"क\u094d\u200cष":         "क\u094d\u200cष",
		"ශ\u0dca\u200dරී":        "ශ\u0dca\u200dරී",
		"ന\u0d4d\u200d":          "ന\u0d4d\u200d",
		"...":                    "...",
		strings.Repeat("x", 100): strings.Repeat("x", 100),
		strings.Repeat("é", 100): strings.Repeat("é", 100),
	} {
		if name, problem := username.Canonical(typed); name != want || problem != "" {
			t.Errorf("Canonical(%q) = %q, %q; want %q", typed, name, problem, want)
		}
	}
}

func TestUsernameThatIsRefusedSaysWhyInPlainWords(t *testing.T) {
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
		"．．":                      "only dots",
		"a／b":                     "slash",
		"a\x00b":                  "invisible or control",
		"a\x1bb":                  "invisible or control",
		"a\u200db":                "invisible or control",
		"a\u200cb":                "invisible or control",
		"می\u200dخواهم":           "invisible or control",
		"\u200cمیخواهم":           "invisible or control",
		"میخواهم\u200c":           "invisible or control",
		"क\u200dष":                "invisible or control",
		"bob\ufe0f":               "invisible or control",
		"bo\u034fb":               "invisible or control",
		"bob❤\ufe0f":              "emoji",
		"👨\u200d👩\u200d👧":         "emoji",
		"\u202enimda":             "invisible or control",
		"a\ufeffb":                "invisible or control",
		"x\xffy":                  "not text",
		"bob😀":                    "emoji",
		"ﬁona":                    "not allowed",
		"\u0430dmin":              "one alphabet",
		"раypal":                  "one alphabet",
		"αdmin":                   "one alphabet",
		"bob१":                    "one alphabet",
		"タロウ김":                    "one alphabet",
		"田中иван":                  "one alphabet",
		"taroанна":                "one alphabet",
		"אבג!":                    "right-to-left",
		"!אבג":                    "right-to-left",
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

func TestUsernameIsFoundWithInvisibleCharactersPastedIntoIt(t *testing.T) {
	for typed, want := range map[string]string{
		"bob":                       "bob",
		"Bob\u200b":                 "bob",
		"\ufeffbob":                 "bob",
		"\u200e bob \u200f":         "bob",
		" \u202abob\u202c\n":        "bob",
		"bo\u00adb":                 "bob",
		"bo\u2060b\u200d":           "bob",
		"bob\ufe0f":                 "bob",
		"bo\x00b\x7f":               "bob",
		"می\u200cخواهم":             "می\u200cخواهم",
		"\u200bمی\u200cخواهم\u200c": "می\u200cخواهم",
		"\u200f می\u200cخواهم \u200c\ufeff": "می\u200cخواهم",
		"ന\u0d4d\u200d\u200b":               "ന\u0d4d\u200d",
	} {
		if name, problem := username.Lookup(typed); name != want || problem != "" {
			t.Errorf("Lookup(%+q) = %+q, %q; want %+q", typed, name, problem, want)
		}
	}
	for typed, want := range map[string]string{
		"": "cannot be empty", "\u200b": "cannot be empty", "a\u200b/b": "slash", "a\u00a0b": "spaces",
		"\u200b\u0430dmin": "one alphabet", strings.Repeat("\u200b", 10_000) + "bob": "longer than 100",
	} {
		if name, problem := username.Lookup(typed); name != "" || !strings.Contains(problem, want) {
			t.Errorf("Lookup(%.20q) = %q, %q; want a problem that says %q", typed, name, problem, want)
		}
	}
}

func FuzzLookup(f *testing.F) {
	for _, seed := range []string{"bob", " Bob ", "", "a/b", "\u200bbob", "می\u200cخواهم", "क\u094d\u200dष", "E\u0301"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		name, problem := username.Canonical(typed)
		found, nothing := username.Lookup(typed)
		if problem == "" && (found != name || nothing != "") {
			t.Fatalf("Lookup(%+q) = %+q, %q; its name is %+q", typed, found, nothing, name)
		}
		if (found == "") == (nothing == "") {
			t.Fatalf("Lookup(%+q) = %+q, %q: want either a name or a problem", typed, found, nothing)
		}
		if again, problem := username.Canonical(found); found != "" && again != found {
			t.Fatalf("Lookup(%+q) = %+q, which no account can have: %s", typed, found, problem)
		}
		if pasted, problem := username.Lookup("\u200b" + found + "\ufeff\u200e"); found != "" && pasted != found {
			t.Fatalf("%+q is not found with invisible characters around it: %+q, %s", found, pasted, problem)
		}
	})
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
