package main

import (
	"net/http"
	"testing"

	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp/kb"
)

// wantLoginFormAsItWas fails unless the login form is as the person filled it in, and can be sent again.
func (b *tab) wantLoginFormAsItWas() {
	b.t.Helper()
	b.want("buttons disabled", "0", "return String(document.querySelectorAll('button:disabled, .htmx-request').length)")
	b.wantValue("Username", "bob")
	b.wantValue("Password", goodPassword)
	b.want("checkbox", "true", `return String(find.field("Keep me signed in on this device").checked)`)
	b.wantHeading("Log in")
	b.wantTitle("Log in")
	b.wantAddress("/login")
	b.wantHistory("/login")
	b.wantSamePage()
}

// fillInLogin fills in the login form with bob's password.
func (b *tab) fillInLogin() {
	b.t.Helper()
	b.mark()
	b.fill("Username", "bob")
	b.fill("Password", goodPassword)
	b.click("field", "Keep me signed in on this device")
}

func TestFormStaysAsItIsWhenTheConnectionIsLost(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	b := s.newTab("/login")
	b.fillInLogin()
	b.expectComplaints("net::ERR_INTERNET_DISCONNECTED", "Failed to fetch")

	b.online(false)
	b.press("Log in")
	b.wantNotice("The server cannot be reached. What you typed is still here. Check your connection and try again.")
	b.wantLoginFormAsItWas()

	b.online(true)
	b.send("Log in")
	b.wantHeading("Hello Bob")
	b.wantHistory("/login", "/user/bob")
}

func (b *tab) online(online bool) {
	b.t.Helper()
	tell(b, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Offline: !online, DownloadThroughput: -1, UploadThroughput: -1}},
	})
}

func TestFormStaysAsItIsWhenTheDatabaseIsLocked(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob", "--busy-timeout=2s")
	b := s.newTab("/login")
	b.fillInLogin()

	unlock := s.lockDatabase()
	b.press("Log in")
	b.wantNotice("We're having trouble. Please try again in a few seconds.")
	b.wantLoginFormAsItWas()

	unlock()
	b.send("Log in")
	b.wantHeading("Hello Bob")
}

func TestFormStaysAsItIsAfterAnErrorPageOfAProxy(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusForbidden, http.StatusTooManyRequests, http.StatusBadGateway} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			s, proxy := newSiteBehindProxy(t)
			s.signUp("bob")
			b := s.newTab("/login")
			b.fillInLogin()

			proxy.instead(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
				w.Header().Set("Content-Type", "text/html")
				w.WriteHeader(status)
				_, _ = w.Write([]byte("<html><head><title>A proxy</title></head><body><h1>A proxy</h1></body></html>"))
			})
			b.press("Log in")
			b.wantNotice("The server cannot answer at the moment. What you typed is still here. Please try again in a minute.")
			b.wantLoginFormAsItWas()

			proxy.passOn()
			b.send("Log in")
			b.wantHeading("Hello Bob")
		})
	}
}

func TestFormKeepsTheFocusOnThePressedButtonAfterAFailure(t *testing.T) {
	t.Parallel()
	s, proxy := newSiteBehindProxy(t, "--busy-timeout=2s")
	s.signUp("bob")
	b := s.newTab("/login")
	b.fillInLogin()
	b.keys(kb.Tab)
	b.wantFocus("Log in")

	held := proxy.hold(http.MethodPost)
	b.keys(kb.Enter)
	letOn := receive(b, "the request", held)
	b.want("focus", "", "return nameOf(document.activeElement)") // a disabled button cannot have it
	unlock := s.lockDatabase()
	defer unlock()
	letOn()
	b.wantNotice("We're having trouble. Please try again in a few seconds.")
	b.wantFocus("Log in")
}

func TestPagesAreShownUnderTheirOwnAddressAfterAFailure(t *testing.T) {
	t.Parallel()
	b := newSite(t).newTab("/signup")
	b.follow("Log in")
	b.wantTitle("Log in")
	b.expectComplaints("net::ERR_INTERNET_DISCONNECTED", "Failed to fetch")

	b.online(false)
	b.back()
	b.want("what the browser shows", "its own page", `return document.querySelector("main") ? "ours" : "its own page"`)
	b.online(true)
	tell(b, cdppage.Reload, cdppage.ReloadParams{})
	b.wantHeading("Create an account")
	b.wantAddress("/signup")
}

func TestFormStaysAsItIsAfterTooManySignups(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob", "--signups-per-hour=1")
	b := s.newTab("/signup")
	b.mark()
	b.fill("Username", "alice")
	b.fill("Password", goodPassword)
	b.press("Create account")
	b.wantNotice("Too many tries from your address. Please wait 60 minutes and try again.")
	b.wantValue("Username", "alice")
	b.wantValue("Password", goodPassword)
	b.wantTitle("Create an account")
	b.wantHistory("/signup")
	b.wantSamePage()
}

func TestFormDisablesItsButtonWhileItIsSent(t *testing.T) {
	t.Parallel()
	s, proxy := newSiteBehindProxy(t)
	s.signUp("bob")
	b := s.newTab("/login")
	b.fillInLogin()
	button := func(want string) {
		t.Helper()
		b.want("button", want, `
			const button = find.button("Log in");
			return (button.disabled ? "disabled" : "enabled") + " " + getComputedStyle(button, "::after").animationName`)
	}
	button("enabled none")

	held := proxy.hold(http.MethodPost)
	b.press("Log in")
	letOn := receive(b, "the request", held)
	button("disabled turn")
	b.click("field", "Username")
	b.keys("\r")
	letOn()
	b.wantHeading("Hello Bob")
	if signIns := s.query("SELECT count(*) FROM sign_ins"); signIns != "1" || len(held) > 0 {
		t.Errorf("the form was sent more than once: %s sign-ins, %d requests more", signIns, len(held))
	}
}
