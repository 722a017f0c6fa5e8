package main

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// wantUsableAtTwiceTheTextSize fails where a phone with large text cuts something off, or leaves too little of a field to
// see what is typed there (WCAG 2.2, 1.4.4): a field has its row to itself, or is ten times as wide as its letters are
// high.
func (b *tab) wantUsableAtTwiceTheTextSize(page string) {
	b.t.Helper()
	b.resize(320, 800)
	result[bool](b, `document.documentElement.style.fontSize = "200%"; return true`)
	for _, fault := range result[[]string](b, `
		const faults = [];
		const root = document.documentElement;
		if (root.scrollWidth > 320) faults.push("the page is " + root.scrollWidth + " px wide");
		for (const field of document.querySelectorAll("input:not([type=hidden], [type=checkbox], .hidden), select")) {
			const box = field.getBoundingClientRect();
			const row = field.parentElement.getBoundingClientRect();
			if (box.width < Math.min(row.width - 1, 10 * parseFloat(getComputedStyle(root).fontSize))) {
				faults.push("the field " + field.name + " is " + box.width + " px wide");
			}
			const show = row.width && field.parentElement.querySelector("show-password button")?.getBoundingClientRect();
			if (show && show.left < box.right && show.top < box.bottom) faults.push("the button is on the field " + field.name);
			if (show && show.right > row.right + 1) faults.push("the button leaves the row of the field " + field.name);
		}
		for (const words of document.querySelectorAll("h1, h2, p, label, button, .button")) {
			const own = !words.querySelector("[translate=no]");
			if (own && getComputedStyle(words).overflowY !== "visible" && words.scrollHeight > words.clientHeight + 1) {
				faults.push("cut off: " + words.textContent.trim());
			}
		}
		const menu = document.querySelector(".menu[open] > div")?.getBoundingClientRect();
		if (menu && (menu.left < 0 || menu.right > 320)) faults.push("the menu leaves the screen");
		return faults`) {
		b.t.Errorf("%s, at 200%% text on a phone: %s", page, fault)
	}
	result[bool](b, `document.documentElement.style.fontSize = ""; return true`)
}

// wantTargetsForFingers fails where something to touch is smaller than 44 by 44 pixels (WCAG 2.2, 2.5.5), but for links
// within a sentence.
func (b *tab) wantTargetsForFingers(page string) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, chromedp.EmulateViewport(320, 800, chromedp.EmulateMobile, chromedp.EmulateTouch)); err != nil {
		b.t.Fatal(err)
	}
	for _, fault := range result[[]string](b, `
		if (!matchMedia("(pointer: coarse)").matches) return ["this is no touch screen"];
		const faults = [];
		for (const target of document.querySelectorAll("a, button, summary, select, input:not([type=hidden], .hidden)")) {
			const touched = target.type === "checkbox" ? target.labels[0] : target;
			const box = touched.getBoundingClientRect();
			const inSentence = getComputedStyle(touched).display === "inline";
			if (target.checkVisibility() && !inSentence && (box.width < 43.9 || box.height < 43.9)) {
				faults.push(nameOf(target) + " is " + box.width + " by " + box.height + " px");
			}
		}
		return faults`) {
		b.t.Errorf("%s, on a touch screen: %s", page, fault)
	}
	tell(b, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{})
	b.resize(1280, 800)
}

func TestPagesClampLongNames(t *testing.T) {
	t.Parallel()
	other := strings.Repeat("v", 100)
	s := newSiteFor(t, longName, "--forward-auth-addr=localhost:0", "--contact=help@example.org")
	s.signUp(other)
	s.addApp("photos.example.org", "Photos", "everyone")
	s.addApp("secret.example.org", "Secret")
	b := s.emptyTab()
	b.resize(320, 800)
	b.logIn(longName)
	wantClamped := func(where string, lines int) {
		t.Helper()
		for _, fault := range result[[]string](b, `
			const faults = [];
			const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
			while (texts.nextNode()) {
				const text = texts.currentNode;
				if (!/w{90}|v{90}/i.test(text.data) || !text.parentElement.checkVisibility()) continue;
				const range = document.createRange();
				range.selectNode(text);
				let {top, bottom, right} = range.getBoundingClientRect();
				for (let e = text.parentElement; e !== document.body; e = e.parentElement) {
					if (getComputedStyle(e).overflowY === "visible") continue;
					const box = e.getBoundingClientRect();
					[top, bottom, right] = [Math.max(top, box.top), Math.min(bottom, box.bottom), Math.min(right, box.right)];
				}
				const lines = Math.round((bottom - top) / parseFloat(getComputedStyle(text.parentElement).lineHeight));
				if (lines > a) faults.push(lines + " lines of " + text.data.slice(0, 20));
				if (right > innerWidth) faults.push("beyond the screen: " + text.data.slice(0, 20));
			}
			return faults`, lines) {
			t.Errorf("%s: %s", where, fault)
		}
		if wide := result[int64](b, "return document.documentElement.scrollWidth"); wide > 320 {
			t.Errorf("%s: %d px wide", where, wide)
		}
	}
	wantClamped("home", 3)
	b.goTo("/login")
	b.wantText("You are logged in as")
	wantClamped("login while signed in", 1)
	b.submit("Log in", other, goodPassword)
	b.wantAddress("/user/" + other)
	b.click("menu", "V"+other[1:])
	b.wantText("Add account")
	wantClamped("menu", 3)
	b.goTo("/logout/" + longName)
	wantClamped("logout", 1)
	b.goTo("/enter?app=photos.example.org&to=/&way=http")
	b.wantHeading("Open Photos")
	wantClamped("choose an account for an app", 1)
	b.goTo("/user/" + longName + "/sign-ins")
	wantClamped("sessions", 1)
}
