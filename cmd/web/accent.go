package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// color is one of sRGB, each part from 0 to 1. Its zero value is none, as a setting.
type color struct {
	set     bool
	r, g, b float64
}

// parseAccent takes a colour that can be read as text on the light pages (WCAG 2.2, 1.4.3).
func parseAccent(text string) (color, error) {
	if text == "" {
		return color{}, nil
	}
	accent, ok := parseColor(text)
	if !ok {
		return color{}, fmt.Errorf("%q is not a colour, as in #1f6f5c", text)
	}
	for _, behind := range []color{lightPage, lightCard} {
		if ratio := contrast(accent, behind); ratio < readable {
			return color{}, fmt.Errorf("%s has a contrast of %.2f:1 with the light page, below %.1f:1 (WCAG 1.4.3); choose a darker tone", text, math.Floor(ratio*100)/100, readable)
		}
	}
	return accent, nil
}

func parseColor(text string) (color, bool) {
	digits, ok := strings.CutPrefix(text, "#")
	number, err := strconv.ParseUint(digits, 16, 32)
	if !ok || err != nil || len(digits) != 6 {
		return color{}, false
	}
	part := func(shift int) float64 { return float64(number>>shift&0xff) / 255 }
	return color{true, part(16), part(8), part(0)}, true
}

func mustColor(text string) color {
	parsed, ok := parseColor(text)
	if !ok {
		panic(text)
	}
	return parsed
}

// readable is the least contrast of text (WCAG 2.2, 1.4.3).
const readable = 4.5

// The colours of app.css that an accent stands on.
var (
	lightPage, lightCard = mustColor("#f4f5f3"), mustColor("#ffffff")
	darkPage, darkCard   = mustColor("#131715"), mustColor("#1c2220")
	white, black         = mustColor("#ffffff"), mustColor("#000000")
	darkInk              = mustColor("#0c1a16")
)

// contrast is the ratio of WCAG 2.2, from 1 to 21.
func contrast(a, b color) float64 {
	light, dark := a.luminance(), b.luminance()
	if light < dark {
		light, dark = dark, light
	}
	return (light + 0.05) / (dark + 0.05)
}

func (c color) luminance() float64 {
	linear := func(part float64) float64 {
		if part <= 0.04045 {
			return part / 12.92
		}
		return math.Pow((part+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.r) + 0.7152*linear(c.g) + 0.0722*linear(c.b)
}

// toward returns the colour a part of the way to another one.
func (c color) toward(other color, part float64) color {
	mix := func(from, to float64) float64 { return from + (to-from)*part }
	return color{true, mix(c.r, other.r), mix(c.g, other.g), mix(c.b, other.b)}
}

func (c color) String() string {
	part := func(value float64) int { return int(math.Round(value * 255)) }
	return fmt.Sprintf("#%02x%02x%02x", part(c.r), part(c.g), part(c.b))
}

// style is a stylesheet with the accent for light pages, and a lighter tone of it that can be read on dark ones.
func (c color) style() string {
	dark := c
	for part := 0.0; part < 1 && min(contrast(dark, darkPage), contrast(dark, darkCard), contrast(dark, darkInk)) < 6; part += 0.02 {
		dark = c.toward(white, part)
	}
	variables := func(accent, strong, on color) string {
		return fmt.Sprintf(":root{--accent:%v;--accent-strong:%v;--on-accent:%v}", accent, strong, on)
	}
	return variables(c, c.toward(black, 0.2), white) +
		"@media screen and (prefers-color-scheme:dark){" + variables(dark, dark.toward(white, 0.3), darkInk) + "}"
}
