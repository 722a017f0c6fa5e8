package main

import (
	"testing"

	"latchkey/internal/totp"
)

func TestSecondStepInTheBrowserWithAndWithoutScripts(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*site, string) *tab{
		"with scripts": (*site).newTab, "without scripts": (*site).newTabWithoutScripts,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSiteFor(t, "bob")
			b := open(s, "/login")
			b.logIn("bob")
			b.goTo("/user/bob/second-factor")
			b.follow("Create recovery code")
			b.wantHeading("Recovery code")
			b.press("Create recovery code")
			b.wantHeading("Your recovery code")
			b.press("I've saved it")
			b.wantFlash("Recovery code saved.")
			b.wantHeading("Second factor")
			b.press("Set up codes")
			b.wantHeading("Set up codes")
			phone := b.phone()
			b.fill("Code from your app", phone.code())
			b.press("Turn on")
			b.wantFlash("Your second factor is on. You are logged out everywhere else.")

			b.send("Log out")
			b.wantFlash("Successfully logged out.")
			b.submit("Log in", "bob", goodPassword)
			b.wantHeading("One more step")
			b.wantFocus("Code from your app")
			b.keys("000000\r")
			b.wantMessage("Code from your app", "Wrong code. If this goes on, set your phone's clock.")
			b.wantFocus("Code from your app")
			s.clock.Advance(totp.Period)
			b.fill("Code from your app", phone.code())
			b.keys("\r")
			b.wantHeading("Hello Bob")
		})
	}
}
