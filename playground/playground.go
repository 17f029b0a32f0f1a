// Package playground holds the web app in which a mapping is written and previewed (Svelte and CodeMirror, built by
// Vite into the folder dist) and hands out its files. It maps nothing and knows nothing of mappings: the app asks the
// server's HTTP API, as any client does. Start with [Handler], or with src/App.svelte for the app.
package playground

import (
	"bytes"
	"embed"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

// dist is what `make web` builds. Without that it holds a page that says how.
//
//go:embed all:dist
var dist embed.FS

// Built tells whether the app is in this program.
func Built() bool {
	_, err := fs.Stat(dist, "dist/index.html")
	return err == nil
}

// nonceMark stands in index.html where the nonce of the page's styles goes.
const nonceMark = "NONCE-OF-THIS-PAGE"

// Handler serves the app. Files of assets never change under their name; every other path is the app itself, which shows
// what the path says. nonce is that of the request's Content-Security-Policy, which CodeMirror's styles need.
func Handler(nonce func(*http.Request) string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
		asset := strings.HasPrefix(name, "assets/")
		if !asset && path.Ext(name) == "" {
			name = "index.html"
		}
		if name == "index.html" && !Built() {
			name = "unbuilt.html"
		}
		body, encoding := read(name, r.Header.Get("Accept-Encoding"))
		if body == nil {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
		h.Set("Vary", "Accept-Encoding")
		h.Set("Cache-Control", "no-cache")
		if name == "index.html" {
			body = bytes.ReplaceAll(body, []byte(nonceMark), []byte(nonce(r)))
		}
		if asset {
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		if encoding != "" {
			h.Set("Content-Encoding", encoding)
		}
		if r.Method != http.MethodHead {
			_, _ = w.Write(body) // a client that has gone needs no page
		}
	})
}

// read returns a file as small as the browser takes it: the build leaves a .br and a .gz beside the assets.
func read(name, accepted string) (body []byte, encoding string) {
	for _, c := range []struct{ suffix, encoding string }{{".br", "br"}, {".gz", "gzip"}, {"", ""}} {
		if !strings.Contains(accepted, c.encoding) {
			continue
		}
		if body, err := dist.ReadFile("dist/" + name + c.suffix); err == nil {
			return body, c.encoding
		}
	}
	return nil, ""
}
