package main

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"latchkey/internal/totp"
)

// tabTo goes on by the Tab key until something has the focus, which can be seen.
func (b *tab) tabTo(name string) {
	b.t.Helper()
	for range 30 {
		b.keys(kb.Tab)
		if result[string](b, `return document.activeElement.labels?.[0]?.textContent.trim() ?? document.activeElement.textContent.trim()`) == name {
			b.wantFocusVisible()
			return
		}
	}
	b.t.Fatalf("the Tab key does not lead to %q", name)
}

func TestSecondFactorOnTheWayIsSetUpAndUsedByKeyboardAlone(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*site, string) *tab{
		"with scripts": (*site).newTab, "without scripts": (*site).newTabWithoutScripts,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSiteFor(t, "bob", "--second-factor=required")
			b := open(s, "/login?next=%2Fuser%2Fbob%2Factivity")
			enter := func(name string) { t.Helper(); b.tabTo(name); b.keys(kb.Enter) }
			b.wantFocus("Username")
			b.keys("bob" + kb.Tab + goodPassword + kb.Enter)
			b.wantHeading("Second factor")
			enter("Create recovery code")
			b.wantHeading("Recovery code")
			enter("Create recovery code")
			b.wantHeading("Your recovery code")
			enter("I've saved it")
			b.wantFlash("Recovery code saved.")
			b.wantHeading("Second factor")
			enter("Set up codes")
			b.wantHeading("Set up codes")
			b.wantFocus("Set up codes")
			phone := b.phone()
			b.tabTo("Code from your app")
			b.keys(phone.code() + kb.Enter)
			b.wantFlash("Your second factor is on. You are logged out everywhere else.")
			enter("Continue")
			b.wantHeading("Recent activity")
			b.wantAddress("/user/bob/activity")

			b.goTo("/logout/bob")
			enter("Log out")
			b.wantFlash("Successfully logged out.")
			b.goTo("/login?next=%2Fuser%2Fbob%2Factivity")
			b.wantFocus("Username")
			b.keys("bob" + kb.Tab + goodPassword + kb.Enter)
			b.wantHeading("One more step")
			b.wantFocus("Code from your app")
			s.clock.Advance(10*time.Minute + totp.Period)
			b.keys(phone.code() + kb.Enter)
			b.wantNotice(tookTooLong)
			b.wantFocus("Username")
			b.keys("bob" + kb.Tab + goodPassword + kb.Enter)
			b.wantHeading("One more step")
			b.wantFocus("Code from your app")
			b.keys(phone.code() + kb.Enter)
			b.wantAddress("/user/bob/activity")
			b.wantHeading("Recent activity")
		})
	}
}

func TestPasskeyIsAddedUsedAndRemovedByKeyboardAlone(t *testing.T) {
	t.Parallel()
	s := newPasskeySiteForBrowsers(t, "bob")
	b := s.newTab("/login?next=%2Fuser%2Fbob%2Fsecond-factor")
	device := b.addAuthenticator()
	device.touched(true)
	enter := func(name string) { t.Helper(); b.tabTo(name); b.keys(kb.Enter) }
	b.wantFocus("Username")
	b.keys("bob" + kb.Tab + goodPassword + kb.Enter)
	b.wantFocus("Second factor")
	enter("Add a passkey")
	b.wantFocus("Add a passkey") // the heading
	enter("Create passkey")
	b.wantFlash("Your second factor is on. You are logged out everywhere else.")
	device.touched(false) // or the login form would be sent by the passkey that the browser offers
	b.goTo("/logout/bob")
	enter("Log out")
	b.wantFlash("Successfully logged out.")
	b.submit("Log in", "bob", goodPassword)
	b.wantFocus("Use your passkey") // it is the one thing to do here
	device.touched(true)
	b.keys(kb.Enter)
	b.wantFocus("Hello Bob")
	b.goTo("/user/bob/second-factor")
	enter("Remove")
	b.wantFlash("Passkey removed.")
}
