package main

import (
	"bytes"
	"image"
	"image/color/palette"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	cdp "github.com/chromedp/cdproto/page"
)

// TestScreenshots makes the picture of the README from the running program: `task screenshots`.
func TestScreenshots(t *testing.T) {
	folder := os.Getenv("SCREENSHOTS")
	if folder == "" {
		t.Skip("set SCREENSHOTS to the folder that the pictures go to")
	}
	s := newSiteFor(t, "bob")
	for _, scheme := range []string{"light", "dark"} {
		b := s.newTab("/login")
		login := b.screenshot(scheme)
		b.logIn("bob")
		home := b.screenshot(scheme)
		both := image.NewPaletted(image.Rect(0, 0, 2*login.Bounds().Dx(), login.Bounds().Dy()), palette.Plan9)
		draw.Draw(both, login.Bounds(), login, image.Point{}, draw.Src)
		draw.Draw(both, login.Bounds().Add(image.Pt(login.Bounds().Dx(), 0)), home, image.Point{}, draw.Src)
		var file bytes.Buffer
		if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&file, both); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "pages-"+scheme+".png"), file.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// screenshot is what a phone of 400 by 720 pixels shows.
func (b *tab) screenshot(scheme string) image.Image {
	b.t.Helper()
	tell(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	tell(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 400, Height: 720, DeviceScaleFactor: 1})
	shot := tell(b, cdp.CaptureScreenshot, cdp.CaptureScreenshotParams{})
	picture, err := png.Decode(bytes.NewReader([]byte(shot.Data)))
	if err != nil {
		b.t.Fatal(err)
	}
	return picture
}
