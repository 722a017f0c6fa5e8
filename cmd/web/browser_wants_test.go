package main

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// want waits until a script returns just this.
func (b *tab) want(what, value string, script string, args ...any) {
	b.t.Helper()
	wait(b, fmt.Sprintf("%s %q", what, value), func(got string) bool { return got == value }, script, args...)
}

func (b *tab) wantTitle(title string) {
	b.t.Helper()
	b.want("title", title+" · Latchkey", "return document.title")
}

// wantAddress compares path and query.
func (b *tab) wantAddress(address string) {
	b.t.Helper()
	b.want("address", address, "return location.pathname + location.search")
}

func (b *tab) wantHeading(text string) {
	b.t.Helper()
	b.want("heading", text, `return textOf(document.querySelector("h1"))`)
}

// wantFlash compares the message about what was just done.
func (b *tab) wantFlash(text string) {
	b.t.Helper()
	b.want("flash", text, `return textOf(document.getElementById("flash"))`)
}

// wantNotice compares the message about the form or page as a whole.
func (b *tab) wantNotice(text string) {
	b.t.Helper()
	b.want("notice", text, `return textOf(document.getElementById("notice"))`)
}

// wantMessage compares the message about a field, which must be tied to it and stand right below it.
func (b *tab) wantMessage(field, text string) {
	b.t.Helper()
	b.want("message of "+field, text, "return textOf(message(a))", field)
	b.want("place of the message of "+field, "below", `
		const above = find.field(a).getBoundingClientRect(), below = message(a).getBoundingClientRect();
		const gap = below.top - above.bottom;
		return gap >= 0 && gap < 10 && Math.abs(below.left - above.left) < 2 ? "below" : gap + "px below"`, field)
}

// wantInvalid compares what the field says of itself to a screen reader.
func (b *tab) wantInvalid(field string, invalid bool) {
	b.t.Helper()
	b.want("invalid "+field, fmt.Sprint(invalid), `return find.field(a).getAttribute("aria-invalid") ?? "false"`, field)
}

func (b *tab) wantValue(field, value string) {
	b.t.Helper()
	b.want("value of "+field, value, "return find.field(a).value", field)
}

// wantFocus compares the name of what has the focus.
func (b *tab) wantFocus(name string) {
	b.t.Helper()
	b.want("focus", name, "return nameOf(document.activeElement)")
}

// wantFocusBefore goes back to what takes the focus before the present one, and compares its name.
func (b *tab) wantFocusBefore(name string) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift))); err != nil {
		b.t.Fatal(err)
	}
	b.wantFocus(name)
	b.wantFocusVisible()
}

// wantFocusVisible fails unless a line around what has the focus shows it (WCAG 2.2, 2.4.7).
func (b *tab) wantFocusVisible() {
	b.t.Helper()
	b.want("line around the focus", "3px solid", `
		const style = getComputedStyle(document.activeElement);
		return style.outlineWidth + " " + style.outlineStyle`)
}

// wantText waits until the page says something.
func (b *tab) wantText(text string) {
	b.t.Helper()
	wait(b, fmt.Sprintf("text %q", text), func(found bool) bool { return found },
		"return document.body.innerText.includes(a)", text)
}

// wantNone compares at once: it needs something else that shows that the page is there.
func (b *tab) wantNone(kind, name string) {
	b.t.Helper()
	if result[bool](b, "return Boolean(find[a](b))", kind, name) {
		b.t.Errorf("there should be no %s %q", kind, name)
	}
}

// mark makes the page known, so that wantSamePage can tell whether another one was loaded since.
func (b *tab) mark() {
	b.t.Helper()
	result[bool](b, "return window.mark = true")
}

func (b *tab) wantSamePage() {
	b.t.Helper()
	if !result[bool](b, "return window.mark === true") {
		b.t.Error("the page was loaded anew")
	}
}

// wantHistory compares the addresses that the back button would lead through, the oldest first.
func (b *tab) wantHistory(addresses ...string) {
	b.t.Helper()
	var got []string
	for _, entry := range b.history().Entries[1:] { // the first is about:blank
		address, err := url.Parse(entry.URL)
		if err != nil {
			b.t.Fatal(err)
		}
		got = append(got, address.RequestURI())
	}
	if strings.Join(got, " ") != strings.Join(addresses, " ") {
		b.t.Errorf("history is %v, want %v", got, addresses)
	}
}
