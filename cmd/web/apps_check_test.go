//go:build linux

package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestAppCheckSaysWhenTheProxyDoesNotAsk(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	app := startEcho(t)
	host := "localhost:" + port(app)
	s.addApp(host, "Open", "everyone")
	said, stderr, code := s.runCommand("app", "check", host)
	if code != exitFailed || strings.Count(said, "WRONG: ") < 8 || !strings.Contains(said, "the app itself answers (200): the proxy does not ask Latchkey") {
		t.Errorf("%d: %s%s", code, said, stderr)
	}
	if _, stderr, code := s.runCommand("app", "check", "nowhere.example.org"); code != exitFailed || stderr != "latchkey: there is no app nowhere.example.org\n" {
		t.Errorf("%d: %s", code, stderr)
	}
}

// mistaken is a proxy whose configuration has these mistakes: what is right, and what is there instead.
func mistaken(proxy string, mistakes ...string) appProxy {
	return func(t *testing.T, g *guarded, app string) {
		g.mistakes = mistakes
		eachAppProxy[proxy](t, g, app)
	}
}

func TestAppCheckFindsAProxyThatLetsTheClientSayWhichAppIsAsked(t *testing.T) {
	t.Parallel()
	const host, line = "WRONG: an unknown Host is not this app: ", "WRONG: nor is another one beside the app's own in the request line: "
	for name, test := range map[string]struct {
		start appProxy
		says  []string
		wrong int
	}{
		"$host":      {mistaken("nginx", "X-Original-URL $scheme://$server_name:$server_port", "X-Original-URL $scheme://$host:$server_port"), []string{host}, 1},
		"$http_host": {mistaken("nginx", "X-Original-URL $scheme://$server_name:$server_port", "X-Original-URL $scheme://$http_host"), []string{host, line}, 2},
		"$http_host beside another server": {func(t *testing.T, g *guarded, app string) {
			mistaken("nginx", "X-Original-URL $scheme://$server_name:$server_port", "X-Original-URL $scheme://$http_host",
				"upstream latchkey {", "server { listen 127.0.0.1:"+port(g.photos)+" default_server; return 404; }\nupstream latchkey {")(t, g, app)
		}, []string{line}, 1},
		"a block for every host": {func(t *testing.T, g *guarded, app string) {
			mistaken("caddy", "http://"+g.photos+" {", "http://:"+port(g.photos)+" {")(t, g, app)
		}, []string{host}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGuarded(t, test.start)
			said, stderr, code := g.runCommand("app", "check", g.photos, "--at=127.0.0.1:"+port(g.photos))
			if code != exitFailed || strings.Count(said, "WRONG: ") != test.wrong {
				t.Errorf("%d: %s%s", code, said, stderr)
			}
			for _, says := range test.says {
				if !strings.Contains(said, says+"the proxy takes the client's word for which app is asked") {
					t.Errorf("no %q in %s", says, said)
				}
			}
		})
	}
}

func TestAppCheckFindsNothingWrongByTLS(t *testing.T) {
	t.Parallel()
	for _, proxy := range []string{"caddy", "nginx"} {
		g := newGuardedByTLS(t, eachAppProxy[proxy])
		check := exec.Command(built(t), "app", "check", g.photos, "--at=127.0.0.1:"+port(g.photos), "--db="+g.app.settings.DB, "--url="+g.origin(g.login))
		check.Env = append(os.Environ(), "SSL_CERT_FILE="+g.certificate)
		if said, err := check.CombinedOutput(); err != nil || strings.Count(string(said), "right: ") != 11 {
			t.Errorf("%s: %v, %s", proxy, err, said)
		}
	}
}
