package forward

import (
	"net/http"
	"testing"
)

func TestKindOfRequestIsWhatItCanUse(t *testing.T) {
	t.Parallel()
	page := []string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Accept", "text/html,*/*"}
	for name, test := range map[string]struct {
		method string
		header []string
		want   Kind
	}{
		"a page":                       {"GET", page, Navigation},
		"a page asked about":           {"HEAD", page, Navigation},
		"a form":                       {"POST", page, Sent},
		"another form":                 {"PUT", page, Sent},
		"a page without a destination": {"GET", []string{"Sec-Fetch-Mode", "navigate"}, Navigation},
		"an iframe":                    {"GET", []string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe", "Accept", "text/html"}, Frame},
		"a frame":                      {"GET", []string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "frame"}, Frame},
		"an embed":                     {"GET", []string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "embed"}, Frame},
		"an object":                    {"GET", []string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "object"}, Frame},
		"a form in a frame":            {"POST", []string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, Frame},
		"fetch":                        {"GET", []string{"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty", "Accept", "text/html"}, Program},
		"an image":                     {"GET", []string{"Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"}, Program},
		"a script":                     {"GET", []string{"Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "script"}, Program},
		"a manifest":                   {"GET", []string{"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "manifest"}, Program},
		"a service worker":             {"GET", []string{"Sec-Fetch-Mode", "same-origin", "Sec-Fetch-Dest", "serviceworker"}, Program},
		"a WebSocket":                  {"GET", []string{"Sec-Fetch-Mode", "websocket", "Upgrade", "websocket"}, Program},
		"a WebSocket like a page":      {"GET", append([]string{"Upgrade", "websocket"}, page...), Program},
		"an event stream":              {"GET", []string{"Accept", "text/event-stream"}, Program},
		"a preflight":                  {"OPTIONS", []string{"Sec-Fetch-Mode", "cors", "Origin", "https://a.example", "Access-Control-Request-Method", "PUT"}, Program},
		"an old browser":               {"GET", []string{"Accept", "text/html,application/xhtml+xml,*/*;q=0.8"}, Navigation},
		"an old browser's form":        {"POST", []string{"Accept", "text/html"}, Sent},
		"an old browser's XHR":         {"GET", []string{"Accept", "text/html", "X-Requested-With", "XMLHttpRequest"}, Program},
		"curl":                         {"GET", []string{"Accept", "*/*"}, Program},
		"git":                          {"POST", []string{"Accept", "application/x-git-upload-pack-result"}, Program},
		"WebDAV":                       {"PROPFIND", nil, Program},
	} {
		header := http.Header{}
		for i := 0; i < len(test.header); i += 2 {
			header.Set(test.header[i], test.header[i+1])
		}
		if got := KindOf(test.method, header); got != test.want {
			t.Errorf("%s is %d, want %d", name, got, test.want)
		}
	}
}

func TestKindOfRequestIsPrefetchWhereABrowserSaysSo(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, value string
		want        bool
	}{
		{"Sec-Purpose", "prefetch", true}, {"Sec-Purpose", "prefetch;prerender", true}, {"Sec-Purpose", "prefetch;anonymous-client-ip", true},
		{"Purpose", "prefetch", true}, {"Purpose", "preview", false}, {"Sec-Fetch-Mode", "navigate", false},
	} {
		if got := IsPrefetch(http.Header{test.name: {test.value}}); got != test.want {
			t.Errorf("%s: %s: %t", test.name, test.value, got)
		}
	}
}
