package main

import "strings"

// shown is what was typed as it can stand in a page again.
func shown(typed string) string {
	return strings.ToValidUTF8(typed, "\uFFFD")
}
