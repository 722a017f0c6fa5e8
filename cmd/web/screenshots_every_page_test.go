package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	cdp "github.com/chromedp/cdproto/page"
)

// TestScreenshotsOfEveryPage draws each page and state as people with different screens, colours, text sizes and browsers
// see it, to be looked at: `task screenshots`.
func TestScreenshotsOfEveryPage(t *testing.T) {
	folder := os.Getenv("SCREENSHOTS_OF_EVERY_PAGE")
	if folder == "" {
		t.Skip("set SCREENSHOTS_OF_EVERY_PAGE to the folder that the pictures go to")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	b := newSiteOfEveryPage(t).emptyTab()
	for i, page := range everyPage {
		page.open(b)
		for _, width := range []int64{320, 390, 768, 1440} {
			b.draw(folder, i, fmt.Sprint(width, "-light"), width)
		}
		dark := &emulation.MediaFeature{Name: "prefers-color-scheme", Value: "dark"}
		b.draw(folder, i, "390-dark", 390, dark)
		b.draw(folder, i, "1440-dark", 1440, dark)
		b.draw(folder, i, "390-forced-colours", 390, &emulation.MediaFeature{Name: "forced-colors", Value: "active"})
		result[bool](b, `document.documentElement.style.fontSize = "200%"; return true`)
		b.draw(folder, i, "320-twice-the-text", 320)
		result[bool](b, `document.documentElement.style.fontSize = ""; return true`)
		b.resize(1280, 800)
	}
	b = newSiteOfEveryPage(t).newTabWithoutScripts("/")
	for i, page := range everyPage {
		page.open(b)
		b.draw(folder, i, "390-without-scripts", 390)
		b.resize(1280, 800)
	}
}

// draw writes the whole length of a page, as a look shows it, into a file named after both.
func (b *tab) draw(folder string, page int, look string, width int64, features ...*emulation.MediaFeature) {
	b.t.Helper()
	tell(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
	b.resize(width, 800)
	beyond := true
	shot := tell(b, cdp.CaptureScreenshot, cdp.CaptureScreenshotParams{CaptureBeyondViewport: &beyond})
	name := fmt.Sprintf("%02d-%s-%s.png", page+1, notLetters.ReplaceAllString(everyPage[page].name, "-"), look)
	if err := os.WriteFile(filepath.Join(folder, name), []byte(shot.Data), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

var notLetters = regexp.MustCompile(`[^a-z]+`)
