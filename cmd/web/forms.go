package main

import "strings"

// validUTF8 returns what was typed in a form that a page can hold.
func validUTF8(typed string) string {
	return strings.ToValidUTF8(typed, "\uFFFD")
}
