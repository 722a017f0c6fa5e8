package main

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
)

func TestTerminalShowsControlCharactersAsJSONEscapes(t *testing.T) {
	for _, sent := range []string{
		"Chrome on Linux", "söñja 日本語 👋", "\x1b[31m", "\u009b31m", "\x7f\r\x00", "\u202egpj.exe", "\u200b\ufeff", "\U000e0041",
	} {
		var shown strings.Builder
		if err := json.NewEncoder(terminalWriter{&shown}).Encode(sent); err != nil {
			t.Fatal(err)
		}
		var got string
		if err := json.Unmarshal([]byte(shown.String()), &got); err != nil || got != sent {
			t.Errorf("%q is shown as %s, which says %q (%v)", sent, shown.String(), got, err)
		}
		if strings.ContainsFunc(strings.TrimSpace(shown.String()), func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q is shown as %q", sent, shown.String())
		}
	}
	var shown strings.Builder
	if written, err := (terminalWriter{&shown}).Write([]byte("a\x9bb\n")); written != 4 || err != nil || shown.String() != "a\ufffdb\n" {
		t.Errorf("bytes that are no text are shown as %q (%d written, %v)", shown.String(), written, err)
	}
}
