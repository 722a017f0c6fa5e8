package main

import (
	"io"
	"net/http"
	"testing"
)

const tooShort = "Password must be at least 8 characters long."

const tooCommon = "Too easy to guess: attackers try it first. Try a few unrelated words."

// mistakes are what people get wrong in the signup form of a site on which bob has an account.
var mistakes = []struct {
	username, password               string
	usernameMessage, passwordMessage string
	focus                            string
}{
	{"", goodPassword, "Username cannot be empty.", "", "Username"},
	{"alice", "", "", "Password cannot be empty.", "Password"},
	{"", "", "Username cannot be empty.", "Password cannot be empty.", "Username"},
	{"alice", "k3xq9vb", "", tooShort, "Password"},
	{"alice", "password123", "", tooCommon, "Password"},
	{"Bob", goodPassword, "Username bob is not available.", "", "Username"},
}

func TestSignupShowsMistakesBesideTheirFieldsInTheBrowser(t *testing.T) {
	t.Parallel()
	for name, newTab := range eachTab {
		t.Run(name, func(t *testing.T) {
			s := newSiteFor(t, "bob")
			b := newTab(s, "/signup")
			for _, mistake := range mistakes {
				b.submit("Create account", mistake.username, mistake.password)
				b.wantMessage("Username", mistake.usernameMessage)
				again := mistake.passwordMessage == "" && name == "without scripts"
				if again {
					b.wantMessage("Password", "Type your password again.")
				} else {
					b.wantMessage("Password", mistake.passwordMessage)
				}
				b.wantInvalid("Username", mistake.usernameMessage != "")
				b.wantInvalid("Password", mistake.passwordMessage != "")
				b.wantFocus(mistake.focus)
				b.wantValue("Username", mistake.username)
				if mistake.passwordMessage == "" && name == "with htmx" {
					b.wantValue("Password", mistake.password)
				} else {
					b.wantValue("Password", "")
				}
				b.wantTitle("Error: Create an account")
				b.wantAddress("/signup")
			}
			b.submit("Create account", "alice", goodPassword)
			b.wantFlash("User account has been created. Log in to continue.")
		})
	}
}

func TestLoginRefusesWrongCredentialsInTheForm(t *testing.T) {
	t.Parallel()
	for name, newTab := range eachTab {
		t.Run(name, func(t *testing.T) {
			s := newSiteFor(t, "bob")
			b := newTab(s, "/login")
			for _, wrong := range []struct{ username, password string }{{"bob", "not the password"}, {"nobody", goodPassword}} {
				b.submit("Log in", wrong.username, wrong.password)
				b.wantNotice("Invalid username or password.")
				b.wantValue("Username", wrong.username)
				b.wantValue("Password", "")
				b.wantFocus("Password")
				b.wantTitle("Error: Log in")
				b.wantAddress("/login")
			}
			b.submit("Log in", "", "")
			b.wantNotice("")
			b.wantMessage("Username", "Username cannot be empty.")
			b.wantMessage("Password", "Password cannot be empty.")
			b.wantFocus("Username")
		})
	}
}

func TestFormMistakesNeitherLoadAPageNorAddToTheHistory(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	b := s.newTab("/signup")
	b.mark()
	for _, mistake := range mistakes {
		b.submit("Create account", mistake.username, mistake.password)
	}
	b.wantSamePage()
	b.wantHistory("/signup")

	b.goTo("/login")
	b.mark()
	b.submit("Log in", "bob", "")
	b.submit("Log in", "bob", "not the password")
	b.wantSamePage()
	b.wantHistory("/signup", "/login")
}

func TestNameCheckRunsWhileTheNameIsTyped(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	b := s.newTab("/signup")
	b.fill("Password", "not yet sent")
	b.mark()
	result[bool](b, `for (const e of document.querySelectorAll("h1, input, button, .message")) e.mark = true; return true`)

	b.click("field", "Username")
	b.keys("Bob")
	b.wantMessage("Username", "Username bob is not available.")
	b.wantInvalid("Username", true)
	b.keys("by")
	b.wantMessage("Username", "Available")
	b.wantInvalid("Username", false)
	b.keys("/")
	b.wantMessage("Username", "Username cannot contain a slash, because it becomes part of an address.")

	b.wantValue("Username", "Bobby/")
	b.wantValue("Password", "not yet sent")
	b.wantFocus("Username")
	b.wantMessage("Password", "")
	b.want("elements replaced", "", `return [...document.querySelectorAll("h1, input, button, .message")]
		.filter((e) => !e.mark).map((e) => e.outerHTML).join()`)
	b.wantSamePage()
	b.wantHistory("/signup")
}

func TestNameCheckIsGivenUpWhenTheFormIsSent(t *testing.T) {
	t.Parallel()
	checking, givenUp := make(chan bool, 1), make(chan bool, 1)
	s, proxy := newSiteBehindProxy(t)
	b := s.newTab("/signup")
	proxy.instead(func(w http.ResponseWriter, r *http.Request, site http.Handler) {
		if r.URL.Path != "/signup/username" {
			site.ServeHTTP(w, r)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the browser gives up
		checking <- true
		<-r.Context().Done()
		givenUp <- true
	})

	b.fill("Username", "alice")
	receive(b, "the name check", checking)
	b.fill("Password", "short")
	b.send("Create account")
	receive(b, "the end of the name check", givenUp)
	b.wantMessage("Username", "")
	b.wantMessage("Password", tooShort)
}
