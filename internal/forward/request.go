package forward

import (
	"net/http"
	"strings"
)

// A Kind of request decides what a refused one can use.
type Kind int

const (
	// Program is fetch, XHR, WebSocket, an event stream, a script, an image, or a client that is no browser.
	Program Kind = iota
	// Navigation opens a page by GET: it can be led to the login.
	Navigation
	// Sent is a navigation with a body: leading it away would lose what was typed.
	Sent
	// Frame is a page within a page, in which the login refuses to be shown.
	Frame
)

// KindOf tells what a request is by Fetch Metadata, and by Accept for browsers that send none.
func KindOf(method string, header http.Header) Kind {
	reads := method == http.MethodGet || method == http.MethodHead
	switch mode, destination := header.Get("Sec-Fetch-Mode"), header.Get("Sec-Fetch-Dest"); {
	case isUpgrade(header):
		return Program
	case mode == "":
		if !strings.Contains(header.Get("Accept"), "text/html") || header.Get("X-Requested-With") != "" {
			return Program
		}
	case mode != "navigate":
		return Program
	case destination != "document" && destination != "":
		return Frame
	}
	if reads {
		return Navigation
	}
	return Sent
}

func isUpgrade(header http.Header) bool {
	return header.Get("Upgrade") != "" || strings.HasPrefix(header.Get("Accept"), "text/event-stream")
}

// IsPrefetch reports whether a browser asks for a page that nobody may ever look at.
func IsPrefetch(header http.Header) bool {
	return strings.Contains(header.Get("Sec-Purpose"), "prefetch") || header.Get("Purpose") == "prefetch"
}
