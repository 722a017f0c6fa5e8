package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// patience is how long a tab may take to show what is wanted. Only a test that fails waits that long.
const patience = time.Minute

// pageScript is there for every script that a tab runs. settled is true when no swap is under way; the rest finds
// things by what people read on them.
const pageScript = `
	const settled = () => document.readyState === "complete" &&
		!document.querySelector(".htmx-swapping, .htmx-settling, .htmx-added");
	const named = (selector, name) => [...document.querySelectorAll(selector)]
		.find((e) => (e.getAttribute("aria-label") ?? e.textContent).trim() === name);
	const find = {
		button: (name) => named("button", name),
		link: (name) => named("a", name),
		field: (name) => named("label", name)?.control,
		menu: (name) => named("summary", name),
		fact: (name) => named(".facts .label", name)?.closest("a"),
	};
	const message = (name) => find.field(name)?.getAttribute("aria-describedby").split(" ")
		.map((id) => document.getElementById(id)).find((e) => e.matches(".message"));
	const textOf = (e) => e.checkVisibility() ? e.textContent.trim() : "(hidden)";
	const nameOf = (e) => e === document.body ? "" :
		e.labels?.[0]?.textContent.trim() || e.getAttribute("aria-label") || e.textContent.trim();
`

// ask returns what a script returns: the body of a function of the arguments a, b and so on. It works where
// scripts are off as well. Where a page is just being replaced it is an error.
func ask[T any](b *tab, script string, args ...any) (T, error) {
	var parameters, values []string
	for i, arg := range args {
		value, err := json.Marshal(arg)
		if err != nil {
			b.t.Fatal(err)
		}
		parameters, values = append(parameters, string(rune('a'+i))), append(values, string(value))
	}
	function := "(" + strings.Join(parameters, ",") + ") => {" + pageScript + script + "}"
	return chromedp.Run(b.ctx, chromedp.Evaluate[T]("("+function+")("+strings.Join(values, ",")+")"))
}

// result is ask on a page that stays.
func result[T any](b *tab, script string, args ...any) T {
	b.t.Helper()
	value, err := ask[T](b, script, args...)
	if err != nil {
		b.t.Fatalf("%s: %v", script, err)
	}
	return value
}

// wait repeats a script until what it returns will do. A page that is being replaced shows nothing yet.
func wait[T any](b *tab, what string, will func(T) bool, script string, args ...any) T {
	b.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		value, err := ask[T](b, script, args...)
		if err == nil && will(value) {
			return value
		}
		if b.ctx.Err() != nil || time.Now().After(deadline) {
			address, _ := ask[string](b, "return location.href")
			text, _ := ask[string](b, "return document.body.innerText")
			b.t.Fatalf("waited for %s at %s: got %v (%v) of:\n%s", what, address, value, err, text)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (b *tab) history() cdppage.GetNavigationHistoryResult {
	b.t.Helper()
	return tell(b, cdppage.GetNavigationHistory, cdp.Empty{})
}

func (b *tab) back()    { b.t.Helper(); b.travel(-1) }
func (b *tab) forward() { b.t.Helper(); b.travel(+1) }

func (b *tab) travel(steps int64) {
	b.t.Helper()
	history := b.history()
	to := history.Entries[history.CurrentIndex+steps].ID
	tell(b, cdppage.NavigateToHistoryEntry, cdppage.NavigateToHistoryEntryParams{EntryID: to})
}

func (b *tab) goTo(path string) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, chromedp.Navigate(b.site.server.URL+path)); err != nil {
		b.t.Fatalf("go to %s: %v", path, err)
	}
}

func (b *tab) resize(width, height int64) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, chromedp.EmulateViewport(width, height)); err != nil {
		b.t.Fatal(err)
	}
}

// click clicks in the middle of a button, link or field, once it can be clicked. It does so again when the page moved
// under the mouse, as a message that appears does.
func (b *tab) click(kind, name string) {
	b.t.Helper()
	for hit := false; !hit; {
		at := wait(b, fmt.Sprintf("a %s %q to click", kind, name), func(at []float64) bool { return at != nil }, `
			const element = find[a](b);
			if (!settled() || !element || element.disabled) return null;
			element.scrollIntoView({block: "nearest", behavior: "instant"});
			const box = element.getClientRects()[0];
			const at = [box.x + box.width / 2, box.y + box.height / 2];
			if (!element.contains(document.elementFromPoint(...at))) return null;
			window.missed = true;
			element.addEventListener("click", () => window.missed = false, {once: true, capture: true});
			return at`, kind, name)
		if err := chromedp.Do(b.ctx, chromedp.MouseClickXY(at[0], at[1])); err != nil {
			b.t.Fatal(err)
		}
		// A page that came since knows of no click, and no error but the test's end is a miss.
		missed, err := ask[bool](b, "return window.missed === true")
		hit = b.withoutScripts || err != nil || !missed
	}
}

func (b *tab) press(button string) { b.t.Helper(); b.click("button", button) }
func (b *tab) follow(link string)  { b.t.Helper(); b.click("link", link) }

// openMenu opens the account's menu in the head of the page.
func (b *tab) openMenu(account string) { b.t.Helper(); b.click("menu", account) }

// fill replaces what is in a field.
func (b *tab) fill(field, text string) {
	b.t.Helper()
	b.click("field", field)
	b.want("focus in", field, "return nameOf(document.activeElement)")
	result[bool](b, "find.field(a).select(); return true", field)
	if text == "" {
		b.keys("\b")
		return
	}
	tell(b, input.InsertText, input.InsertTextParams{Text: text})
}

// keys presses keys one after the other.
func (b *tab) keys(keys string) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, chromedp.KeyEvent(keys)); err != nil {
		b.t.Fatal(err)
	}
}

// send presses a button and waits until there is something else in the page's main part.
func (b *tab) send(button string) {
	b.t.Helper()
	result[bool](b, `return document.querySelector("h1").stale = true`)
	b.press(button)
	wait(b, "an answer to "+button, func(fresh bool) bool { return fresh }, `return !document.querySelector("h1").stale`)
}

// submit fills a form in and sends it.
func (b *tab) submit(button, username, password string) {
	b.t.Helper()
	b.fill("Username", username)
	b.fill("Password", password)
	b.send(button)
}

// logIn goes to the login form and logs in.
func (b *tab) logIn(username string) {
	b.t.Helper()
	b.goTo("/login")
	b.submit("Log in", username, goodPassword)
	b.wantAddress("/user/" + username)
}

// eachTab is how to open a tab with and without scripts, for what must be the same in both.
var eachTab = map[string]func(s *site, path string) *tab{
	"with htmx":       (*site).newTab,
	"without scripts": (*site).newTabWithoutScripts,
}

// runFirst has each page that is loaded from now on run a script before its own.
func (b *tab) runFirst(script string) {
	b.t.Helper()
	tell(b, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: script})
}
