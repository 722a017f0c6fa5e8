package main

import "testing"

func TestJourneyFromSignupToLogoutNeedsNoPageLoad(t *testing.T) {
	t.Parallel()
	b := newSite(t).newTab("/signup")
	b.wantTitle("Create an account")
	b.wantFocus("Username")
	b.mark()

	b.submit("Create account", "Bob", goodPassword)
	b.wantTitle("Log in")
	b.wantAddress("/login?username=bob")
	b.wantFlash("User account has been created. Log in to continue.")
	b.wantValue("Username", "bob")
	b.wantFocus("Password")
	b.wantSamePage()

	b.fill("Password", goodPassword)
	b.press("Log in")
	b.wantTitle("Bob")
	b.wantAddress("/user/bob")
	b.wantHeading("Hello Bob")
	b.wantFocus("Hello Bob")
	b.wantFlash("")
	b.wantSamePage()

	b.press("Log out")
	b.wantTitle("Log in")
	b.wantAddress("/login")
	b.wantFlash("Successfully logged out.")
	b.wantValue("Username", "")
	b.wantFocus("Username")
	b.wantSamePage()

	b.wantHistory("/signup", "/login?username=bob", "/user/bob", "/login")
}

func TestJourneyFromSignupToLogoutWorksWithoutScripts(t *testing.T) {
	t.Parallel()
	b := newSite(t).newTabWithoutScripts("/signup")
	b.wantTitle("Create an account")
	b.wantNone("button", "Show password")

	b.submit("Create account", "Bob", goodPassword)
	b.wantTitle("Log in")
	b.wantAddress("/login?username=bob")
	b.wantFlash("User account has been created. Log in to continue.")
	b.wantValue("Username", "bob")
	b.wantNone("button", "Show password")

	b.fill("Password", goodPassword)
	b.press("Log in")
	b.wantTitle("Bob")
	b.wantAddress("/user/bob")
	b.wantHeading("Hello Bob")
	b.wantFlash("")

	b.press("Log out")
	b.wantTitle("Log in")
	b.wantAddress("/login")
	b.wantFlash("Successfully logged out.")
	b.wantValue("Username", "")

	b.wantHistory("/signup", "/login?username=bob", "/user/bob", "/login")
}

func TestAccountsShareOneBrowser(t *testing.T) {
	t.Parallel()
	for name, newTab := range eachTab {
		t.Run(name, func(t *testing.T) {
			s := newSiteFor(t, "alice")
			s.signUp("bob")
			b := newTab(s, "/login")
			b.submit("Log in", "alice", goodPassword)
			b.wantHeading("Hello Alice")
			b.wantNone("link", "Bob")

			b.openMenu("Alice")
			b.follow("Add account")
			b.wantAddress("/login")
			b.submit("Log in", "bob", goodPassword)
			b.wantHeading("Hello Bob")
			b.openMenu("Bob")
			b.follow("Alice")
			b.wantHeading("Hello Alice")
			b.wantAddress("/user/alice")
			b.goTo("/user/bob")
			b.wantHeading("Hello Bob")
			b.goTo("/user/alice")
			b.wantHeading("Hello Alice")

			b.send("Log out")
			b.wantFlash("Successfully logged out.")
			b.goTo("/user/bob")
			b.wantHeading("Hello Bob")
			b.wantNone("link", "Alice")
			b.goTo("/user/alice")
			b.wantNotice("Log in to continue.")
		})
	}
}

func TestLogoutOfAllAccountsLeavesNone(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "alice")
	s.signUp("bob")
	b := s.newTab("/login")
	b.submit("Log in", "alice", goodPassword)
	b.logIn("bob")
	b.mark()
	b.openMenu("Bob")
	b.send("Log out of all accounts")
	b.wantFlash("Successfully logged out.")
	b.wantAddress("/login")
	b.wantSamePage()
	for _, path := range []string{"/user/alice", "/user/bob"} {
		b.goTo(path)
		b.wantNotice("Your session has ended. Log in to continue.")
	}
}

func TestLogoutLinkAsksFirst(t *testing.T) {
	t.Parallel()
	for name, newTab := range eachTab {
		t.Run(name, func(t *testing.T) {
			s := newSiteFor(t, "bob")
			b := newTab(s, "/login")
			b.submit("Log in", "bob", goodPassword)
			b.goTo("/logout/bob")
			b.follow("Back")
			b.wantHeading("Hello Bob")
			b.wantAddress("/user/bob")
			b.goTo("/logout/bob")
			b.send("Log out")
			b.wantFlash("Successfully logged out.")
		})
	}
}
