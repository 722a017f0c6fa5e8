package main

import (
	"image"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func TestSiteShowsItsOwnNameColourMarkAndContact(t *testing.T) {
	t.Parallel()
	logo := filepath.Join(t.TempDir(), "logo.svg")
	writeFile(t, logo, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><style>.a{fill:url(#g)}</style><path class="a" d="M0 0h9v9z"/></svg>`)
	s := newSiteFor(t, "bob", "--site-name=Family & Friends", "--accent=#7a1fa2", "--logo="+logo, "--contact=help@example.org")
	p := s.browser().get("/login").want("Family & Friends", "Contact: help@example.org", "Log in · Family & Friends").wantNot("Latchkey")
	style := p.find(func(n *html.Node) bool { return n.Data == "link" && strings.Contains(attribute(n, "href"), "/accent.") })
	s.browser().get(attribute(style, "href")).wantStatus(http.StatusOK).want("--accent:#7a1fa2", "prefers-color-scheme:dark")
	mark := p.find(func(n *html.Node) bool { return n.Data == "img" })
	s.browser().get(attribute(mark, "src")).wantStatus(http.StatusOK).wantHeader("Content-Type", "image/svg+xml").
		wantHeader("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	s.browser().get("/recover").want("No code? Contact help@example.org.")
	s.browser().get("/choose-password/x").want("Ask help@example.org for a new one")
	s.browser().get("/.well-known/security.txt").wantStatus(http.StatusOK).want("Contact: mailto:help@example.org", "Expires: ")
	s.browser().post("/signup", "username", "carol", "password", "family & friends").wantStatus(http.StatusUnprocessableEntity).
		want("Too similar to this site's name.")
}

func TestAccentCanBeReadOnLightAndDarkPages(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"#1f6f5c", "#000000", "#7a1fa2", "#b00020", "#0000ff", "#595959"} {
		accent, err := parseAccent(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		_, dark, _ := strings.Cut(accent.style(), "dark){:root{--accent:")
		tone := mustColor(dark[:7])
		for _, behind := range []color{darkPage, darkCard, darkInk} {
			if ratio := contrast(tone, behind); ratio < readable {
				t.Errorf("%s becomes %v, with a contrast of %.1f", text, tone, ratio)
			}
		}
	}
}

func TestLogoThatCouldDoMoreThanBeLookedAtIsRefused(t *testing.T) {
	t.Parallel()
	const open, end = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">`, `</svg>`
	for name, content := range map[string]string{
		"empty": "", "text": "hello", "HTML": "<html></html>", "cut off": open + "<path", "a script": open + "<script>alert(1)</script>" + end,
		"an event": open + `<path ONload="x()"/>` + end, "a frame": open + "<foreignObject/>" + end, "an image": open + `<image href="x.png"/>` + end,
		"a link elsewhere": open + `<a xlink:href="https://evil.example"/>` + end, "a style that loads": open + `<style>@import "x"</style>` + end,
		"an address in a style": open + `<path style="fill: url( https://evil.example )"/>` + end, "an entity": `<!DOCTYPE svg [<!ENTITY x "y">]>` + open + end,
		"a cut PNG": "\x89PNG\r\n\x1a\n", "a style sheet": `<?xml-stylesheet href="https://evil.example"?>` + open + end, "two roots": open + end + open + end,
		"an import in pieces": open + `<style>@im<![CDATA[port "x"]]></style>` + end, "an escape": open + `<path style="fill:\75rl(x)"/>` + end,
		"an image set": open + `<path style='fill:image-set("x")'/>` + end, "no namespace": "<svg></svg>", "too large": open + strings.Repeat(" ", maxLogo) + end,
	} {
		path := filepath.Join(t.TempDir(), "logo")
		writeFile(t, path, content)
		if asset, err := readLogo(path); err == nil {
			t.Errorf("%s: taken as %s", name, asset.ContentType)
		}
	}
	path := filepath.Join(t.TempDir(), "logo.png")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(file, image.NewGray(image.Rect(0, 0, 20, 20))); err != nil {
		t.Fatal(err)
	}
	file.Close()
	if asset, err := readLogo(path); err != nil || asset.ContentType != "image/png" {
		t.Errorf("a PNG: %v", err)
	}
}

func TestSiteTellsRobotsAndBrowsersWhatTheyAskFor(t *testing.T) {
	t.Parallel()
	s, b := newSiteSignedIn(t, "bob")
	s.browser().get("/robots.txt").wantStatus(http.StatusOK).want("Disallow: /user/")
	s.browser().get("/.well-known/security.txt").wantStatus(http.StatusNotFound)
	s.browser().get("/favicon.ico").wantStatus(http.StatusOK).wantHeader("Content-Type", "image/x-icon")
	s.browser().get("/apple-touch-icon.png").wantStatus(http.StatusOK).wantHeader("Content-Type", "image/png")
	robots := func(p page) string {
		return attribute(p.find(func(n *html.Node) bool { return attribute(n, "name") == "robots" }), "content")
	}
	for _, p := range []page{b.get("/user/bob"), s.browser().get("/nowhere"), s.browser().get("/user/bob")} {
		if robots(p) != "noindex" {
			t.Errorf("%s may be found", p.what)
		}
	}
	for _, path := range []string{"/login", "/signup", "/recover"} {
		p := s.browser().get(path)
		description := p.find(func(n *html.Node) bool { return attribute(n, "name") == "description" })
		if robots(p) != "" || attribute(description, "content") != "Log in to Latchkey." {
			t.Errorf("%s is not to be found", path)
		}
	}
}

func TestSignupGivesNobodyAReservedName(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, name := range []string{"admin", " Admin ", "ROOT", "postmaster"} {
		p := s.browser().post("/signup", "username", name, "password", goodPassword).wantStatus(http.StatusUnprocessableEntity)
		p.want("Username " + strings.ToLower(strings.TrimSpace(name)) + " is not available.")
	}
	s.browser().htmx().post("/signup/username", "username", "support").want("Username support is not available.")
	s.mustRun("user", "add", "admin")
	open := newSite(t, "--reserved-usernames=Boss")
	open.signUp("admin")
	open.browser().post("/signup", "username", "boss", "password", goodPassword).wantStatus(http.StatusUnprocessableEntity)
}
