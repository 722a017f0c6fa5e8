package main

import (
	"testing"
)

func TestAssetIsCompressedOnlyForThoseWhoTakeGzip(t *testing.T) {
	t.Parallel()
	b := newSite(t).browser()
	asset := attribute(b.get("/login").find(isStylesheet), "href")
	for _, test := range []struct {
		accepts []string // one header line each
		gzip    bool
	}{
		{[]string{"gzip"}, true},
		{[]string{"gzip, deflate, br, zstd"}, true},
		{[]string{"br;q=1.0, GZIP;q=0.8, *;q=0.1"}, true},
		{[]string{"x-gzip"}, true},
		{[]string{"*"}, true},
		{[]string{"deflate", "gzip; q=0.001"}, true},
		{[]string{"identity;q=0.5, gzip"}, true},
		{[]string{"identity, gzip"}, true},
		{[]string{"identity;q=0, gzip;q=0.1"}, true},
		{[]string{"gzip;q=1, *;q=0"}, true},
		{[]string{""}, false},
		{[]string{"gzip;q=0"}, false},
		{[]string{"gzip;q=0.0, br"}, false},
		{[]string{"gzip ; Q=0.000"}, false},
		{[]string{"*;q=0"}, false},
		{[]string{"*, gzip;q=0"}, false},
		{[]string{"identity"}, false},
		{[]string{"identity, gzip;q=0.5"}, false},
		{[]string{"br, zstd"}, false},
		{[]string{"notgzip, gzip2"}, false},
		{[]string{"gzip;q=high"}, false},
		{[]string{"gzip;q=2"}, false},
	} {
		b.header["Accept-Encoding"] = test.accepts
		want := map[bool]string{true: "gzip"}[test.gzip]
		answer := b.get(asset).wantStatus(200).wantHeader("Vary", "Accept-Encoding")
		if got := answer.header.Get("Content-Encoding"); got != want {
			t.Errorf("%q gets %q, want %q", test.accepts, got, want)
		}
	}
}
