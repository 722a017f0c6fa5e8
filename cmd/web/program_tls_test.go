//go:build unix

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// makeCertificate writes a certificate for localhost and other hosts and its key, and returns their files and who trusts it.
func makeCertificate(t *testing.T, folder string, hosts ...string) (certificateFile, keyFile string, roots *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: append(hosts, "localhost"),
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(certificate)
	if err != nil {
		t.Fatal(err)
	}
	roots = x509.NewCertPool()
	roots.AddCert(parsed)
	certificateFile, keyFile = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	writeFile(t, certificateFile, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})))
	writeFile(t, keyFile, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
	return certificateFile, keyFile, roots
}

func startSecureProgram(t *testing.T) *program {
	t.Helper()
	certificate, key, roots := makeCertificate(t, t.TempDir())
	p := startProgram(t, append(cheap, "--tls-cert="+certificate, "--tls-key="+key)...)
	_, port, _ := strings.Cut(p.address, ":")
	p.scheme, p.roots, p.address = "https", roots, "localhost:"+port
	return p
}

func TestTLSServesHTTPSAndHTTP2WithSecureCookies(t *testing.T) {
	t.Parallel()
	p := startSecureProgram(t)
	b := p.browser()
	response, err := b.client.Get(p.url("/login"))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.ProtoMajor != 2 || response.StatusCode != http.StatusOK {
		t.Errorf("%s, status %d; want HTTP/2 and 200", response.Proto, response.StatusCode)
	}
	b.post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
	answer := b.stay().post("/login", "username", "bob", "password", goodPassword).
		wantStatus(http.StatusSeeOther).wantHeader("Location", "/user/bob")
	if len(answer.cookies) != 2 {
		t.Fatalf("cookies %v, want the session's and the device's", answer.cookies)
	}
	for _, cookie := range answer.cookies {
		if !strings.HasPrefix(cookie.Name, "__Host-") || !cookie.Secure || !cookie.HttpOnly || cookie.Path != "/" || cookie.Domain != "" ||
			cookie.SameSite != http.SameSiteLaxMode {
			t.Errorf("the cookie is %v", cookie)
		}
	}
	b.get("/user/bob").wantStatus(http.StatusOK).want("Hello Bob")
	if !strings.Contains(p.log.String(), "Latchkey is at https://localhost") {
		t.Error("the first line does not give the https address")
	}
	p.stop()
}

func TestTLSRefusesOldVersions(t *testing.T) {
	t.Parallel()
	p := startSecureProgram(t)
	for version, accepted := range map[uint16]bool{
		tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true,
	} {
		connection, err := tls.Dial("tcp", p.address, &tls.Config{RootCAs: p.roots, MinVersion: version, MaxVersion: version})
		if err == nil {
			connection.Close()
		}
		if (err == nil) != accepted {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
	}
}

func TestTLSPortTakesNoHarmFromPlainHTTP(t *testing.T) {
	t.Parallel()
	p := startSecureProgram(t)
	plain := p.browser()
	plain.site.server.URL = "http://" + p.address
	plain.get("/login").wantStatus(http.StatusBadRequest)
	p.browser().get("/login").wantStatus(http.StatusOK)
}
