package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"latchkey/internal/store"
)

// appCheckCommand asks an app's public address as somebody who is not signed in would, and says what the proxy has wrong.
// No other command or page sends anything out.
type appCheckCommand struct {
	appArg
	At hostPort `env:"-" placeholder:"HOST:PORT" help:"Where to connect to, before the app's own name leads there."`
}

func (c appCheckCommand) Run(ctx context.Context, to output, s *settings) error {
	host, err := c.host()
	if err != nil {
		return err
	}
	err = reading(ctx, s, func(db *store.Store) error {
		_, err := db.App(ctx, host)
		return explainApp(err, store.App{Host: host})
	})
	if err != nil {
		return err
	}
	check := appCheck{address: s.site().Scheme + "://" + host, enter: s.site().String() + "/enter?", client: c.client()}
	wrong := 0
	for _, ask := range check.questions() {
		fault, err := ask.run(ctx, check.client)
		if err != nil {
			return fmt.Errorf("ask %s: %w", check.address, err)
		}
		if fault == "" {
			fmt.Fprintln(to.out, "right: "+ask.what)
			continue
		}
		wrong++
		fmt.Fprintln(to.out, "WRONG: "+ask.what+": "+fault)
	}
	if wrong > 0 {
		return errors.New("the proxy does not guard the app as docs/apps.md has it")
	}
	return nil
}

// client follows no redirect: where one leads is what is looked at.
func (c appCheckCommand) client() http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if (c.At != hostPort{}) {
		transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, c.At.String())
		}
	}
	return http.Client{
		Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type appCheck struct {
	address string // of the app
	enter   string // where a page of the app leads
	client  http.Client
}

// A question is a request, and what is wrong with its answer.
type question struct {
	what    string
	method  string
	address string
	header  map[string]string
	judge   func(*http.Response) (fault string)
}

func (c appCheck) questions() []question {
	page := map[string]string{"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
	with := func(name, value string) map[string]string {
		header := map[string]string{name: value}
		for name, value := range page {
			header[name] = value
		}
		return header
	}
	return []question{
		{"a page leads to the login", http.MethodGet, c.address + "/", page, c.leadsToLogin},
		{"a program gets 401", http.MethodGet, c.address + "/", map[string]string{"Accept": "*/*"}, c.is(http.StatusUnauthorized)},
		{"a form that is sent gets 401 at its own address", http.MethodPost, c.address + "/", page, c.is(http.StatusUnauthorized)},
		{"a WebSocket gets 401", http.MethodGet, c.address + "/", map[string]string{"Connection": "Upgrade", "Upgrade": "websocket"}, c.is(http.StatusUnauthorized)},
		{"nobody says themselves who they are", http.MethodGet, c.address + "/", with("Remote-User", "admin"), c.isRefused},
		{"nor under another spelling", http.MethodGet, c.address + "/", with("Remote_User", "admin"), c.isRefused},
		{"nor that another host is asked", http.MethodGet, c.address + "/", with("X-Forwarded-Host", "elsewhere.example"), c.leadsToLogin},
		{"nor that another address is", http.MethodGet, c.address + "/", with("X-Original-URL", "https://elsewhere.example/"), c.leadsToLogin},
		{"the way in is Latchkey's", http.MethodGet, c.address + handOverPath + "enter?code=none", page, c.is(http.StatusForbidden)},
	}
}

func (q question) run(ctx context.Context, client http.Client) (fault string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, q.method, q.address, nil)
	if err != nil {
		return "", err
	}
	for name, value := range q.header {
		r.Header.Set(name, value)
	}
	response, err := client.Do(r)
	if err != nil {
		return "", err
	}
	response.Body.Close()
	switch {
	case response.StatusCode < 300:
		return fmt.Sprintf("the app itself answers (%d): the proxy does not ask Latchkey", response.StatusCode), nil
	case response.StatusCode >= 500:
		return fmt.Sprintf("the proxy answers %d: does it reach --forward-auth-addr, and does it send all headers? Latchkey's log says", response.StatusCode), nil
	}
	return q.judge(response), nil
}

func (c appCheck) is(status int) func(*http.Response) string {
	return func(response *http.Response) string {
		if response.StatusCode != status {
			return fmt.Sprintf("the answer is %d, and not %d", response.StatusCode, status)
		}
		return ""
	}
}

func (c appCheck) isRefused(response *http.Response) string { return "" } // neither the app's answer nor an error

func (c appCheck) leadsToLogin(response *http.Response) string {
	to, err := url.Parse(response.Header.Get("Location"))
	if err != nil || response.StatusCode != http.StatusFound || !strings.HasPrefix(to.String(), c.enter) {
		return fmt.Sprintf("the answer is %d and leads to %q, and not to %s", response.StatusCode, response.Header.Get("Location"), c.enter)
	}
	if app := to.Query().Get("app"); !strings.HasSuffix(c.address, "://"+app) {
		return "the proxy lets the client say which host is asked: " + app
	}
	return ""
}
