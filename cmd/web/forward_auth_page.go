package main

import (
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

var appPageTemplate = template.Must(template.New("").Parse(`<!doctype html><html lang="en"><meta charset="utf-8">` +
	`<title>{{.Title}}</title><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">` +
	`<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:26rem;margin:12vh auto;padding:0 1rem;overflow-wrap:anywhere}a{display:inline-block;padding:.25rem 0}</style>` +
	`<main><h1>{{.Title}}</h1><p>{{.Text}}</p>{{range .Links}}<p><a href="{{.Address}}"{{if .NewTab}} target="_blank" rel="noopener"{{end}}>{{.Text}}</a></p>{{end}}</main></html>`))

func showAppPage(w http.ResponseWriter, status int, page appPage) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(status)
	_ = appPageTemplate.Execute(w, page) // the client may have left
}
