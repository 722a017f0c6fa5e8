package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func TestAppCodeIsGoodOnceForOneBrowserOneHostAndAMinute(t *testing.T) {
	t.Parallel()
	s, b := newAppSite(t)
	photos := s.onApp(t, "photos.example.org")
	photos.enter(b, "/")
	code := func() (uri string) {
		p := b.get(strings.TrimPrefix(s.onAppWith(t, photos).ask(http.MethodGet, "/", navigation).Header.Get("Location"), s.app.site.String()))
		_, uri, _ = strings.Cut(attribute(p.find(func(n *html.Node) bool { return attribute(n, "http-equiv") == "refresh" }), "content"), "photos.example.org")
		return uri
	}
	in := func(b *appBrowser, uri string, header http.Header) bool {
		b.ask(http.MethodGet, uri, header)
		_, ok := b.cookies["latchkey"]
		return ok
	}
	uri := code()
	if in(s.onApp(t, "photos.example.org"), uri, navigation) {
		t.Error("a code is good in another browser")
	}
	if other := s.onAppWith(t, photos); in(&appBrowser{t: t, site: s, host: "wiki.example.net", cookies: other.cookies}, uri, navigation) {
		t.Error("a code is good on another host")
	}
	fresh := s.onAppWith(t, photos)
	for _, header := range []http.Header{{"Sec-Purpose": {"prefetch"}}, {"Sec-Fetch-Mode": {"no-cors"}}} {
		if in(fresh, uri, header) {
			t.Errorf("%v spends a code", header)
		}
	}
	if fresh.ask(http.MethodHead, uri, navigation); fresh.cookies["latchkey"] != "" {
		t.Error("HEAD spends a code")
	}
	if !in(fresh, uri, navigation) {
		t.Error("the code is not good")
	}
	if in(s.onAppWith(t, photos), uri, navigation) {
		t.Error("a code is good twice")
	}
	late := code()
	s.clock.Advance(appCodeMaxAge)
	if in(s.onAppWith(t, photos), late, navigation) {
		t.Error("a code is good after a minute")
	}
	ended := code()
	b.post("/logout/bob")
	if in(s.onAppWith(t, photos), ended, navigation) {
		t.Error("a code is good after the sign-in has ended")
	}
}

func TestAppOpenedInTenTabsAtOnceShowsEachItsPage(t *testing.T) {
	t.Parallel()
	s, b := newAppSite(t)
	photos := s.onApp(t, "photos.example.org")
	photos.enter(b, "/")
	clear(photos.cookies)
	// No tab has an answer when the others ask: each gets a nonce of its own, and the browser keeps the last one.
	var addresses []string
	for i := range 10 {
		tab := s.onApp(t, photos.host)
		addresses = append(addresses, tab.ask(http.MethodGet, fmt.Sprintf("/album/%d?x=%%20y", i), navigation).Header.Get("Location"))
		photos.cookies["latchkey-nonce"] = tab.cookies["latchkey-nonce"]
	}
	for i, address := range addresses {
		uri, want := "", fmt.Sprintf("/album/%d?x=%%20y", i)
		for hops := 0; address != "" && hops < 10; hops++ {
			if path, ours := strings.CutPrefix(address, s.app.site.String()); ours {
				p := b.get(path)
				_, address, _ = strings.Cut(attribute(p.find(func(n *html.Node) bool { return attribute(n, "http-equiv") == "refresh" }), "content"), "url=")
				continue
			}
			uri = strings.TrimPrefix(address, "http://"+photos.host)
			address = photos.ask(http.MethodGet, uri, navigation).Header.Get("Location")
		}
		if uri != want || address != "" {
			t.Errorf("the tab of %s ends at %s, and is led on to %q", want, uri, address)
		}
	}
}

func TestAppEnteredByAnOldCodeLeadsToItsOwnPagesAlone(t *testing.T) {
	t.Parallel()
	s, b := newAppSite(t)
	photos := s.onApp(t, "photos.example.org")
	photos.enter(b, "/")
	for to, want := range map[string]string{
		"/a?b=c": "/a?b=c", "": "/", "//evil.example": "/", "https://evil.example/": "/", "/\\evil.example": "/", "@evil.example": "/", ".evil.example/": "/",
	} {
		uri := handOverPath + "enter?" + url.Values{"code": {"none"}, "to": {to}}.Encode()
		if got := photos.want(http.StatusSeeOther, uri, navigation).Header.Get("Location"); got != "http://photos.example.org"+want {
			t.Errorf("%q leads to %s", to, got)
		}
	}
}
