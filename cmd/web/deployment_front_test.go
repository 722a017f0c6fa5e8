//go:build linux

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// A front is a TLS proxy of the README that listens on ports of the test's own and has a certificate that the test made.
type front struct {
	t                *testing.T
	http, https      string // addresses it listens on
	certificate, key string // files
	roots            *x509.CertPool
}

func newFront(t *testing.T, folder string) *front {
	t.Helper()
	f := &front{t: t}
	f.makeCertificate(folder)
	for _, address := range []*string{&f.http, &f.https} {
		*address = "127.0.0.1:" + freePort(t)
	}
	return f
}

// lastPort is below what the system gives to those who ask for any port, or it might give it away before a proxy that a
// test starts has taken it. Processes of tests that run at once begin at different places.
var lastPort atomic.Int32

func init() { lastPort.Store(20_000 + rand.Int32N(10_000)) }

// freePort is a port on loopback for a program that cannot choose one by itself. No other test gets it.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(20_000 + int(lastPort.Add(1))%12_000)
		if listener, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			listener.Close()
			return port
		}
	}
	t.Fatal("no free port")
	return ""
}

func port(address string) string {
	return address[strings.LastIndex(address, ":")+1:]
}

// makeCertificate makes a certificate for the site's host, as `task https` does, and trusts it.
func (f *front) makeCertificate(folder string) {
	f.t.Helper()
	root, err := exec.CommandContext(f.t.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		f.t.Fatal(err)
	}
	source := filepath.Join(strings.TrimSpace(string(root)), "src/crypto/tls/generate_cert.go")
	generate := exec.CommandContext(f.t.Context(), "go", "run", source, "--host", deployedHost, "--ecdsa-curve", "P256", "--duration", "1h")
	generate.Dir = folder
	if output, err := generate.CombinedOutput(); err != nil {
		f.t.Fatalf("make a certificate: %v\n%s", err, output)
	}
	f.certificate, f.key = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	text, err := os.ReadFile(f.certificate)
	if err != nil {
		f.t.Fatal(err)
	}
	f.roots = x509.NewCertPool()
	f.roots.AppendCertsFromPEM(text)
}

func (f *front) start(c *exec.Cmd) {
	f.t.Helper()
	process := launch(f.t, c)
	for _, address := range []string{f.http, f.https} {
		process.waitFor("the proxy at "+address, func() bool {
			connection, err := net.Dial("tcp", address)
			if err == nil {
				connection.Close()
			}
			return err == nil
		})
	}
}

// browserAt is a browser on the machine with this address. It finds the site's host at the proxy.
func (f *front) browserAt(address string) *browser {
	f.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		f.t.Fatal(err)
	}
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	proxies := map[string]string{deployedHost + ":80": f.http, deployedHost + ":443": f.https}
	transport := &http.Transport{
		ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: f.roots},
		DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
			if proxies[to] == "" {
				return nil, fmt.Errorf("asked for %s, which is not the site", to)
			}
			return dialer.DialContext(ctx, network, proxies[to])
		},
	}
	f.t.Cleanup(transport.CloseIdleConnections)
	return &browser{
		site:   &site{t: f.t, server: &httptest.Server{URL: deployedSite}},
		client: &http.Client{Jar: jar, Transport: transport},
		header: http.Header{"Sec-Fetch-Site": {"same-origin"}},
	}
}
