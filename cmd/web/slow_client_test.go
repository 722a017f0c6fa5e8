package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// listen serves the site as the program does, with its time-outs and limits.
func (s *site) listen() (address string) {
	s.t.Helper()
	_, address = s.listenWith(s.app.routes())
	return address
}

func (s *site) listenWith(handler http.Handler) (server server, address string) {
	s.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	server = newHTTPServer(handler, nil, s.app.log)
	go server.serve(listener)
	s.t.Cleanup(func() { server.Close() })
	return server, listener.Addr().String()
}

func TestClientThatIsSlowIsCutOff(t *testing.T) {
	t.Parallel()
	address := newSite(t).listen()
	for name, start := range map[string]string{
		"headers": "GET /login HTTP/1.1\r\nHost: localhost\r\n",
		"body":    "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nusername=",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connection, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer connection.Close()
			fmt.Fprint(connection, start)
			connection.SetReadDeadline(time.Now().Add(time.Minute))
			if _, err := io.ReadAll(connection); err != nil {
				t.Errorf("the connection was still open after a minute: %v", err)
			}
		})
	}
}

func TestHeadersHaveALimit(t *testing.T) {
	t.Parallel()
	address := newSite(t).listen()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/login", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Long", strings.Repeat("x", 64<<10))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d", response.StatusCode)
	}
}
