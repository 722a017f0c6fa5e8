package main

import (
	"net/url"
	"strings"
	"unicode"
)

// maxNext is in bytes.
const maxNext = 2000

// safeNext returns next when it is a path on this site, and "" otherwise: an address that leads elsewhere after a
// login is how people are led to a copy of this page (ASVS 5.0 3.7.2, CWE-601).
func safeNext(next string) string {
	if !strings.HasPrefix(next, "/") || len(next) > maxNext {
		return ""
	}
	// Browsers take a backslash for a slash and drop tabs and line ends, so that either could hide a second slash.
	if strings.ContainsFunc(next, func(r rune) bool { return r == '\\' || unicode.IsControl(r) }) {
		return ""
	}
	if strings.HasPrefix(next, "//") {
		return ""
	}
	parsed, err := url.Parse(next)
	if err != nil || parsed.Scheme != "" || parsed.Host != "" || parsed.User != nil || strings.HasPrefix(parsed.Path, "//") {
		return ""
	}
	return next
}
