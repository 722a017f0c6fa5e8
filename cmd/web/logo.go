package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"os"
	"strings"

	"latchkey/public"
)

// maxLogo is in bytes; maxLogoSide in pixels.
const (
	maxLogo     = 256 << 10
	maxLogoSide = 4096
)

// logo is an image in place of the key; its zero value is none.
type logo struct{ public.Asset }

func parseLogo(path string) (logo, error) {
	if path == "" {
		return logo{}, nil
	}
	asset, err := readLogo(path)
	return logo{asset}, err
}

// readLogo reads an image for the head of each page, and refuses one that could do more than be looked at.
func readLogo(path string) (public.Asset, error) {
	file, err := os.Open(path)
	if err != nil {
		return public.Asset{}, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxLogo+1))
	switch {
	case err != nil:
		return public.Asset{}, err
	case len(content) > maxLogo:
		return public.Asset{}, fmt.Errorf("%s is larger than %d KiB", path, maxLogo>>10)
	case bytes.HasPrefix(content, []byte("\x89PNG")):
		size, err := png.DecodeConfig(bytes.NewReader(content))
		if err != nil || max(size.Width, size.Height) > maxLogoSide {
			return public.Asset{}, fmt.Errorf("%s is not a PNG of at most %d pixels a side", path, maxLogoSide)
		}
		return public.NewAsset("logo.png", "image/png", content), nil
	}
	if err := checkSVG(content); err != nil {
		return public.Asset{}, fmt.Errorf("%s is no PNG, and no SVG to show: %w", path, err)
	}
	return public.NewAsset("logo.svg", "image/svg+xml", content), nil
}

// checkSVG refuses scripts and whatever an image could load from elsewhere.
func checkSVG(content []byte) error {
	decoder := xml.NewDecoder(bytes.NewReader(content))
	root, ended, depth := true, false, 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			if !ended {
				return errors.New("it is empty")
			}
			return nil
		}
		if err != nil {
			return errors.New("it is not well-formed XML")
		}
		switch token := token.(type) {
		case xml.Directive:
			return errors.New("it has a document type or entities")
		case xml.ProcInst:
			if token.Target != "xml" {
				return errors.New("it has a style sheet of its own")
			}
		case xml.EndElement:
			depth--
			ended = depth == 0
		case xml.CharData:
			if loadsSomething(string(token)) {
				return errors.New("its style loads something")
			}
		case xml.StartElement:
			if root && (token.Name.Local != "svg" || token.Name.Space != "http://www.w3.org/2000/svg") {
				return errors.New("it does not begin with <svg> of its namespace")
			}
			if ended {
				return errors.New("it goes on after its end")
			}
			root = false
			depth++
			if err := checkSVGElement(token); err != nil {
				return err
			}
		}
	}
}

func checkSVGElement(element xml.StartElement) error {
	switch name := strings.ToLower(element.Name.Local); name {
	case "script", "foreignobject", "iframe", "object", "embed", "audio", "video", "image", "feimage", "handler", "listener", "set", "animate":
		return fmt.Errorf("it has a <%s>", name)
	}
	for _, attribute := range element.Attr {
		switch name := strings.ToLower(attribute.Name.Local); {
		case strings.HasPrefix(name, "on"):
			return fmt.Errorf("it has the attribute %s", name)
		case name == "href" && !strings.HasPrefix(attribute.Value, "#"):
			return errors.New("it leads elsewhere")
		case loadsSomething(attribute.Value):
			return errors.New("its style loads something")
		}
	}
	return nil
}

// loadsSomething takes no chances: nothing that can be written in several ways is allowed in a style.
func loadsSomething(style string) bool {
	folded := strings.ToLower(strings.ReplaceAll(style, " ", ""))
	return strings.ContainsAny(folded, "@\\") || strings.Contains(folded, "javascript:") || strings.Contains(folded, "image-set(") ||
		strings.Contains(strings.NewReplacer("url(#", "", `url("#`, "", "url('#", "").Replace(folded), "url(")
}
