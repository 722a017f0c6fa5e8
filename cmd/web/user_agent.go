package main

import (
	"sync"

	"github.com/mileusna/useragent"
)

// browserNameLength, in characters, is enough for every browser people use. A failed login from an unknown browser must
// not fill the owner's page.
const browserNameLength = 50

// browserInWords returns the browser and the system that a User-Agent header names.
func browserInWords(userAgent string) string {
	if words, known := browserWords.get(userAgent); known {
		return words
	}
	parsed := useragent.Parse(userAgent)
	name := parsed.Name
	switch {
	case name == "":
		name = "An unknown browser"
	case parsed.OS != "":
		name += " on " + parsed.OS
	}
	if runes := []rune(name); len(runes) > browserNameLength {
		name = string(runes[:browserNameLength-1]) + "…"
	}
	browserWords.put(userAgent, name)
	return name
}

// browserWords holds what was read: parsing takes as long as drawing a whole page.
var browserWords wordsCache

// wordsCache begins again when it is full: anybody can send any header.
type wordsCache struct {
	mu    sync.Mutex
	words map[string]string
}

const maxBrowserWords = 1000

func (c *wordsCache) get(userAgent string) (words string, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	words, known = c.words[userAgent]
	return words, known
}

func (c *wordsCache) put(userAgent, words string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.words == nil || len(c.words) >= maxBrowserWords {
		c.words = map[string]string{}
	}
	c.words[userAgent] = words
}
