//go:build linux

package main

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// appsBlock is the block of docs/apps.md in this language.
func appsBlock(t *testing.T, language string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/apps.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?ms)^```" + language + "\n(.*?)^```$").FindSubmatch(text)
	if found == nil {
		t.Fatalf("no block of %s in docs/apps.md", language)
	}
	return string(found[1])
}

// echoed is what the app of the tests got, and tells.
type echoed struct {
	Method string
	URI    string
	Header http.Header
	Body   string
}

func startEcho(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
			connection, buffered, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer connection.Close()
			accept := sha1.Sum([]byte(r.Header.Get("Sec-Websocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) // RFC 6455 section 4.2.2
			fmt.Fprintf(buffered, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
				base64.StdEncoding.EncodeToString(accept[:]))
			buffered.Flush()
			line, _ := buffered.ReadString('\n')
			fmt.Fprint(buffered, "heard "+line)
			buffered.Flush()
			return
		}
		switch r.URL.Path {
		case "/events":
			w.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprint(w, "data: The app\n\n")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done() // the client has seen it, and leaves
			return
		case "/form":
			fmt.Fprint(w, "<!doctype html><title>Form</title><h1>A form</h1><form method=post action=/sent><label>Text <input name=text></label><button>Send</button></form>")
			return
		case "/session": // which the app keeps for whom it came to know first
			who := r.Header.Get("Remote-User")
			if cookie, err := r.Cookie("session"); err == nil {
				who = cookie.Value
			}
			w.Header().Set("Set-Cookie", "session="+who+"; Path=/; Max-Age=86400")
			fmt.Fprintf(w, "<!doctype html><title>Session</title><h1>The session of %s</h1>", who)
			return
		case "/forget": // as the log-out of some apps does, which takes our cookie, too
			w.Header().Set("Clear-Site-Data", `"cookies"`)
			fmt.Fprint(w, "<!doctype html><title>Forgotten</title><h1>Forgotten</h1>")
			return
		case "/own": // an answer of the app's own that looks like one of ours
			w.Header().Set("Location", "/elsewhere")
			w.Header().Set("WWW-Authenticate", "App")
			w.Header().Set("Set-Cookie", "app=1")
			status, _ := strconv.Atoi(r.URL.RawQuery)
			w.WriteHeader(status)
			fmt.Fprint(w, "The app's own words")
			return
		}
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "text/html")
		content, _ := json.Marshal(echoed{r.Method, r.RequestURI, r.Header, string(body)})
		fmt.Fprintf(w, "<!doctype html><title>App</title><h1>The app</h1><pre id=echo>%s</pre>", content)
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// guarded is a site, and a real proxy in front of two apps that asks it.
type guarded struct {
	*site
	forwardAuth         *httptest.Server
	login, photos, wiki string   // hosts with ports
	certificate, key    string   // files; empty where people come by http
	mistakes            []string // in the proxy's configuration: what is right, and what is there instead
}

// origin is where people come to a host.
func (g *guarded) origin(host string) string {
	if g.certificate != "" {
		return "https://" + host
	}
	return "http://" + host
}

// An appProxy is one of docs/apps.md, which it starts on loopback.
type appProxy func(t *testing.T, g *guarded, app string)

var eachAppProxy = map[string]appProxy{
	"caddy": func(t *testing.T, g *guarded, app string) {
		folder, caddy := t.TempDir(), installed(t, "caddy", "caddy")
		site, block, _ := strings.Cut(appsBlock(t, "caddyfile"), "\nphotos")
		block = "\nphotos" + block
		begin := func(host string) string {
			if g.certificate != "" {
				return g.origin(host) + " {\n\ttls " + g.certificate + " " + g.key + "\n"
			}
			return g.origin(host) + " {\n"
		}
		config := "{\n\tadmin off\n\tdefault_bind 127.0.0.1\n\tauto_https off\n}\n" +
			adapted(t, site, "login.example.org {\n", begin(g.login), "127.0.0.1:8080", g.server.Listener.Addr().String())
		for _, host := range []string{g.photos, g.wiki} {
			config += adapted(t, block, "photos.example.org {\n", begin(host), "127.0.0.1:8081", g.address(), "127.0.0.1:2342", app)
		}
		writeFile(t, filepath.Join(folder, "Caddyfile"), adapted(t, config, g.mistakes...))
		run := exec.Command(caddy, "run", "--adapter", "caddyfile", "--config", filepath.Join(folder, "Caddyfile"))
		run.Env = append(os.Environ(), "HOME="+folder, "XDG_DATA_HOME="+folder, "XDG_CONFIG_HOME="+folder)
		g.launch(t, run)
	},
	"nginx": func(t *testing.T, g *guarded, app string) {
		folder, nginx := t.TempDir(), installed(t, "nginx", "nginx-light")
		const begin = "\nserver {\n"
		parts := strings.Split(appsBlock(t, "nginx"), begin)
		if len(parts) != 4 {
			t.Fatalf("%d servers of nginx, want one for http, the site's and the app's", len(parts)-1)
		}
		shared, site, block := parts[0], parts[2], parts[3]
		local := func(server, name, host string) string {
			certificate, key := "/etc/letsencrypt/live/"+name+"/fullchain.pem", "/etc/letsencrypt/live/"+name+"/privkey.pem"
			server = adapted(t, begin+server, "    listen [::]:443 ssl http2;\n", "", "server_name "+name, "server_name "+hostOnly(host))
			if g.certificate != "" {
				return adapted(t, server, "listen 443 ", "listen 127.0.0.1:"+port(host)+" ", certificate, g.certificate, key, g.key)
			}
			return adapted(t, server, "listen 443 ssl http2", "listen 127.0.0.1:"+port(host),
				"    ssl_certificate "+certificate+";\n", "", "    ssl_certificate_key "+key+";\n", "")
		}
		config := adapted(t, shared, "127.0.0.1:8081", g.address()) +
			adapted(t, local(site, "login.example.org", g.login), "127.0.0.1:8080", g.server.Listener.Addr().String(), "$host", "$host:$server_port")
		for _, host := range []string{g.photos, g.wiki} {
			config += adapted(t, local(block, "photos.example.org", host), "$server_name", "$server_name:$server_port", "127.0.0.1:2342", app)
		}
		writeFile(t, filepath.Join(folder, "apps"), adapted(t, config, g.mistakes...))
		writeFile(t, filepath.Join(folder, "nginx.conf"), `
			daemon off; master_process off; pid nginx.pid; error_log stderr; events {}
			http {
				access_log off;
				client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
				include apps;
			}`)
		g.launch(t, exec.Command(nginx, "-p", folder, "-c", "nginx.conf", "-e", "stderr"))
	},
	"traefik": startTraefik,
}

func hostOnly(host string) string { return strings.TrimSuffix(host, ":"+port(host)) }

func (g *guarded) address() string { return strings.TrimPrefix(g.forwardAuth.URL, "http://") }

func newGuarded(t *testing.T, start appProxy, flags ...string) *guarded {
	t.Helper()
	g := &guarded{site: newSiteFor(t, "bob", append(flags, "--forward-auth-addr=localhost:0", "--trusted-proxy=127.0.0.1")...)}
	site, err := url.Parse(g.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	g.app.site = site
	g.login = "login.internal:" + freePort(t)
	g.guard(t, start)
	return g
}

// newGuardedByTLS is the same by https, also for the site, which has no account.
func newGuardedByTLS(t *testing.T, start appProxy) *guarded {
	t.Helper()
	g := &guarded{login: "login.internal:" + freePort(t)}
	g.certificate, g.key, _ = makeCertificate(t, t.TempDir(), "login.internal", "photos.internal", "wiki.other.internal")
	g.site = newSite(t, "--url="+g.origin(g.login), "--forward-auth-addr=localhost:0", "--trusted-proxy=127.0.0.1")
	g.server.URL = g.origin(g.login)
	g.guard(t, start)
	return g
}

// guard adds the two apps, and starts a proxy in front of them.
func (g *guarded) guard(t *testing.T, start appProxy) {
	t.Helper()
	g.forwardAuth = httptest.NewServer(g.app.forwardAuthHandler())
	t.Cleanup(g.forwardAuth.Close)
	g.photos, g.wiki = "photos.internal:"+freePort(t), "wiki.other.internal:"+freePort(t)
	g.exec("INSERT INTO groups (name) VALUES ('family')")
	g.exec("INSERT INTO group_members (group_name, uid) SELECT 'family', uid FROM users")
	g.addApp(g.photos, "Photos", "family")
	g.addApp(g.wiki, "Wiki", "everyone")
	start(t, g, startEcho(t))
}

// launch starts a proxy, and waits until it listens. Its command has no context: that of the test ends before its tabs are
// closed, which complain of a proxy that is gone.
func (g *guarded) launch(t *testing.T, c *exec.Cmd) *program {
	t.Helper()
	process := launch(t, c)
	for _, host := range []string{g.login, g.photos, g.wiki} {
		process.waitFor("the proxy of "+host, func() bool {
			connection, err := net.Dial("tcp", "127.0.0.1:"+port(host))
			if err == nil {
				connection.Close()
			}
			return err == nil
		})
	}
	return process
}
