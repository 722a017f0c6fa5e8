//go:build linux

package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestAppBehindARealProxyIsOnlyTheAppThatIsAsked: nginx chooses the server by the request line where that names a host,
// and takes the first server for a host that it does not know.
func TestAppBehindARealProxyIsOnlyTheAppThatIsAsked(t *testing.T) {
	t.Parallel()
	for proxy, start := range eachAppProxy {
		t.Run(proxy, func(t *testing.T) {
			t.Parallel()
			g := newGuarded(t, start)
			wiki := g.enterThrough(t, g.wiki)
			if response, _ := g.ask(t, http.MethodGet, g.wiki, "/", "", wiki); response.StatusCode != http.StatusOK {
				t.Fatalf("the wiki itself: %d", response.StatusCode)
			}
			for _, line := range []string{"GET / HTTP/1.1", "GET http://" + g.photos + "/ HTTP/1.1", "GET http://" + g.wiki + "/ HTTP/1.1"} {
				for _, host := range []string{g.wiki, g.photos, strings.TrimSuffix(g.wiki, ":"+port(g.wiki)), "WIKI" + strings.TrimPrefix(g.wiki, "wiki")} {
					response, body := g.write(t, g.photos, line+"\r\nHost: "+host+"\r\nCookie: "+wiki.Get("Cookie")+"\r\nConnection: close\r\n\r\n")
					if strings.Contains(body, "The app") {
						t.Errorf("%s with Host: %s lets into photos with the wiki's cookie: %d", line, host, response.StatusCode)
					}
				}
			}
		})
	}
}

func TestAppBehindARealProxyIsToldWhoIsThereByLatchkeyAlone(t *testing.T) {
	t.Parallel()
	for proxy, start := range eachAppProxy {
		t.Run(proxy, func(t *testing.T) {
			t.Parallel()
			g := newGuarded(t, start)
			in := g.enterThrough(t, g.photos)
			// A header that Connection names is dropped on the way: from the question, too.
			for _, name := range []string{"Remote-User", "Remote_User", "Remote.User", "Remote-Groups", "remote_email", "X-Forwarded-Host", "X-Original-URL", "X-Forwarded-Uri", "Cookie"} {
				for _, connection := range []string{"close", "close, " + name, name + ", close, Remote-User, Remote_User, Remote.User"} {
					for cookie, mayEnter := range map[string]bool{"Cookie: " + in.Get("Cookie") + "\r\n": true, "": false} {
						response, body := g.write(t, g.photos, "GET / HTTP/1.1\r\nHost: "+g.photos+"\r\n"+cookie+name+": alice\r\nConnection: "+connection+"\r\n\r\n")
						passed, told := strings.Contains(body, "The app"), toldBy(body)
						if passed && !mayEnter {
							t.Errorf("%s with Connection: %s lets in: %d", name, connection, response.StatusCode)
						}
						for header, values := range told.Header {
							if strings.HasPrefix(strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(header)), "remote-") && strings.Contains(strings.Join(values, ""), "alice") {
								t.Errorf("%s with Connection: %s: the app is told %s: %v", name, connection, header, values)
							}
						}
					}
				}
			}
		})
	}
}

// write sends these very bytes to the proxy of an app.
func (g *guarded) write(t *testing.T, host, request string) (*http.Response, string) {
	t.Helper()
	connection, err := net.Dial("tcp", "127.0.0.1:"+port(host))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(connection, request)
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Fatalf("%s: %v", request, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}
