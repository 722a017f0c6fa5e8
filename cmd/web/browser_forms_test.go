package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
)

func TestFieldErrorGoesWhenTheFieldIsMended(t *testing.T) {
	t.Parallel()
	b := newSite(t).newTab("/login")
	b.press("Log in")
	b.wantMessage("Username", "Username cannot be empty.")
	b.fill("Username", "b")
	b.wantMessage("Username", "")
	b.wantInvalid("Username", false)
	b.wantMessage("Password", "Password cannot be empty.")
	b.wantTitle("Log in")
	b.submit("Log in", "bob", "not the password")
	b.wantNotice("Invalid username or password.")
	b.fill("Password", "another one")
	b.wantNotice("")
}

func TestLinkPressedWhileTheServerIsAwaySpeaksOfNothingTyped(t *testing.T) {
	t.Parallel()
	b := newSite(t).newTab("/login")
	b.expectComplaints("net::ERR_INTERNET_DISCONNECTED", "Failed to fetch")
	b.online(false)
	b.follow("Create an account")
	b.wantNotice("The server cannot be reached. Check your connection and try again.")
}

func TestThrottledButtonWaitsAndCountsDown(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob", "--unknown-browser-failures=1")
	s.browser().guess("bob")
	b := s.newTab("/login")
	b.expectComplaints("429 (Too Many Requests)")
	b.fill("Username", "bob")
	b.fill("Password", goodPassword)
	b.press("Log in")
	b.wantNotice("Too many failed logins with this username. Please wait 30 seconds and try again.")
	b.want("the button waits", "true", `return String(find.button("Log in").disabled)`)
	wait(b, "the button counts", func(left string) bool { return left == "28 s" }, `return find.button("Log in").dataset.wait ?? ""`)
	s.clock.Advance(time.Minute)
	wait(b, "the button is ready", func(ready bool) bool { return ready }, `return !find.button("Log in").disabled`)
	b.send("Log in")
	b.wantHeading("Hello Bob")
}

func TestThrottledButtonIsReadyForAnotherUsernameAndAfterASleep(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob", "--unknown-browser-failures=1", "--unknown-browser-wait=30m")
	s.signUp("bobby")
	s.browser().guess("bob")
	b := s.newTab("/login")
	b.expectComplaints("429 (Too Many Requests)")
	waits := func() {
		t.Helper()
		b.fill("Username", "bob")
		b.fill("Password", goodPassword)
		b.press("Log in")
		b.want("the button waits", "30 min", `return find.button("Log in").dataset.wait ?? ""`)
	}
	ready := func() {
		t.Helper()
		wait(b, "the button is ready", func(ready bool) bool { return ready }, `return !find.button("Log in").disabled`)
	}
	waits()
	result[bool](b, `const now = Date.now; Date.now = () => now() + 1800000; return true`)
	ready()
	waits()
	b.fill("Username", "bobby")
	ready()
	b.send("Log in")
	b.wantHeading("Hello Bobby")
}

func TestForgotPasswordBringsTheTypedUsernameAlong(t *testing.T) {
	t.Parallel()
	b := newSite(t).newTab("/login")
	b.fill("Username", "bob & co")
	b.follow("Forgot password?")
	b.wantHeading("Reset your password")
	b.wantValue("Username", "bob & co")
}

func TestTimesAreInTheReadersZoneAndWords(t *testing.T) {
	t.Parallel()
	s, bob := newSiteSignedIn(t, "bob")
	bob.get("/user/bob").wantStatus(http.StatusOK)
	b := s.newTab("/login")
	tell(b, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "Asia/Kathmandu"}) // UTC+05:45
	tell(b, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: "Chromium", AcceptLanguage: "en-GB"})
	b.logIn("bob")
	s.exec("UPDATE users SET password_changed_at = unixepoch('2025-05-03 20:30')")
	for ago, words := range map[string]string{"10": "just now", "-60": "just now", "3600": "1 hour ago", "10000": "2 hours ago", "86400 * 70": "2 months ago"} {
		s.exec("UPDATE sign_ins SET previous_login_at = unixepoch() - (" + ago + ")")
		b.goTo("/user/bob")
		b.want(ago+" seconds ago", words, `return document.querySelector("time").textContent`)
	}
	s.exec("UPDATE sign_ins SET previous_login_at = unixepoch() - 120")
	b.goTo("/user/bob")
	b.want("times", "2 minutes ago|4 May 2025", `return [...document.querySelectorAll("time")].map((e) => e.textContent).join("|")`)
	b.want("the full time", "true", `return String(document.querySelectorAll("time")[1].title.includes("2:15"))`)
}

func TestAccountMenuWorksWithoutScripts(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "alice")
	s.signUp("bob")
	b := s.newTabWithoutScripts("/login")
	b.logIn("alice")
	b.logIn("bob")
	for _, path := range append(accountPages, "/user/bob") {
		b.goTo(path)
		b.openMenu("Bob")
		b.wantText("Add account")
		b.want("a quiet log out in the head", "quiet", `return document.querySelector("header").querySelector("form[action^='/logout/'] button").className`)
	}
	b.openMenu("Bob") // closes it
	b.openMenu("Bob")
	b.follow("Alice")
	b.wantHeading("Hello Alice")
}
