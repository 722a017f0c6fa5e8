package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/chromedp/chromedp"
)

// serveApp serves an app behind what asks as nginx does, for the pages that people see on its host.
func (s *site) serveApp() {
	s.t.Helper()
	guard := s.app.forwardAuthHandler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, path := r.Clone(r.Context()), r.URL.Path
		asked.Method = http.MethodGet
		asked.Header.Set("X-Original-URL", "http://"+s.appHost+r.URL.RequestURI())
		asked.Header.Set("X-Original-Method", r.Method)
		if path == "/frame" { // which cannot be looked at by itself otherwise
			asked.Header.Set("Sec-Fetch-Mode", "navigate")
			asked.Header.Set("Sec-Fetch-Dest", "iframe")
		}
		if !strings.HasPrefix(path, handOverPath) {
			asked.URL.Path = "/check/nginx"
			answer := httptest.NewRecorder()
			guard.ServeHTTP(answer, asked)
			if answer.Code == http.StatusOK {
				fmt.Fprint(w, "<!doctype html><title>App</title><h1>The app</h1>")
				return
			}
			asked.URL.Path = handOverPath + "refused"
		}
		guard.ServeHTTP(w, asked)
	}))
	s.t.Cleanup(server.Close)
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	s.appHost = "recipes.internal:" + port
	s.addApp(s.appHost, "Recipes of the family", "everyone")
}

// openApp opens a page on the host of that app.
func (b *tab) openApp(path string) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, chromedp.Navigate("http://"+b.site.appHost+path)); err != nil {
		b.t.Fatalf("open %s of the app: %v", path, err)
	}
}
