// Package forward has the rules of forward authentication: which hosts are apps' hosts, what a request that a proxy asks
// about is, and how an app learns who is there. It knows no database and no proxy.
package forward

import (
	"net"
	"strings"

	"golang.org/x/net/idna"
)

// Host returns the canonical form of an app's host: in lower case, in ASCII (IDNA 2008), without a final dot, and without
// the port that https or http has by default. ok is false for what is no host.
func Host(typed string) (host string, ok bool) {
	name, port := typed, ""
	if strings.Contains(typed, ":") {
		var err error
		if name, port, err = net.SplitHostPort(typed); err != nil || !isPort(port) {
			return "", false
		}
	}
	name = strings.TrimSuffix(name, ".")
	if net.ParseIP(name) != nil {
		return "", false // a cookie's host must have a name
	}
	name, err := idna.Lookup.ToASCII(name)
	if err != nil || name == "" || len(name) > 253 || strings.ContainsFunc(name, isOdd) {
		return "", false
	}
	if port != "" && port != "443" && port != "80" {
		name += ":" + port
	}
	return strings.ToLower(name), true
}

func isOdd(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '.')
}

func isPort(port string) bool {
	return port != "" && len(port) <= 5 && strings.Trim(port, "0123456789") == ""
}
