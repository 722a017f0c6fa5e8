package main

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/html"
)

func TestHtmxGetsWhatChangesAndOthersTheWholePage(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	for _, b := range []*browser{s.signedIn("bob"), s.browser()} {
		for _, path := range []string{"/login", "/signup", "/logout/bob"} {
			whole := b.get(path)
			fragment := b.htmx().get(path)
			restored := b.htmx().with("HX-History-Restore-Request", "true").get(path)
			full := b.with("HX-Request", "true").with("HX-Request-Type", "full").get(path)
			if !isWhole(whole) || isWhole(fragment) || !isWhole(restored) || !isWhole(full) {
				t.Errorf("%s: whole page: %v to a browser, %v to htmx, %v for history, %v for a full request", path,
					isWhole(whole), isWhole(fragment), isWhole(restored), isWhole(full))
			}
			if !strings.Contains(fragment.body, "<title>") || !strings.Contains(fragment.body, `hx-swap-oob="innerHTML"`) {
				t.Errorf("%s: %s", path, fragment.body)
			}
			for _, p := range []page{whole, fragment} {
				if !strings.Contains(p.header.Get("Vary"), "HX-Request") {
					t.Errorf("%s: Vary %q", path, p.header.Get("Vary"))
				}
			}
		}
	}
}

func isWhole(p page) bool {
	return strings.Contains(p.body, "<html") && strings.Contains(p.body, "</html>")
}

func TestHtmxFollowsARedirectToTheNextPagesMainPart(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.browser().htmx()
	p := b.post("/signup", "username", "bob", "password", goodPassword).wantStatus(http.StatusOK).wantPath("/login").
		wantText("flash", "User account has been created. Log in to continue.").wantAttribute("username", "value", "bob")
	if isWhole(p) {
		t.Error("a whole page inside a page")
	}
	p = b.post("/login", "username", "bob", "password", goodPassword).wantPath("/user/bob").want("Hello Bob").wantText("flash", "")
	if isWhole(p) {
		t.Error("a whole page inside a page")
	}
}

func TestHtmxPushesNoAddressForAnAnswerThatLeavesThePage(t *testing.T) {
	t.Parallel()
	b := newSite(t).browser().htmx()
	b.post("/signup").wantStatus(http.StatusUnprocessableEntity).wantHeader("HX-Push-Url", "false").wantHeader("HX-Retarget", "")
	b.post("/login", "username", "x", "password", "y").wantStatus(http.StatusUnauthorized).wantHeader("HX-Push-Url", "false").wantHeader("HX-Retarget", "")
	b.get("/login").wantHeader("HX-Push-Url", "")
}

func TestHtmxLeavesAFormAsItIsWhenNothingIsWrongWithIt(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob", "--signups-per-hour=1")
	b := s.browser().htmx()
	for _, p := range []page{
		b.with("Sec-Fetch-Site", "cross-site").post("/login"),
		b.get("/nothing"),
		b.send(http.MethodPost, "/login", "text/plain", strings.NewReader("x")),
		b.post("/signup", "username", "carol", "password", goodPassword),
	} {
		p.wantHeader("HX-Retarget", "#notice").wantHeader("HX-Reselect", "#notice > *").wantHeader("HX-Reswap", "innerHTML ignoreTitle:true").
			wantHeader("HX-Push-Url", "false")
		if p.status < 400 || p.element("notice") == nil || readableText(p.element("notice")) == "" {
			t.Errorf("%s: %d %s", p.what, p.status, p.body)
		}
	}
}

func TestHtmxGetsTheLoginFormInPlaceOfThePageWhenTheSignInHasEnded(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	s.exec("DELETE FROM sign_ins")
	for _, p := range []page{b.get("/user/bob"), b.htmx().get("/user/bob")} {
		p.wantStatus(http.StatusUnauthorized).wantText("notice", "Your session has ended. Log in to continue.").
			wantHeader("HX-Retarget", "#main").wantHeader("HX-Reselect", "").wantAttribute("username", "value", "bob")
		if next := attribute(p.find(isNext), "value"); next != "/user/bob" {
			t.Errorf("leads to %q", next)
		}
	}
}

func isNext(n *html.Node) bool { return attribute(n, "name") == "next" }

func TestLoginSaysInTheFormThatTheHashingQueueIsFull(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	release := s.holdHashes()
	var busy sync.WaitGroup
	for i := range runtime.NumCPU() + hashQueue { // as many as may run, and as many as may wait, each from its own address
		busy.Go(func() { _, _ = s.app.hasher.Hash(t.Context(), fmt.Sprint("address ", i), "x") })
	}
	defer busy.Wait()
	defer release()
	s.waitForHashes(runtime.NumCPU(), hashQueue)
	for _, path := range []string{"/login", "/signup"} {
		for _, b := range []*browser{s.browser(), s.browser().htmx()} {
			b.post(path, "username", "bob", "password", goodPassword).wantStatus(http.StatusServiceUnavailable).
				wantHeader("Retry-After", "5").wantText("notice", "Too many people are logging in at this moment. Please try again in 5 seconds.").
				wantAttribute("username", "value", "bob").wantAttribute("password", "value", "")
		}
	}
	s.browser().get("/login").wantStatus(http.StatusOK)
}

func TestAssetsAreCompressedOnceAndKeptForEver(t *testing.T) {
	t.Parallel()
	b := newSite(t).browser()
	login := b.get("/login")
	paths := []string{}
	for node := range login.parse().Descendants() {
		switch node.Data {
		case "script":
			paths = append(paths, attribute(node, "src"))
		case "link":
			paths = append(paths, attribute(node, "href"))
		case "style":
			t.Error("an inline style, which the policy forbids")
		}
	}
	if len(paths) != 4 {
		t.Fatalf("assets %v", paths)
	}
	onTheWire := len(login.body)
	for _, path := range paths {
		plain := b.with("Accept-Encoding", "identity").get(path).wantStatus(http.StatusOK).
			wantHeader("Cache-Control", "public, max-age=31536000, immutable").wantHeader("Content-Encoding", "").wantHeader("Vary", "Accept-Encoding")
		packed := b.with("Accept-Encoding", "gzip").get(path).wantHeader("Content-Encoding", "gzip")
		unpacked, err := gzip.NewReader(strings.NewReader(packed.body))
		if err != nil {
			t.Fatal(err)
		}
		if content, err := io.ReadAll(unpacked); err != nil || string(content) != plain.body {
			t.Errorf("%s: %v", path, err)
		}
		onTheWire += len(packed.body)
	}
	if onTheWire > 22<<10 {
		t.Errorf("a first visit to /login loads %d bytes, without headers", onTheWire)
	}
}

func isStylesheet(n *html.Node) bool { return n.Data == "link" && attribute(n, "rel") == "stylesheet" }

func TestHealth(t *testing.T) {
	t.Parallel()
	p := newSite(t).browser().get("/healthz").wantStatus(http.StatusOK)
	if p.body != "ok" {
		t.Errorf("%q", p.body)
	}
}
