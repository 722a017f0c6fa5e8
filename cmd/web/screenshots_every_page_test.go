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
		name := fmt.Sprintf("%02d-%s", i+1, regexp.MustCompile(`[^a-z]+`).ReplaceAllString(page.name, "-"))
		draw := func(look string, width int64, features ...*emulation.MediaFeature) {
			tell(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
			b.resize(width, 800)
			beyond := true
			shot := tell(b, cdp.CaptureScreenshot, cdp.CaptureScreenshotParams{CaptureBeyondViewport: &beyond})
			if err := os.WriteFile(filepath.Join(folder, name+"-"+look+".png"), []byte(shot.Data), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		dark := &emulation.MediaFeature{Name: "prefers-color-scheme", Value: "dark"}
		for _, width := range []int64{320, 390, 768, 1440} {
			draw(fmt.Sprint(width), width)
		}
		draw("390-dark", 390, dark)
		draw("1440-dark", 1440, dark)
		draw("390-forced-colours", 390, &emulation.MediaFeature{Name: "forced-colors", Value: "active"})
		result[bool](b, `document.documentElement.style.fontSize = "200%"; return true`)
		draw("320-twice-the-text", 320)
		result[bool](b, `document.documentElement.style.fontSize = ""; return true`)
		b.resize(1280, 800)
	}
}
