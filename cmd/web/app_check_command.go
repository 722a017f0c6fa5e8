package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
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
	check := appCheck{host: host, address: s.site().Scheme + "://" + host, enter: s.site().String() + "/enter?", client: c.client()}
	check.unknown = unknownBeside(host)
	check.other = check.unknown
	err = reading(ctx, s, func(db *store.Store) error {
		if _, err := db.App(ctx, host); err != nil {
			return explainApp(err, store.App{Host: host})
		}
		apps, err := db.Apps(ctx)
		if at := slices.IndexFunc(apps, func(app store.App) bool { return app.Host != host }); at >= 0 {
			check.other = apps[at].Host
		}
		return err
	})
	if err != nil {
		return err
	}
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

// unknownBeside is a host that is no app's, in the same domain: a proxy's block for all of that domain answers for it.
func unknownBeside(host string) string {
	_, domain, found := strings.Cut(host, ".")
	if !found {
		return "latchkey-check.invalid"
	}
	return "latchkey-check." + domain
}

// client follows no redirect: where one leads is what is looked at. HTTP/2 has neither WebSockets by Upgrade nor a host in
// the request line.
func (c appCheckCommand) client() http.Client {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, Protocols: new(http.Protocols)}
	transport.Protocols.SetHTTP1(true)
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
	host    string // of the app
	address string
	enter   string // where a page of the app leads
	unknown string // a host that is no app's
	other   string // another app's host, where there is one
	client  http.Client
}

// A question is a request, and what is wrong with its answer.
type question struct {
	what    string
	method  string
	address string
	header  map[string]string
	judge   func(*http.Response) (fault string)
	// foreign is a Host header that is not the app's. Another block of the proxy may answer for it, as it likes.
	foreign string
	// inLine has the request line name the app's host: that counts, and Host does not (RFC 9112, section 3.2.2).
	inLine bool
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
		{what: "a page leads to the login", method: http.MethodGet, address: c.address + "/", header: page, judge: c.leadsToLogin},
		{what: "a program gets 401", method: http.MethodGet, address: c.address + "/", header: map[string]string{"Accept": "*/*"}, judge: c.is(http.StatusUnauthorized)},
		{what: "a form that is sent gets 401 at its own address", method: http.MethodPost, address: c.address + "/", header: page, judge: c.is(http.StatusUnauthorized)},
		{what: "a WebSocket gets 401", method: http.MethodGet, address: c.address + "/", header: map[string]string{"Connection": "Upgrade", "Upgrade": "websocket"}, judge: c.is(http.StatusUnauthorized)},
		{what: "nobody says themselves who they are", method: http.MethodGet, address: c.address + "/", header: with("Remote-User", "admin"), judge: c.isRefused},
		{what: "nor under another spelling", method: http.MethodGet, address: c.address + "/", header: with("Remote_User", "admin"), judge: c.isRefused},
		{what: "nor that another host is asked", method: http.MethodGet, address: c.address + "/", header: with("X-Forwarded-Host", "elsewhere.example"), judge: c.leadsToLogin},
		{what: "nor that another address is", method: http.MethodGet, address: c.address + "/", header: with("X-Original-URL", "https://elsewhere.example/"), judge: c.leadsToLogin},
		{what: "the way in is Latchkey's", method: http.MethodGet, address: c.address + handOverPath + "enter?code=none", header: page, judge: c.is(http.StatusForbidden)},
		{what: "an unknown Host is not this app", method: http.MethodGet, address: c.address + "/", header: page, judge: c.isNot(c.unknown), foreign: c.unknown},
		{what: "nor is another one beside the app's own in the request line", method: http.MethodGet, address: c.address + "/", header: page, judge: c.isNot(c.other), foreign: c.other, inLine: true},
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
	if q.inLine {
		r.URL.Opaque = "//" + r.URL.Host + "/"
	}
	if q.foreign != "" {
		r.Host = q.foreign
	}
	response, err := client.Do(r)
	if err != nil {
		return "", err
	}
	response.Body.Close()
	switch {
	case q.foreign != "":
		return q.judge(response), nil
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

// isNot judges the answer to a request whose Host header is another than the app's.
func (c appCheck) isNot(foreign string) func(*http.Response) string {
	return func(response *http.Response) string {
		to, err := url.Parse(response.Header.Get("Location"))
		if err == nil && strings.HasPrefix(to.String(), c.enter) && to.Query().Get("app") == foreign {
			return "the proxy takes the client's word for which app is asked (" + foreign +
				"): who may enter another app gets into this one. Let its block have this one host, and tell Latchkey that, not what the client sends (nginx: $server_name, not $host or $http_host)"
		}
		return ""
	}
}
