package main

import (
	"testing"
	"time"
)

func TestAccountPagesWorkInTheBrowser(t *testing.T) {
	t.Parallel()
	for way, newTab := range eachTab {
		t.Run(way, func(t *testing.T) { useTheAccountsPages(t, newTab) })
	}
}

func useTheAccountsPages(t *testing.T, newTab func(*site, string) *tab) {
	s, elsewhere := newSiteSignedIn(t, "bob")
	b := newTab(s, "/login")
	b.logIn("bob")
	b.wantHeading("Hello Bob")

	b.click("fact", "Sessions")
	b.wantHeading("Sessions")
	b.press("Log out everywhere else")
	b.wantFlash("Logged out 1 other session.")
	elsewhere.get("/user/bob").wantStatus(401)

	s.clock.Advance(11 * time.Minute)
	b.goTo("/user/bob/recovery")
	b.press("Create recovery code")
	b.wantHeading("Confirm it's you")
	b.fill("Password of Bob", goodPassword)
	b.press("Create recovery code")
	b.wantHeading("Your recovery code")
	b.press("I've saved it")
	b.wantFlash("Recovery code saved.")

	b.goTo("/user/bob/password")
	b.fill("Current password", goodPassword)
	b.fill("New password", newPassword)
	b.press("Change password")
	b.wantFlash("Password changed. You are logged out everywhere else.Your old recovery code no longer works. Create a new one.")

	b.goTo("/user/bob/activity")
	b.wantText("The password was changed")

	b.goTo("/user/bob/delete")
	b.fill("Type bob to confirm", "bob")
	b.press("Delete account")
	b.wantFlash("Account bob deleted.")
}

func TestRecoveryCodeWorksInTheBrowser(t *testing.T) {
	t.Parallel()
	for way, newTab := range eachTab {
		t.Run(way, func(t *testing.T) {
			s := newSiteFor(t, "bob")
			code := s.signedIn("bob").makeCode("bob")
			b := newTab(s, "/login")
			b.follow("Forgot password?")
			b.wantHeading("Reset your password")
			b.fill("Username", "bob")
			b.fill("Recovery code", "wrong")
			b.press("Continue")
			b.wantNotice("Invalid username or recovery code.")
			b.fill("Recovery code", code)
			b.press("Continue")
			b.wantHeading("Choose a new password")
			b.fill("New password", newPassword)
			b.press("Set password")
			b.wantHeading("Password set")
		})
	}
}
