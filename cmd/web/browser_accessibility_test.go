package main

import (
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// everyPage is how to come to each page, in this order and in one tab, on a site for which alice, bob and longName
// have accounts and one more signup is allowed.
var everyPage = []struct {
	name string
	open func(b *tab)
}{
	{"signup", func(b *tab) { b.goTo("/signup") }},
	{"signup with mistakes", func(b *tab) {
		b.submit("Create account", "", "short")
		b.wantMessage("Username", "Username cannot be empty.")
	}},
	{"signup with a name that will do", func(b *tab) {
		b.fill("Username", "carol")
		if !b.withoutScripts {
			b.wantMessage("Username", "Available")
		}
	}},
	{"login after signup", func(b *tab) {
		b.submit("Create account", "carol", goodPassword)
		b.wantFlash("User account has been created. Log in to continue.")
	}},
	{"login with wrong credentials", func(b *tab) {
		b.submit("Log in", "carol", "not the password")
		b.wantNotice("Invalid username or password.")
	}},
	{"login", func(b *tab) { b.goTo("/login") }},
	{"home", func(b *tab) {
		b.submit("Log in", "alice", goodPassword)
		b.wantHeading("Hello Alice")
	}},
	{"home with another account", func(b *tab) {
		b.logIn("bob")
		b.openMenu("Bob")
		b.wantText("Add account")
	}},
	{"password", func(b *tab) { b.goTo("/user/alice/password") }},
	{"password with mistakes", func(b *tab) {
		b.press("Change password")
		b.wantText("Password cannot be empty.")
	}},
	{"sign-ins", func(b *tab) { b.goTo("/user/alice/sign-ins") }},
	{"sign-ins in the middle of many", func(b *tab) {
		b.site.addSignIns(45)
		b.goTo("/user/alice/sign-ins?page=2")
	}},
	{"activity", func(b *tab) { b.goTo("/user/alice/activity") }},
	{"activity in the middle of much", func(b *tab) {
		b.site.addEvents(120)
		b.site.exec("UPDATE events SET repeats = 37, last_at = at + 3600")
		b.goTo("/user/alice/activity")
		b.wantFocus("Recent activity") // focus scrolls to the top, away from the link at the end
		b.follow("Older")
		b.wantText("192.0.2.70,")
	}},
	{"recovery", func(b *tab) { b.goTo("/user/alice/recovery") }},
	{"recovery code", func(b *tab) {
		b.press("Create recovery code")
		b.wantHeading("Your recovery code")
	}},
	{"home with apps", func(b *tab) {
		b.site.addApp("photos.example.org", "Photos", "everyone")
		b.site.addApp("a-host-with-a-long-name.of-somebody.example.org", "Wiki of the whole family and its friends", "everyone")
		b.goTo("/user/alice")
		b.wantText("photos.example.org")
	}},
	{"app passwords", func(b *tab) { b.goTo("/user/alice/app-passwords") }},
	{"app passwords with a mistake", func(b *tab) {
		b.press("Create app password")
		b.wantText("Name cannot be empty.")
	}},
	{"app password made", func(b *tab) {
		b.fill("Name", "Phone")
		b.press("Create app password")
		b.wantHeading("Your app password")
	}},
	{"choose an account for an app", func(b *tab) {
		b.goTo("/enter?app=photos.example.org&to=/&way=http")
		b.wantHeading("Open Photos")
	}},
	{"no access to an app", func(b *tab) {
		b.site.addApp("secret.example.org", "Secret")
		b.goTo("/enter?app=secret.example.org&to=/&way=http&account=alice")
		b.wantHeading("No access")
	}},
	{"continue to an app", func(b *tab) {
		b.goTo("/enter?app=a-host-with-a-long-name.of-somebody.example.org&to=/&way=http&account=bob")
		b.wantText("Continue to Wiki of the whole family and its friends as Bob")
	}},
	{"an app without cookies", func(b *tab) {
		b.site.serveApp()
		b.openApp(handOverPath + "enter?code=x")
		b.wantHeading("Cookies are needed")
	}},
	{"an app, not logged in", func(b *tab) {
		b.openApp(handOverPath)
		b.wantHeading("You are not logged in here")
	}},
	{"an app in a frame", func(b *tab) {
		b.openApp("/frame")
		b.wantHeading("Log in")
	}},
	{"a form sent to an app", func(b *tab) {
		b.goToFormFor("http://" + b.site.appHost + "/")
		b.press("Send")
		b.wantHeading("Your session has ended")
	}},
	{"an app, logged in", func(b *tab) {
		b.expectComplaints("BounceTrackingIssue", "NavigationEntryMarkedSkippable")
		b.openApp("/")
		b.wantHeading("Open Recipes of the family")
		b.press("Bob")
		b.press("Continue to Recipes of the family as Bob")
		b.wantHeading("The app")
		b.openApp(handOverPath)
		b.wantHeading("You are Bob here")
	}},
	{"an app that is not for the account", func(b *tab) {
		b.site.exec("UPDATE apps SET everyone = 0 WHERE name = 'Recipes of the family'")
		b.openApp("/")
		b.wantHeading("You may not open this app")
	}},
	{"second factor without a recovery code", func(b *tab) { b.goTo("/user/bob/second-factor") }},
	{"second factor", func(b *tab) {
		b.goTo("/user/bob/recovery")
		b.press("Create recovery code")
		b.press("I've saved it")
		b.wantFlash("Recovery code saved.")
		b.goTo("/user/bob/second-factor")
		b.wantText("Set up codes")
	}},
	{"set up codes", func(b *tab) {
		b.press("Set up codes")
		b.wantHeading("Set up codes")
	}},
	{"set up codes with a mistake", func(b *tab) {
		b.fill("Code from your app", "12345")
		b.press("Turn on")
		b.wantMessage("Code from your app", "A code has 6 digits.")
	}},
	{"second factor turned on", func(b *tab) {
		b.fill("Code from your app", b.phone().code())
		b.press("Turn on")
		b.wantFlash("Your second factor is on. You are logged out everywhere else.")
	}},
	{"home after a login without the second factor", func(b *tab) {
		b.site.browser().logIn("bob")
		b.goTo("/user/bob")
		b.wantText("Somebody knew your password")
	}},
	{"second step", func(b *tab) {
		b.goTo("/login")
		b.submit("Log in", "bob", goodPassword)
		b.wantHeading("One more step")
	}},
	{"second step with a wrong code", func(b *tab) {
		b.fill("Code from your app", "000000")
		b.press("Log in")
		b.wantText("Wrong code.")
	}},
	{"recovery code as the second step", func(b *tab) {
		b.follow("Use your recovery code")
		b.wantHeading("Use your recovery code")
	}},
	{"delete", func(b *tab) { b.goTo("/user/alice/delete") }},
	{"confirm", func(b *tab) {
		b.site.clock.Advance(11 * time.Minute)
		b.fill("Type alice to confirm", "alice")
		b.press("Delete account")
		b.wantHeading("Confirm it's you")
	}},
	{"confirm with both factors", func(b *tab) {
		b.goTo("/user/bob/second-factor")
		b.press("Remove codes")
		b.wantText("Code from your app")
	}},
	{"recover", func(b *tab) { b.goTo("/recover") }},
	{"a link that is no longer good", func(b *tab) { b.goTo("/choose-password/x") }},
	{"login throttled", func(b *tab) {
		for range 5 {
			b.site.browser().guess("dave")
		}
		b.goTo("/login")
		b.fill("Username", "dave")
		b.fill("Password", goodPassword)
		b.press("Log in")
		b.wantNotice("Too many failed logins with this username. Please wait 30 seconds and try again.")
	}},
	{"home with the longest name", func(b *tab) { b.logIn(longName) }},
	{"logout", func(b *tab) { b.goTo("/logout/" + longName) }},
	{"logged out", func(b *tab) {
		b.send("Log out")
		b.wantFlash("Successfully logged out.")
	}},
	{"somebody else's home", func(b *tab) {
		b.goTo("/user/carol")
		b.wantNotice("Log in to continue.")
	}},
	{"second factor", func(b *tab) {
		b.site.saveRecoveryCode("carol")
		b.logIn("carol")
		b.goTo("/user/carol/second-factor")
		b.wantText("Add a passkey")
	}},
	{"add a passkey", func(b *tab) {
		b.press("Add a passkey")
		b.wantHeading("Add a passkey")
	}},
	{"second factor with passkeys", func(b *tab) {
		b.site.addMadeUpPasskeys("carol")
		b.goTo("/user/carol/second-factor")
		b.wantText("Was made for old.example.org")
	}},
	{"confirm by passkey", func(b *tab) {
		b.press("Remove Firefox on Linux")
		b.wantText("Use your passkey to remove the passkey.")
	}},
	{"confirm by password or passkey", func(b *tab) {
		b.site.exec("UPDATE sign_ins SET confirmed_at = 0")
		b.goTo("/user/carol/delete")
		b.fill("Type carol to confirm", "carol")
		b.press("Delete account")
		b.wantText("Enter your password, or use your passkey,")
	}},
	{"login with passkeys", func(b *tab) { b.goTo("/login") }},
	{"second step by passkey", func(b *tab) {
		b.submit("Log in", "carol", goodPassword)
		b.wantHeading("One more step")
	}},
	{"second step without a passkey", func(b *tab) {
		result[bool](b, "document.querySelector('main form').submit(); return true") // as without scripts
		b.wantNotice("Use your passkey.")
	}},
	{"no page", func(b *tab) {
		b.goTo("/nowhere")
		b.wantHeading("Page not found")
	}},
	{"a form from another site", func(b *tab) {
		b.goToFormElsewhere("/logout/bob")
		b.press("Send")
		b.wantHeading("This page is out of date")
	}},
	{"too many signups", func(b *tab) {
		b.goTo("/signup")
		b.fill("Username", "dave")
		b.fill("Password", goodPassword)
		result[bool](b, "find.field('Username').form.submit(); return true") // as without scripts
		b.wantText("Too many tries")
	}},
}

// schemes are the colours that people choose, each with what axe-core is to look at. Only colours differ in the dark.
var schemes = []struct{ name, rules, needed string }{
	{"light", `["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]`, `["color-contrast", "target-size"]`},
	{"dark", `{type: "rule", values: ["color-contrast"]}`, `["color-contrast"]`},
}

var longName = strings.Repeat("w", 100)

func TestPagesAreAccessible(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile("../../public/node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	b := newSiteOfEveryPage(t).emptyTab()
	for _, page := range everyPage {
		page.open(b)
		for _, width := range []int64{320, 1280} {
			b.resize(width, 800)
			for _, scheme := range schemes {
				b.prefer(scheme.name)
				look := fmt.Sprintf("%s, %d px wide, %s", page.name, width, scheme.name)
				for _, violation := range b.axe(string(axe), scheme.rules, scheme.needed) {
					t.Errorf("%s: %s", look, violation)
				}
			}
			if wide := result[int64](b, "return document.documentElement.scrollWidth"); wide > width {
				t.Errorf("%s: %d px wide in a window of %d px", page.name, wide, width)
			}
		}
		b.wantUsableAtTwiceTheTextSize(page.name)
		b.wantTargetsForFingers(page.name)
	}
}

// newSiteOfEveryPage is a site on which everyPage can be opened.
func newSiteOfEveryPage(t testing.TB) *site {
	t.Helper()
	s := newSite(t, "--signups-per-hour=4", "--forward-auth-addr=localhost:0", "--contact=help@example.org")
	site, err := url.Parse(s.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	s.app.site = site // to which the pages of apps lead
	for _, name := range []string{"alice", "bob", longName} {
		s.signUp(name)
	}
	return s.atLocalhost()
}

// addMadeUpPasskeys gives an account two passkeys that nobody has, one for another host.
func (s *site) addMadeUpPasskeys(username string) {
	s.t.Helper()
	for name, host := range map[string]string{"Firefox on Linux": "localhost", "A browser with a long name on a telephone (2)": "old.example.org"} {
		s.exec(`INSERT INTO passkeys (id, uid, rp_id, public_key, sign_count, backup_eligible, backed_up, transports, aaguid, name, created_at, last_used_at)
			SELECT CAST(?2 AS BLOB), uid, ?3, x'00', 0, 1, ?3 = 'localhost', '', x'00', ?2, unixepoch() - 8000, CASE ?3 WHEN 'localhost' THEN unixepoch() END
			FROM users WHERE username = ?1`, username, name, host)
	}
}

// axe returns what axe-core finds wrong with the page on screen by its rules, of which it must have looked at the needed
// ones. Its script comes by the DevTools protocol, which
// the page's Content-Security-Policy does not concern.
func (b *tab) axe(script, rules, needed string) []string {
	b.t.Helper()
	if !result[bool](b, "return 'axe' in window") {
		if err := chromedp.Do(b.ctx, chromedp.Evaluate[chromedp.Void](script)); err != nil {
			b.t.Fatalf("load axe-core: %v", err)
		}
	}
	violations, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](`
		axe.run(document, {
			runOnly: `+rules+`,
			resultTypes: ["violations"],
		}).then((found) => {
			const looked = found.passes.map((rule) => rule.id);
			if (!`+needed+`.every((rule) => looked.includes(rule))) return ["axe-core did not look"];
			return found.violations.flatMap((v) => v.nodes.map((n) => v.id + ": " + n.failureSummary + " " + n.html));
		})`, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("axe-core: %v", err)
	}
	return violations
}

func (b *tab) prefer(scheme string) {
	b.t.Helper()
	tell(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
}

// goToFormElsewhere goes to another site, whose form sends to this one.
func (b *tab) goToFormElsewhere(action string) {
	b.t.Helper()
	b.goToFormFor(b.site.server.URL + action)
}

func (b *tab) goToFormFor(address string) {
	b.t.Helper()
	page := `<!DOCTYPE html><form method="post" action="` + address + `"><button>Send</button></form>`
	if err := chromedp.Do(b.ctx, chromedp.Navigate("data:text/html,"+url.PathEscape(page))); err != nil {
		b.t.Fatal(err)
	}
}
