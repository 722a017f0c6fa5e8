// Package public holds what comes from npm or goes to the browser besides pages: styles, scripts, the icon and the list
// of common passwords, embedded in the binary, which needs no other file and no other site.
package public

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base32"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"sync"
)

//go:embed app.css app.js passkey.js icon.svg favicon.ico touch-icon.png
var own embed.FS

// Asset is one file as it goes over the wire. It never changes under its name, because the name holds a hash of
// the content, so it may be cached for ever (RFC 8246).
type Asset struct {
	// Path is the whole path of the request for it.
	Path        string
	ContentType string
	Plain       []byte
	// Gzipped is compressed at the first call, with the best level.
	Gzipped func() []byte
}

// Prefix is the part of the path that all assets share.
const Prefix = "/public/"

// The paths that pages link to, content hash included.
var (
	StylePath  string
	ScriptPath string
	// PasskeyPath is a script that only pages load which offer passkeys.
	PasskeyPath string
	HtmxPath    string
	IconPath    string
)

var assets = map[string]Asset{}

func init() {
	StylePath = add(own, "app.css", "text/css; charset=utf-8")
	ScriptPath = add(own, "app.js", "text/javascript; charset=utf-8")
	PasskeyPath = add(own, "passkey.js", "text/javascript; charset=utf-8")
	HtmxPath = add(npm, "node_modules/htmx.org/dist/htmx.min.js", "text/javascript; charset=utf-8")
	IconPath = add(own, "icon.svg", "image/svg+xml")
}

// Lookup finds an asset by the full path of the request.
func Lookup(requestPath string) (Asset, bool) {
	asset, ok := assets[requestPath]
	return asset, ok
}

// withoutComments finds what only readers of the source need: whole lines of comment, and indentation.
var withoutComments = regexp.MustCompile(`(?m)^\s*(//.*|/\*.*\*/)?\n|^\s+`)

func add(files fs.FS, name, contentType string) string {
	content, err := fs.ReadFile(files, name)
	if err != nil {
		panic(fmt.Sprintf("public: embedded file: %v", err))
	}
	if files == own {
		content = withoutComments.ReplaceAll(content, nil)
	}
	asset := NewAsset(path.Base(name), contentType, content)
	assets[asset.Path] = asset
	return asset.Path
}

// Icon returns the icon that browsers ask for by this path: /favicon.ico, and otherwise the one for a home screen.
func Icon(path string) Asset {
	name, contentType := "touch-icon.png", "image/png"
	if path == "/favicon.ico" {
		name, contentType = "favicon.ico", "image/x-icon"
	}
	content, err := own.ReadFile(name)
	if err != nil {
		panic(fmt.Sprintf("public: embedded file: %v", err))
	}
	return Asset{Path: path, ContentType: contentType, Plain: content}
}

// NewAsset gives content a path with its hash.
func NewAsset(base, contentType string, content []byte) Asset {
	sum := sha256.Sum256(content)
	hash := strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:12])
	ext := path.Ext(base)
	return Asset{
		Path:        Prefix + strings.TrimSuffix(base, ext) + "." + hash + ext,
		ContentType: contentType, Plain: content, Gzipped: sync.OnceValue(func() []byte { return compress(content) }),
	}
}

func compress(content []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		panic(err)
	}
	// A bytes.Buffer never fails.
	_, _ = w.Write(content)
	_ = w.Close()
	return out.Bytes()
}
