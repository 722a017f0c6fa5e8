package main

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"latchkey/public"
)

// asset serves what package public embeds. Its name changes with its content: browsers may keep it for ever.
func (a *app) asset(c echo.Context) error {
	asset, ok := public.Lookup(c.Request().URL.Path)
	if !ok {
		asset, ok = a.assets[c.Request().URL.Path]
	}
	if !ok {
		return echo.ErrNotFound
	}
	header := c.Response().Header()
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("Vary", "Accept-Encoding")
	if asset.ContentType == "image/svg+xml" {
		header.Set(echo.HeaderContentSecurityPolicy, "default-src 'none'; style-src 'unsafe-inline'; sandbox") // opened by itself, too
	}
	body := asset.Plain
	if prefersGzip(c.Request()) {
		header.Set(echo.HeaderContentEncoding, "gzip")
		body = asset.Gzipped()
	}
	header.Set(echo.HeaderContentLength, strconv.Itoa(len(body)))
	return c.Blob(http.StatusOK, asset.ContentType, body)
}

// icon serves the icons that browsers ask for by these names.
func (a *app) icon(c echo.Context) error {
	asset := public.Icon(c.Request().URL.Path)
	c.Response().Header().Set("Cache-Control", "public, max-age=86400")
	return c.Blob(http.StatusOK, asset.ContentType, asset.Plain)
}
