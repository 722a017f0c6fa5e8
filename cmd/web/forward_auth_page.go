package main

import (
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
)

// appPage is a page on an app's own host, where nothing of the site's can be loaded.
type appPage struct {
	Title, Text string
	Links       []appLink
}

type appLink struct {
	Text, Address string
	NewTab        bool
}

// appPageStyle is a small part of app.css.
const appPageStyle = `:root{color-scheme:light dark;--page:#f4f5f3;--card:#fff;--ink:#1b211f;--line:#8b9691}` +
	`@media screen and (prefers-color-scheme:dark){:root{--page:#131715;--card:#1c2220;--ink:#e7ecea;--line:#6d7a75}}` +
	`*{box-sizing:border-box}` +
	`body{max-width:26rem;margin:0 auto;padding:min(12vh,6rem) min(1rem,4vw) 3rem;background:var(--page);color:var(--ink);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}` +
	`main{padding:min(1.5rem,5vw);background:var(--card);border:1px solid color-mix(in srgb,var(--line) 35%,transparent);border-radius:.75rem}` +
	`h1{margin:0 0 1rem;font-size:1.5rem;line-height:1.25;text-wrap:balance}p{margin:0 0 .5rem;text-wrap:pretty}` +
	`a{display:inline-flex;align-items:center;min-width:2.75rem;min-height:2.75rem;color:inherit;text-underline-offset:.15em}`

var (
	appPageTemplate = template.Must(template.New("").Parse(`<!doctype html><html lang="en"><meta charset="utf-8">` +
		`<title>{{.Title}}</title><meta name="viewport" content="width=device-width"><style>` + appPageStyle + `</style>` +
		`<main><h1>{{.Title}}</h1><p>{{.Text}}</p>{{range .Links}}<div><a href="{{.Address}}"{{if .NewTab}} target="_blank" rel="noopener"{{end}}>{{.Text}}</a></div>{{end}}</main></html>`))
	appPagePolicy = "default-src 'none'; style-src '" + sourceHash(appPageStyle) + "'; base-uri 'none'; form-action 'none'"
)

// sourceHash names a part of a page that its policy allows (CSP Level 3, hash-source).
func sourceHash(text string) string {
	hash := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(hash[:])
}

func showAppPage(w http.ResponseWriter, status int, page appPage) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", appPagePolicy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(status)
	_ = appPageTemplate.Execute(w, page) // the client may have left
}
