//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// measureVisits measures what a browser receives when it comes to the login form for the first time, and when it
// comes again.
func (b *bench) measureVisits(ctx context.Context) error {
	server, err := b.startServer(ctx, b.database)
	if err != nil {
		return err
	}
	defer server.kill()
	cookies, kept := map[string]string{}, map[string]bool{}
	for _, visit := range []struct {
		row string
		kib float64
	}{{"first-visit", 24}, {"second-visit", 3}} {
		r := b.report.begin(visit.row, "KiB", "", target{AtMost: visit.kib})
		loaded, err := browse(ctx, server.address, "/login", cookies, kept)
		if err != nil {
			return err
		}
		sum := 0
		for _, path := range slices.Sorted(maps.Keys(loaded)) {
			sum += loaded[path]
			r.note("%s takes %d bytes", path, loaded[path])
		}
		r.Ours = append(r.Ours, float64(sum)/1024)
	}
	return server.stop()
}

// browse loads a page and all it names, as a browser does that keeps what may be kept for ever. It returns how many
// bytes came over the wire for each path, and updates the browser's cookies and what it keeps.
func browse(ctx context.Context, address, page string, cookies map[string]string, kept map[string]bool) (map[string]int, error) {
	c, err := dial(ctx, address)
	if err != nil {
		return nil, err
	}
	defer c.close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	loaded := map[string]int{}
	load := func(path string) error {
		before := c.received
		answer, err := c.send(get(path, requestOptions{cookies: cookies, encodings: browserEncodings}), http.StatusOK, true)
		if err != nil {
			return err
		}
		loaded[path] = c.received - before
		kept[path] = strings.Contains(answer.header.Get("Cache-Control"), "immutable")
		maps.Copy(cookies, answer.cookies())
		return nil
	}
	// What the page names is read from a copy that is not compressed and not counted.
	plain, err := visit(ctx, address, get(page, requestOptions{cookies: cookies}), http.StatusOK)
	if err != nil {
		return nil, err
	}
	named, err := namedIn(plain.body)
	if err != nil {
		return nil, err
	}
	for _, path := range append([]string{page}, named...) {
		if _, again := loaded[path]; again || kept[path] {
			continue
		}
		if err := load(path); err != nil {
			return nil, err
		}
	}
	return loaded, nil
}

// namedIn are the paths of the scripts, styles and images of a page.
func namedIn(page []byte) ([]string, error) {
	document, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		return nil, err
	}
	var paths []string
	for node := range document.Descendants() {
		attribute := map[string]string{"script": "src", "img": "src", "link": "href"}[node.Data]
		for _, a := range node.Attr {
			if node.Type != html.ElementNode || a.Key != attribute || a.Val == "" {
				continue
			}
			if !strings.HasPrefix(a.Val, "/") || strings.HasPrefix(a.Val, "//") {
				return nil, fmt.Errorf("%s is not a path of this site", a.Val)
			}
			paths = append(paths, a.Val)
		}
	}
	return paths, nil
}
