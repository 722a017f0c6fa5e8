package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// inOwnBrowser has do use a process of Chromium that keeps its cookies in a folder, and closes it as people do.
func (s *site) inOwnBrowser(folder string, do func(*tab)) {
	s.t.Helper()
	options, err := chromiumOptions()
	if errors.Is(err, errNoChromium) && os.Getenv("CI") != "true" {
		s.t.Skip(err)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	allocator, free := chromedp.NewExecAllocator(context.Background(), append(options,
		chromedp.UserDataDir(folder), chromedp.Flag("password-store", "basic"))...)
	defer free()
	b, _ := s.openTab(allocator)
	do(b)
	b.reportComplaints()
	if err := chromedp.Cancel(b.ctx); err != nil { // waits until it has written its cookies
		s.t.Errorf("close Chromium: %v", err)
	}
}

func TestKeepMeSignedInIsEachAccountsOwnChoiceOverARestartOfTheBrowser(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "alice")
	s.signUp("bob")
	profile, err := os.MkdirTemp("", "profile")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(profile) }) // a process of the browser may still write there
	s.inOwnBrowser(profile, func(b *tab) {
		b.goTo("/login")
		b.fill("Username", "alice")
		b.fill("Password", goodPassword)
		b.click("field", "Keep me signed in on this device")
		b.press("Log in")
		b.wantHeading("Hello Alice")
		b.logIn("bob")
		b.goTo("/user/alice")
		b.wantHeading("Hello Alice")
	})
	s.inOwnBrowser(profile, func(b *tab) {
		b.goTo("/user/alice")
		b.wantHeading("Hello Alice")
		b.goTo("/user/bob")
		b.wantNotice("Log in to continue.")
		b.logIn("bob")
		b.goTo("/user/alice")
		b.wantHeading("Hello Alice")
	})
}

// closed returns the same browser after it was closed and opened again: only cookies with an age are left.
func (b *browser) closed(lasting ...page) *browser {
	b.site.t.Helper()
	opened := b.site.browser()
	for _, p := range lasting {
		for _, cookie := range p.cookies {
			if cookie.MaxAge > 0 {
				opened.setCookie(cookie.Name, cookie.Value)
			}
		}
	}
	return opened
}

func TestSignInThatIsNotRememberedNeedsTheRunOfTheBrowserItBeganIn(t *testing.T) {
	t.Parallel()
	for _, order := range [][2]string{{"alice", "bob"}, {"bob", "alice"}} {
		s := newSiteFor(t, "alice")
		s.signUp("bob")
		b := s.browser().stay()
		var answers []page
		for _, name := range order {
			form := []string{"username", name, "password", goodPassword}
			if name == "alice" {
				form = append(form, "remember", "yes")
			}
			answers = append(answers, b.post("/login", form...).wantStatus(http.StatusSeeOther))
		}
		for _, name := range order {
			b.get("/user/" + name).wantStatus(http.StatusOK)
		}
		opened := b.closed(answers[1])
		opened.get("/user/alice").wantStatus(http.StatusOK)
		opened.get("/user/bob").wantStatus(http.StatusUnauthorized)
		opened.setCookie("run", "made up")
		opened.get("/user/bob").wantStatus(http.StatusUnauthorized)
		opened.logIn("bob")
		opened.get("/user/alice").wantStatus(http.StatusOK)
		opened.post("/logout/alice")
		opened.get("/user/bob").wantStatus(http.StatusOK) // alone, and with the session's own cookie
		if data := s.query("SELECT data FROM sessions"); len(data) == 0 {
			t.Error("no session")
		}
	}
}

func TestSignInIsNotLostWhenAnotherTabLogsOutMeanwhile(t *testing.T) {
	t.Parallel()
	s := newSiteFor(t, "alice")
	for _, name := range []string{"bob", "carol"} {
		s.signUp(name)
	}
	b := s.browser()
	b.logIn("alice", "remember", "yes")
	b.logIn("bob")
	release := s.holdHashes()
	tab := sync.WaitGroup{}
	tab.Go(func() { b.stay().post("/login", "username", "carol", "password", goodPassword) })
	s.waitForHashes(1, 0)
	b.post("/logout/bob").wantPath("/login")
	release()
	tab.Wait()
	b.get("/user/carol").wantStatus(http.StatusOK)
	b.get("/user/alice").wantStatus(http.StatusOK)
}
