//go:build linux

package main

import (
	"strings"
	"testing"

	cdppage "github.com/chromedp/cdproto/page"
)

func TestAppFormThatIsSentAfterTheSignOutIsNotLost(t *testing.T) {
	t.Parallel()
	for proxy, start := range eachAppProxy {
		for way, newTab := range eachTab {
			t.Run(proxy+" "+way, func(t *testing.T) {
				t.Parallel()
				g := newGuarded(t, start)
				b := newTab(g.site, "/login")
				g.enterPhotos(b, "/form")
				b.wantHeading("A form")
				b.fill("Text", "long & dear")
				g.mustRun("user", "sign-out", "bob")
				b.send("Send")
				b.wantHeading("Your session has ended")
				b.want("the same address", "/sent", "return location.pathname")

				other, closeTab := g.openTab(b.ctx)
				defer closeTab()
				other.expectComplaints("BounceTrackingIssue", "NavigationEntryMarkedSkippable")
				other.openAddress("http://" + g.photos + "/")
				other.submit("Log in", "bob", goodPassword)
				other.wantHeading("The app")

				tell(b, cdppage.Reload, cdppage.ReloadParams{})
				b.wantHeading("The app")
				b.want("what was typed", "POST text=long+%26+dear", `
					const echo = JSON.parse(document.getElementById("echo").textContent);
					return echo.Method + " " + echo.Body`)
			})
		}
	}
}

func TestAppPageThatStaysOpenLearnsOfTheSignOut(t *testing.T) {
	t.Parallel()
	for proxy, start := range eachAppProxy {
		t.Run(proxy, func(t *testing.T) {
			t.Parallel()
			g := newGuarded(t, start)
			b := g.newTab("/login")
			g.enterPhotos(b, "/")
			b.wantHeading("The app")
			g.wantOfScripts(b, "event The app", "fetch 200", "socket open")
			g.mustRun("user", "sign-out", "bob")
			b.expectComplaints("WebSocket connection to") // was refused
			g.wantOfScripts(b, "fetch 401", "no event", "socket refused")
		})
	}
}

// wantOfScripts wants that the scripts of an app's page get this, in the order of the alphabet.
func (g *guarded) wantOfScripts(b *tab, want ...string) {
	b.t.Helper()
	result[bool](b, `
		const got = window.got = [];
		fetch("/x").then((answer) => got.push("fetch " + answer.status), () => got.push("fetch led away"));
		const socket = new WebSocket("ws://" + location.host + "/ws");
		socket.onopen = () => { got.push("socket open"); socket.onerror = null; socket.close(); };
		socket.onerror = () => got.push("socket refused");
		const events = new EventSource("/events");
		events.onmessage = (event) => { got.push("event " + event.data); events.close(); };
		events.onerror = () => { got.push("no event"); events.close(); };
		return true`)
	wait(b, strings.Join(want, ", "), func(got string) bool { return got == strings.Join(want, ", ") }, `return window.got.toSorted().join(", ")`)
}
