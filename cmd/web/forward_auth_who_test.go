package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// openHere opens an app's page of ours, as a browser shows it: with the path on the site that each link leads to.
func (b *appBrowser) openHere(status int) (text string, links map[string]string) {
	b.t.Helper()
	response := b.want(status, handOverPath, navigation)
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	parsed, err := html.Parse(strings.NewReader(string(body)))
	if err != nil {
		b.t.Fatal(err)
	}
	links = map[string]string{}
	for node := range parsed.Descendants() {
		if node.Data == "a" {
			links[readableText(node)] = strings.TrimPrefix(attribute(node, "href"), b.site.app.site.String())
		}
	}
	return readableText(parsed), links
}

func TestAppSaysWhoIsInItAndLeadsToAnotherAccountAndOut(t *testing.T) {
	t.Parallel()
	for _, nginx := range []bool{false, true} {
		s, b := newAppSite(t)
		photos := s.onApp(t, "photos.example.org")
		photos.nginx = nginx
		status := http.StatusUnauthorized // Caddy and Traefik take 2xx for "pass"
		if nginx {
			status = http.StatusOK
		}
		said, links := photos.openHere(http.StatusUnauthorized)
		if !strings.Contains(said, "You are not logged in here") || !strings.Contains(said, "Log in to open Photos") {
			t.Errorf("nobody: %s", said)
		}
		b.get(links["Log in"]).wantStatus(http.StatusOK).want("Open Photos", "Continue to Photos as Bob")
		photos.enter(b, "/")
		said, links = photos.openHere(status)
		if !strings.Contains(said, "You are Bob here") || !strings.Contains(said, "Photos knows you by the username bob") || links["Open Photos"] != "http://photos.example.org/" {
			t.Errorf("bob: %s %v", said, links)
		}
		// With one account, too, there is a choice, and not the way straight back.
		b.get(links["Use another account"]).wantStatus(http.StatusOK).want("Choose an account", "Bob", "Add account")
		b.get(links["Log out"]).wantStatus(http.StatusOK).want("Log out")
		photos.openHere(status) // was asked, and has not been logged out
		b.post(links["Log out"])
		if said, _ = photos.openHere(http.StatusUnauthorized); !strings.Contains(said, "You are not logged in here") {
			t.Errorf("logged out: %s", said)
		}
		// A program gets what it can use, and a host that is no app nothing.
		photos.want(http.StatusUnauthorized, handOverPath, http.Header{"Sec-Fetch-Mode": {"cors"}})
		none := s.onApp(t, "none.example.org")
		none.nginx = nginx
		none.want(http.StatusNotFound, handOverPath, navigation)
	}
}
