package main

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// A proxy stands in front of a site and can be told to answer in its place.
type proxy struct {
	answer atomic.Pointer[proxyAnswer]
	closed chan struct{}
}

type proxyAnswer func(w http.ResponseWriter, r *http.Request, site http.Handler)

func newSiteBehindProxy(t *testing.T, flags ...string) (*site, *proxy) {
	t.Helper()
	p := &proxy{closed: make(chan struct{})}
	p.passOn()
	s := startSite(t, func(site http.Handler) *httptest.Server {
		return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			(*p.answer.Load())(w, r, site)
		}))
	}, flags...)
	t.Cleanup(func() { close(p.closed) }) // before the server, which waits for its requests
	return s, p
}

func (p *proxy) instead(answer proxyAnswer) {
	p.answer.Store(&answer)
}

func (p *proxy) passOn() {
	p.instead(func(w http.ResponseWriter, r *http.Request, site http.Handler) { site.ServeHTTP(w, r) })
}

// hold has requests with this method wait, each until what it sends is called.
func (p *proxy) hold(method string) (held chan func()) {
	held = make(chan func(), 10)
	p.instead(func(w http.ResponseWriter, r *http.Request, site http.Handler) {
		if r.Method == method {
			letOn := make(chan bool)
			held <- func() { close(letOn) }
			select {
			case <-letOn:
			case <-p.closed:
			}
		}
		site.ServeHTTP(w, r)
	})
	return held
}

// receive waits for something that the site must have got from a tab.
func receive[T any](b *tab, what string, from <-chan T) (value T) {
	b.t.Helper()
	select {
	case value = <-from:
	case <-time.After(patience):
		b.t.Fatalf("waited for %s", what)
	}
	return value
}
