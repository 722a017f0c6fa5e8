package main

import "strings"

// validUTF8 is what was typed as it can stand in a page again.
func validUTF8(typed string) string {
	return strings.ToValidUTF8(typed, "\uFFFD")
}
