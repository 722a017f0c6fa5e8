//go:build linux

package main

import (
	"crypto/tls"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func startCaddy(t *testing.T, p *program) *front {
	t.Helper()
	caddy := installed(t, "caddy", "caddy")
	folder := t.TempDir()
	f := newFront(t, folder)
	config := filepath.Join(folder, "Caddyfile")
	writeFile(t, config, adapted(t, deploymentBlock(t, "caddyfile", "reverse_proxy"),
		"{\n\tservers", "{\n\tadmin off\n\tdefault_bind 127.0.0.1\n\thttp_port "+port(f.http)+"\n\thttps_port "+port(f.https)+"\n\tservers",
		deployedHost+" {\n", deployedHost+" {\n\ttls "+f.certificate+" "+f.key+"\n",
		"127.0.0.1:8080", p.address))
	run := exec.CommandContext(t.Context(), caddy, "run", "--adapter", "caddyfile", "--config", config)
	run.Env = append(os.Environ(), "HOME="+folder, "XDG_DATA_HOME="+folder, "XDG_CONFIG_HOME="+folder)
	f.start(run)
	return f
}

func startNginx(t *testing.T, p *program) *front {
	t.Helper()
	nginx := installed(t, "nginx", "nginx-light")
	folder := t.TempDir()
	f := newFront(t, folder)
	servers := deploymentBlock(t, "nginx", "proxy_pass")
	if listener, err := net.Listen("tcp", "[::1]:0"); err != nil {
		servers = adapted(t, servers, "    listen [::]:80;\n", "", "    listen [::]:443 ssl http2;\n", "")
	} else {
		listener.Close()
		servers = adapted(t, servers, "[::]:80;", "[::1]:"+port(f.http)+";", "[::]:443 ", "[::1]:"+port(f.https)+" ")
	}
	writeFile(t, filepath.Join(folder, "latchkey"), adapted(t, servers, "listen 80;", "listen "+f.http+";", "listen 443 ", "listen "+f.https+" ",
		"/etc/letsencrypt/live/login.example.org/fullchain.pem", f.certificate,
		"/etc/letsencrypt/live/login.example.org/privkey.pem", f.key,
		"http://127.0.0.1:8080", "http://"+p.address))
	// Around the README's part, what Debian's nginx.conf has that could change what it does.
	writeFile(t, filepath.Join(folder, "nginx.conf"), `
		daemon off; master_process off; pid nginx.pid; error_log stderr; events {}
		http {
			access_log off;
			client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
			ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
			gzip on; gzip_proxied any; gzip_min_length 1;
			include latchkey;
		}`)
	f.start(exec.CommandContext(t.Context(), nginx, "-p", folder, "-c", "nginx.conf", "-e", "stderr"))
	return f
}

func TestDeploymentCaddyPassesOnTheRealAddressAndKeepsPeopleOnHTTPS(t *testing.T) {
	t.Parallel()
	wantSafeSignInBehind(t, startCaddy)
}

func TestDeploymentNginxPassesOnTheRealAddressAndKeepsPeopleOnHTTPS(t *testing.T) {
	t.Parallel()
	wantSafeSignInBehind(t, startNginx)
}

func wantSafeSignInBehind(t *testing.T, start func(*testing.T, *program) *front) {
	t.Helper()
	p := startDeployed(t, filepath.Join(t.TempDir(), "auth.db"))
	f := start(t, p)

	newcomer := f.browserAt("127.0.0.5")
	newcomer.site.server.URL = "http://" + deployedHost
	redirect := newcomer.stay().get("/login?next=%2Fuser%2Fbob").wantHeader("Location", deployedSite+"/login?next=%2Fuser%2Fbob")
	if redirect.status != http.StatusMovedPermanently && redirect.status != http.StatusPermanentRedirect {
		t.Errorf("plain http is answered with status %d", redirect.status)
	}
	if landed := newcomer.get("/signup").wantStatus(http.StatusOK); landed.url.String() != deployedSite+"/signup" {
		t.Errorf("http leads to %s", landed.url)
	}

	b := f.browserAt("127.0.0.5")
	b.post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK)
	answer := b.stay().post("/login", "username", "bob", "password", goodPassword).
		wantStatus(http.StatusSeeOther).wantHeader("Location", "/user/bob").
		wantHeader("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	if len(answer.cookies) != 2 {
		t.Errorf("cookies %v, want the session's and the device's", answer.cookies)
	}
	for _, cookie := range answer.cookies {
		if !cookie.Secure || !strings.HasPrefix(cookie.Name, "__Host-") {
			t.Errorf("the cookie is %v", cookie)
		}
	}
	home := b.with("Accept-Encoding", "gzip, br, zstd").get("/user/bob").wantStatus(http.StatusOK).want("Hello Bob").
		wantHeader("Content-Encoding", "")
	if home.url.String() != deployedSite+"/user/bob" {
		t.Errorf("ended at %s", home.url)
	}

	liar := f.browserAt("127.0.0.6").with("X-Forwarded-For", "203.0.113.9").with("X-Real-IP", "203.0.113.9").
		with("Forwarded", "for=203.0.113.9")
	liar.guess("bob")
	f.browserAt("127.0.0.7").with("X-Forwarded-For", "203.0.113.9, 127.0.0.1").guess("bob")
	b.get("/user/bob/activity").want(", from 127.0.0.5, ")
	log := p.log.String()
	for _, address := range []string{"127.0.0.5", "127.0.0.6", "127.0.0.7"} {
		if !strings.Contains(log, "address="+address+" ") {
			t.Errorf("nothing from %s in the log", address)
		}
	}
	for _, address := range []string{"127.0.0.1 ", "203.0.113.9"} {
		if strings.Contains(log, "address="+address) {
			t.Errorf("something from %s in the log", address)
		}
	}

	b.post("/login", "username", strings.Repeat("x", 100<<10)).wantStatus(http.StatusRequestEntityTooLarge).want("Too long")
	b.post("/login", "username", strings.Repeat("x", 2<<20)).wantStatus(http.StatusRequestEntityTooLarge)
	f.wantModernTLS()
	p.stop()
}

func (f *front) wantModernTLS() {
	f.t.Helper()
	for version, accepted := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		connection, err := tls.Dial("tcp", f.https, &tls.Config{
			RootCAs: f.roots, ServerName: deployedHost, MinVersion: version, MaxVersion: version,
		})
		if err == nil {
			connection.Close()
		}
		if (err == nil) != accepted {
			f.t.Errorf("%s: %v", tls.VersionName(version), err)
		}
	}
}
