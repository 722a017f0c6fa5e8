//go:build linux

package main

import (
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// startTraefik starts the real one where it is installed, and otherwise what does the same.
func startTraefik(t *testing.T, g *guarded, app string) {
	t.Helper()
	traefik, err := exec.LookPath("traefik")
	if err != nil {
		startLikeTraefik(t, g, app)
		return
	}
	folder := t.TempDir()
	for name, host := range map[string]string{"photos": g.photos, "wiki": g.wiki} {
		writeFile(t, filepath.Join(folder, name+".yml"), adapted(t, appsBlock(t, "yaml"),
			"login.example.org", hostOnly(g.login), "127.0.0.1:8080", g.server.Listener.Addr().String(),
			"photos.example.org", hostOnly(host), "127.0.0.1:8081", g.address(), "127.0.0.1:2342", app, "      tls: {}\n", "",
			"    latchkey:", "    latchkey-"+name+":", "[latchkey]", "[latchkey-"+name+"]", // names are for all files
			"    login:", "    login-"+name+":", "service: login", "service: login-"+name,
			"    photos:", "    "+name+":", "service: photos", "service: "+name))
	}
	process := g.launch(t, exec.Command(traefik,
		"--entryPoints.login.address=127.0.0.1:"+port(g.login), "--entryPoints.photos.address=127.0.0.1:"+port(g.photos),
		"--entryPoints.wiki.address=127.0.0.1:"+port(g.wiki), "--providers.file.directory="+folder,
		"--global.checkNewVersion=false", "--global.sendAnonymousUsage=false"))
	for _, host := range []string{g.photos, g.wiki} { // which it learns some time after it listens
		process.waitFor("the router of "+host, func() bool {
			response, _ := g.ask(t, http.MethodGet, host, "/", "", nil)
			return response.StatusCode == http.StatusUnauthorized
		})
	}
}

// startLikeTraefik starts what does to requests what Traefik 3.7 does with the block of docs/apps.md, because Debian has
// no Traefik.
func startLikeTraefik(t *testing.T, g *guarded, app string) {
	t.Helper()
	block := adapted(t, appsBlock(t, "yaml"), "127.0.0.1:8081", g.address(), "trustForwardHeader: false", "", "rule: Host(`login.example.org`)\n      service: login\n", "", "url: http://127.0.0.1:8080\n", "")
	address := regexp.MustCompile(`address: (\S+)`).FindStringSubmatch(block)
	rule := regexp.MustCompile("rule: Host\\(`photos\\.example\\.org`\\)\n +middlewares: \\[latchkey\\]")
	headers := regexp.MustCompile(`authResponseHeaders: \[(.*)\]`).FindStringSubmatch(block)
	if address == nil || headers == nil || !rule.MatchString(block) || strings.Contains(block, "authRequestHeaders") {
		t.Fatalf("no forwardAuth that the test understands in:\n%s", block)
	}
	site, err := url.Parse(g.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	serveAt(t, g.login, httputil.NewSingleHostReverseProxy(site))
	for _, host := range []string{g.photos, g.wiki} {
		serveAt(t, host, likeTraefik(hostOnly(host), address[1], strings.Split(headers[1], ", "), app))
	}
}

func serveAt(t *testing.T, host string, handler http.Handler) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:"+port(host))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
}

func likeTraefik(host, check string, copied []string, app string) http.Handler {
	service := httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: app})
		r.Out.Host = r.In.Host
		r.SetXForwarded()
	}}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.EqualFold(strings.TrimSuffix(r.Host, ":"+port(r.Host)), host) {
			http.NotFound(w, r)
			return
		}
		question, err := http.NewRequestWithContext(r.Context(), http.MethodGet, check, nil)
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		question.Header = r.Header.Clone()
		// An upgrade is not part of the question, nor what the client says is for one hop alone.
		dropped := strings.Split(strings.Join(r.Header.Values("Connection"), ","), ",")
		for _, name := range append(dropped, "Connection", "Keep-Alive", "Te", "Trailers", "Transfer-Encoding", "Upgrade") {
			question.Header.Del(strings.TrimSpace(name))
		}
		from, _, _ := net.SplitHostPort(r.RemoteAddr)
		for name, value := range map[string]string{
			"X-Forwarded-For": from, "X-Forwarded-Method": r.Method, "X-Forwarded-Proto": "http",
			"X-Forwarded-Host": r.Host, "X-Forwarded-Uri": r.URL.RequestURI(),
		} {
			question.Header.Set(name, value)
		}
		answer, err := client.Do(question)
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		defer answer.Body.Close()
		if answer.StatusCode < 200 || answer.StatusCode >= 300 {
			maps.Copy(w.Header(), answer.Header)
			if location, err := answer.Location(); err == nil {
				w.Header().Set("Location", location.String()) // as seen from the check's address
			}
			w.WriteHeader(answer.StatusCode)
			_, _ = io.Copy(w, answer.Body)
			return
		}
		for _, name := range copied {
			r.Header.Del(name)
			if values := answer.Header.Values(name); len(values) > 0 {
				r.Header[name] = values
			}
		}
		service.ServeHTTP(w, r)
	})
}
