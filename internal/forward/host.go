// Package forward has the rules of forward authentication: which hosts are apps' hosts, what a request that a proxy asks
// about is, and how an app learns who is there. It knows no database and no proxy.
package forward

import (
	"net"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Host returns the canonical form of an app's host: in lower case, in ASCII (IDNA 2008), without a final dot, and without
// the port that https or http has by default. ok is false for what is no host, and for an IP address in any form that
// browsers read as one (127.1, 0x7f000001): a cookie's host must have a name.
func Host(typed string) (host string, ok bool) {
	if !utf8.ValidString(typed) {
		return "", false
	}
	name, port := typed, ""
	if strings.Contains(typed, ":") {
		var err error
		if name, port, err = net.SplitHostPort(typed); err != nil {
			return "", false
		}
		parsed, err := strconv.ParseUint(port, 10, 16)
		if err != nil || parsed == 0 {
			return "", false
		}
		port = strconv.FormatUint(parsed, 10)
	}
	name, err := idna.Lookup.ToASCII(name)
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if err != nil || len(name) > 253 || !areLabels(strings.Split(name, ".")) {
		return "", false
	}
	if port != "" && port != "443" && port != "80" {
		name += ":" + port
	}
	return name, true
}

// number is what a browser takes the last label of an IPv4 address for (WHATWG URL, "ends in a number").
var number = regexp.MustCompile(`^(\d+|0x[0-9a-f]*)$`)

// areLabels reports whether these make a name (RFC 1123, section 2.1) that is no IPv4 address.
func areLabels(labels []string) bool {
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, isOdd) {
			return false
		}
	}
	return !number.MatchString(labels[len(labels)-1])
}

func isOdd(r rune) bool {
	return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '-')
}
