package main

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// settingValues parse each kind of value of a setting, from a flag or a variable, straight into the type that is used.
// kong puts the name of the setting before an error. Without a value, an address or a URL is not set.
var settingValues = []kong.Option{
	parsedBy(parseHostPort),
	parsedBy(parseSiteURL),
	parsedBy(parseNetwork),
	parsedBy(parseDuration),
	parsedBy(parseNumber),
	parsedBy(parseAccent),
	parsedBy(parseContact),
	parsedBy(parseLogo),
}

func parsedBy[T any](parse func(string) (T, error)) kong.Option {
	return kong.TypeMapper(reflect.TypeFor[T](), kong.MapperFunc(func(ctx *kong.DecodeContext, target reflect.Value) error {
		var text string
		if err := ctx.Scan.PopValueInto("value", &text); err != nil {
			return err
		}
		value, err := parse(text)
		if err == nil {
			target.Set(reflect.ValueOf(value))
		}
		return err
	}))
}

// hostPort is an address to listen on. Its zero value is none.
type hostPort struct {
	host string // a name, an IP address, or empty for every address of the machine
	port string // a number, or a name that the system knows
}

func (a hostPort) String() string {
	return net.JoinHostPort(a.host, a.port)
}

// isLocal reports whether only this machine can connect to the address.
func (a hostPort) isLocal() bool {
	return isLocalHost(a.host)
}

func parseHostPort(text string) (hostPort, error) {
	if text == "" {
		return hostPort{}, nil
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil || port == "" || !isPort(port) {
		return hostPort{}, fmt.Errorf("%q is not HOST:PORT, as in localhost:8080", text)
	}
	return hostPort{host, port}, nil
}

// isPort accepts none too, and the names that the system knows.
func isPort(port string) bool {
	_, err := net.LookupPort("tcp", port)
	return err == nil
}

// parseSiteURL takes an origin: a scheme, a host, and a port if it is not the scheme's own.
func parseSiteURL(text string) (*url.URL, error) {
	if text == "" {
		return nil, nil
	}
	site, err := url.Parse(text)
	if err != nil || (site.Scheme != "http" && site.Scheme != "https") || canonicalHost(site.Host) == "" || !isPort(site.Port()) ||
		site.User != nil || strings.Trim(site.Path, "/") != "" || site.RawQuery != "" || site.Fragment != "" {
		return nil, fmt.Errorf("%q is not http:// or https:// and a host, as in https://login.example.org", text)
	}
	return &url.URL{Scheme: site.Scheme, Host: site.Host}, nil
}

// parseNetwork takes a network in CIDR form, or one address.
func parseNetwork(text string) (netip.Prefix, error) {
	network, err := netip.ParsePrefix(text)
	if err != nil {
		address, err := netip.ParseAddr(text)
		if err != nil || address.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("%q is not an address or a network, as in 10.0.0.0/8", text)
		}
		network = netip.PrefixFrom(address, address.BitLen())
	}
	if network.Addr().Is4In6() && network.Bits() >= 96 {
		network = netip.PrefixFrom(network.Addr().Unmap(), network.Bits()-96)
	}
	return network.Masked(), nil
}

func parseDuration(text string) (time.Duration, error) {
	duration, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a duration, as in 90s or 12h", text)
	}
	return duration, nil
}

func parseNumber(text string) (int, error) {
	number, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a whole number", text)
	}
	return number, nil
}
