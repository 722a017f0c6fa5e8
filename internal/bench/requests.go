//go:build linux

package main

import (
	"bytes"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
)

// browserHeader is what a browser sends with each request, so that the server does what it does for people.
const browserHeader = "Host: 127.0.0.1\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n" +
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n" +
	"Accept-Language: en-US,en;q=0.5\r\n" +
	"Sec-Fetch-Site: same-origin\r\n"

// browserEncodings are what today's browsers take.
const browserEncodings = "gzip, deflate, br, zstd"

// requestOptions are what differs between requests.
type requestOptions struct {
	cookies map[string]string
	// from is the address that the trusted proxy vouches for; "" leaves the header out.
	from      string
	encodings string
}

func get(path string, o requestOptions) []byte {
	return build("GET", path, o, "")
}

func post(path string, fields url.Values, o requestOptions) []byte {
	return build("POST", path, o, fields.Encode())
}

func build(method, path string, o requestOptions, body string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n%s", method, path, browserHeader)
	if o.encodings != "" {
		fmt.Fprintf(&b, "Accept-Encoding: %s\r\n", o.encodings)
	}
	if o.from != "" {
		fmt.Fprintf(&b, "X-Forwarded-For: %s\r\n", o.from)
	}
	if len(o.cookies) > 0 {
		var pairs []string
		for _, name := range slices.Sorted(maps.Keys(o.cookies)) {
			pairs = append(pairs, name+"="+o.cookies[name])
		}
		fmt.Fprintf(&b, "Cookie: %s\r\n", strings.Join(pairs, "; "))
	}
	if method == "POST" {
		fmt.Fprintf(&b, "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n" + body)
	return b.Bytes()
}

func login(username, password, from string) []byte {
	return post("/login", url.Values{"username": {username}, "password": {password}},
		requestOptions{from: from, encodings: browserEncodings})
}

var addressesUsed atomic.Uint32

// newAddress is an address that no request came from before in this run: the server counts tries per address.
func newAddress() string {
	n := addressesUsed.Add(1)
	return fmt.Sprintf("10.%d.%d.%d", byte(n>>16), byte(n>>8), byte(n))
}
