package main

import (
	"net/http"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp/kb"
)

func TestKeyboardAloneIsEnough(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.newTab("/signup")
	b.mark()
	tabTo := func(name string) {
		t.Helper()
		b.keys(kb.Tab)
		b.wantFocus(name)
		b.wantFocusVisible()
	}

	b.wantFocus("Username")
	b.keys("bob")
	tabTo("Password")
	b.keys(goodPassword)
	tabTo("Show password")
	tabTo("Create account")
	b.keys(kb.Enter)
	b.wantFlash("User account has been created. Log in to continue.")

	b.wantFocus("Password")
	b.keys(goodPassword)
	tabTo("Show password")
	b.keys(" ")
	b.want("type of the field", "text", `return find.field("Password").type`)
	tabTo("Keep me signed in on this device")
	b.keys(" ")
	tabTo("Log in")
	b.keys(" ")

	b.wantFocus("Hello Bob")
	if remembered := s.query("SELECT remembered FROM sign_ins"); remembered != "1" {
		t.Error("the sign-in is not remembered")
	}
	b.wantFocusBefore("Log out")
	b.keys(kb.Enter)
	b.wantFlash("Successfully logged out.")
	b.wantFocus("Username")
	b.wantSamePage()
}

func TestKeyboardAloneIsEnoughWithoutScripts(t *testing.T) {
	t.Parallel()
	b := newSite(t).newTabWithoutScripts("/signup")
	b.wantFocus("Username")
	b.keys("bob" + kb.Tab + goodPassword + kb.Tab)
	b.wantFocus("Create account")
	b.wantFocusVisible()
	b.keys(" ")
	b.wantFlash("User account has been created. Log in to continue.")
	b.wantFocus("Password")
	b.keys(goodPassword + kb.Tab)
	b.wantFocus("Keep me signed in on this device")
	b.keys(" " + kb.Enter)
	b.wantFocus("Hello Bob")
	b.wantFocusBefore("Log out")
	b.keys(kb.Enter)
	b.wantFlash("Successfully logged out.")
}

func TestPasswordFieldCanBeShownAndIsHiddenAgainOnSending(t *testing.T) {
	t.Parallel()
	s, proxy := newSiteBehindProxy(t)
	b := s.newTab("/login")
	wantType := func(want string) {
		t.Helper()
		b.want("type of the field", want, `return find.field("Password").type`)
		b.wantValue("Password", goodPassword)
	}
	b.fill("Username", "bob")
	b.fill("Password", goodPassword)
	wantType("password")
	b.press("Show password")
	wantType("text")
	b.press("Hide password")
	wantType("password")
	b.press("Show password")
	wantType("text")

	held := proxy.hold(http.MethodPost)
	b.press("Log in")
	letOn := receive(b, "the request", held)
	wantType("password")
	letOn()
	b.wantNotice("Invalid username or password.")
}

func TestPasswordFieldTakesAPastedPassword(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "bob")
	b := s.newTab("/login")
	edit := func(key, command string) {
		t.Helper()
		for _, kind := range []input.DispatchKeyEventType{kb.KeyRawDown, kb.KeyUp} {
			tell(b, input.DispatchKeyEvent, input.DispatchKeyEventParams{
				Type: kind, Key: key, Modifiers: int64(kb.ModifierCtrl), Commands: []string{command},
			})
		}
	}
	b.fill("Username", goodPassword)
	edit("a", "selectAll")
	edit("x", "cut")
	b.wantValue("Username", "")
	b.keys("bob")
	b.click("field", "Password")
	edit("v", "paste")
	b.wantValue("Password", goodPassword)
	b.send("Log in")
	b.wantHeading("Hello Bob")
}
