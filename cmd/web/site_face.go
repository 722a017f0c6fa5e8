package main

import (
	"fmt"
	"net/http"
	"net/mail"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"latchkey/components"
	"latchkey/public"
)

// contact is whom to ask, and how. Its zero value is nobody.
type contact struct {
	text string
	link string
}

// parseContact takes an e-mail address, also as a mailto: link, or an https: link.
func parseContact(text string) (contact, error) {
	if text == "" {
		return contact{}, nil
	}
	plain := strings.TrimPrefix(text, "mailto:")
	if address, err := mail.ParseAddress(plain); err == nil && address.Address == plain {
		return contact{plain, "mailto:" + plain}, nil
	}
	if link, err := url.Parse(text); err == nil && link.Scheme == "https" && link.Hostname() != "" && link.User == nil {
		return contact{strings.TrimSuffix(link.Host+link.Path, "/"), text}, nil
	}
	return contact{}, fmt.Errorf("%q is not an e-mail address or a link, as in help@example.org or https://example.org/help", text)
}

func checkSiteName(name string) error {
	if length := utf8.RuneCountInString(name); length < 1 || length > 40 || strings.TrimSpace(name) != name || strings.ContainsFunc(name, unicode.IsControl) {
		return fmt.Errorf("--site-name: %q is not a name of 1 to 40 characters", name)
	}
	return nil
}

// showFace gives the site the name, the colour, the mark and the contact of the settings.
func (a *app) showFace() {
	a.face = components.Site{
		Name: a.settings.SiteName, Mark: public.IconPath, Contact: a.settings.Contact.text, ContactLink: a.settings.Contact.link,
	}
	if a.settings.Accent.set {
		a.face.AccentStyle = a.addAsset(public.NewAsset("accent.css", "text/css; charset=utf-8", []byte(a.settings.Accent.style())))
	}
	if a.settings.Logo.Path != "" {
		a.face.Mark = a.addAsset(a.settings.Logo.Asset)
	}
}

func (a *app) addAsset(asset public.Asset) (path string) {
	if a.assets == nil {
		a.assets = map[string]public.Asset{}
	}
	a.assets[asset.Path] = asset
	return asset.Path
}

// robots keeps the pages of accounts out of search engines; the login may be found.
func (a *app) robots(c echo.Context) error {
	return c.String(http.StatusOK, "User-agent: *\nDisallow: /user/\nDisallow: /choose-password/\n")
}

// securityContact says whom to tell of a vulnerability (RFC 9116), where the administrator has said whom to ask.
func (a *app) securityContact(c echo.Context) error {
	if a.settings.Contact.link == "" {
		return echo.ErrNotFound
	}
	text := "Contact: " + a.settings.Contact.link + "\n" +
		"Expires: " + a.now().UTC().AddDate(0, 6, 0).Format(time.RFC3339) + "\n"
	if a.settings.URL != nil {
		text += "Canonical: " + a.site.String() + "/.well-known/security.txt\n"
	}
	return c.String(http.StatusOK, text)
}
