package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// terminalWriter escapes control characters, such as those of a user agent, which could control the administrator's
// terminal. Each call must bring whole characters. \uXXXX is valid JSON, too.
type terminalWriter struct {
	to io.Writer
}

func (p terminalWriter) Write(text []byte) (int, error) {
	if bytes.ContainsFunc(text, isControl) || !utf8.Valid(text) {
		var shown strings.Builder
		for _, r := range string(text) {
			if !isControl(r) {
				shown.WriteRune(r)
				continue
			}
			for _, unit := range utf16.AppendRune(nil, r) {
				fmt.Fprintf(&shown, `\u%04x`, unit)
			}
		}
		_, err := io.WriteString(p.to, shown.String())
		return len(text), err
	}
	return p.to.Write(text)
}

func isControl(r rune) bool {
	if ' ' <= r && r <= '~' || r == '\n' { // nearly all of every log
		return false
	}
	return !unicode.IsPrint(r)
}
