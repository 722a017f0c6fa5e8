package main

import "testing"

func TestHistoryDoesNotShowTheHomePageAfterLogout(t *testing.T) {
	t.Parallel()
	for name, newTab := range eachTab {
		t.Run(name, func(t *testing.T) {
			s := newSiteFor(t, "bob")
			b := newTab(s, "/login")
			b.submit("Log in", "bob", goodPassword)
			b.wantHeading("Hello Bob")
			b.send("Log out")
			b.wantFlash("Successfully logged out.")

			b.back()
			b.wantNotice("Your session has ended. Log in to continue.")
			b.wantAddress("/user/bob")
			b.wantValue("Username", "bob")
			b.submit("Log in", "bob", goodPassword)
			b.wantHeading("Hello Bob")
		})
	}
}

func TestHistoryWorksBackAndForward(t *testing.T) {
	t.Parallel()
	for name, newTab := range eachTab {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			b := newTab(s, "/login")
			b.follow("Create an account")
			b.wantHeading("Create an account")
			b.wantTitle("Create an account")
			b.wantAddress("/signup")
			b.back()
			b.wantHeading("Log in")
			b.wantTitle("Log in")
			b.wantAddress("/login")
			b.forward()
			b.wantHeading("Create an account")
			b.wantTitle("Create an account")
			b.wantAddress("/signup")

			b.submit("Create account", "bob", goodPassword)
			b.wantFlash("User account has been created. Log in to continue.")
			b.back()
			b.wantHeading("Create an account")
			b.forward()
			b.wantHeading("Log in")
			b.wantValue("Username", "bob")
			b.fill("Password", goodPassword)
			b.send("Log in")
			b.wantHeading("Hello Bob")
			b.wantHistory("/login", "/signup", "/login?username=bob", "/user/bob")
		})
	}
}

func TestHistoryRestoresPagesThatWorkWithoutAPageLoad(t *testing.T) {
	t.Parallel()
	b := newSite(t).newTab("/signup")
	b.mark()
	b.follow("Log in")
	b.wantTitle("Log in")
	b.back()
	b.wantTitle("Create an account")
	b.submit("Create account", "bob", goodPassword)
	b.wantFlash("User account has been created. Log in to continue.")
	b.wantSamePage()
	b.press("Show password")
	b.wantText("Hide")
}

func TestSignInThatHasEndedLeadsToTheLoginFormAndOnToThePage(t *testing.T) {
	t.Parallel()
	for name, newTab := range eachTab {
		t.Run(name, func(t *testing.T) {
			s := newSiteFor(t, "alice")
			s.signUp("bob")
			b := newTab(s, "/login")
			b.submit("Log in", "alice", goodPassword)
			b.logIn("bob")
			s.exec("DELETE FROM sign_ins")

			b.openMenu("Bob")
			b.follow("Alice")
			b.wantNotice("Your session has ended. Log in to continue.")
			b.wantValue("Username", "alice")
			b.want("headers and headings", "Latchkey, Log in", `
				return [...document.querySelectorAll("header, h1")].map((e) => e.textContent.trim()).join(", ")`)
			b.wantNone("link", "Alice")

			b.submit("Log in", "alice", goodPassword)
			b.wantHeading("Hello Alice")
			b.wantAddress("/user/alice")

			b.goTo("/user/bob?from=mail")
			b.wantNotice("Log in to continue.")
			b.submit("Log in", "bob", goodPassword)
			b.wantHeading("Hello Bob")
			b.wantAddress("/user/bob?from=mail")
		})
	}
}
