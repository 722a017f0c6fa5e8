package main

import "github.com/mileusna/useragent"

// browserNameLength, in characters, is enough for every browser people use. A failed login from an unknown browser must
// not fill the owner's page.
const browserNameLength = 50

// browserInWords returns the browser and the system that a User-Agent header names.
func browserInWords(userAgent string) string {
	parsed := useragent.Parse(userAgent)
	name := parsed.Name
	switch {
	case name == "":
		return "An unknown browser"
	case parsed.OS != "":
		name += " on " + parsed.OS
	}
	if runes := []rune(name); len(runes) > browserNameLength {
		name = string(runes[:browserNameLength-1]) + "…"
	}
	return name
}
