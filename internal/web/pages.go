package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// pagePolicy lets a page load files of this server and nothing else: no script
// or style within the page, no frame but our own report, no place to send a form.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; " +
	"connect-src 'self'; manifest-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// pages serves files from memory.
type pages struct {
	files map[string]*page // by path without the leading slash
}

type page struct {
	media  string
	etag   string
	raw    []byte
	br     []byte        // from the build; nil where there is none
	gz     func() []byte // from the build, else made when first asked for; nil where it would not be smaller
	hashed bool          // the name changes with the content
}

// load reads the pages. Where they were not built, it serves one that says how.
func load(root fs.FS) (*pages, error) {
	ps := &pages{files: make(map[string]*page)}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if strings.HasPrefix(path.Base(name), ".") || name == "manifest.json" {
			return nil // of the build, not of the pages
		}
		b, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		ps.add(name, b)
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the embedded pages: %w", err)
	}
	ps.pair()
	if ps.files["index.html"] == nil {
		ps.add("index.html", []byte(unbuilt))
	}
	return ps, nil
}

const unbuilt = `<!doctype html>
<html lang="en-US">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Asepsis</title></head>
<body>
<h1>Asepsis is running, without its pages</h1>
<p>This program was built on a machine without Node.js, so the browser interface is not in it.
The API, the command line and the reports work.</p>
<p>To get the pages: install Node.js 20 or newer, then run</p>
<pre>make run</pre>
<p>in the source folder, and load this page again.</p>
<p>Without them: <code>asepsis assess --html report.html</code> writes the whole report as one file.</p>
</body>
</html>
`

// media types are fixed: those of the system differ from machine to machine.
var mediaTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".html": "text/html; charset=utf-8", ".ico": "image/x-icon", ".js": "text/javascript; charset=utf-8",
	".json": "application/json", ".map": "application/json", ".png": "image/png", ".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8",
	".webmanifest": "application/manifest+json", ".woff2": "font/woff2",
}

func (ps *pages) add(name string, b []byte) {
	ext := strings.ToLower(path.Ext(name))
	media, ok := mediaTypes[ext]
	if !ok {
		if media = mime.TypeByExtension(ext); media == "" {
			media = "application/octet-stream"
		}
	}
	sum := sha256.Sum256(b)
	p := &page{
		media: media, raw: b, etag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`,
		hashed: strings.HasPrefix(name, "static/"),
	}
	ps.files[name] = p
	p.gz = func() []byte { return nil }
	compressed := ext == ".gz" || ext == ".br" || media == "image/png" || strings.HasPrefix(media, "font/")
	if !compressed && len(b) >= 1400 {
		p.gz = sync.OnceValue(func() []byte { return squeeze(b) })
	}
}

// squeeze compresses b; nil where that gains nothing.
func squeeze(b []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil // the level is a constant
	}
	_, err = w.Write(b)
	if err = errors.Join(err, w.Close()); err != nil || out.Len() >= len(b) {
		return nil
	}
	return out.Bytes()
}

// pair makes files that the build compressed into encodings of their originals.
func (ps *pages) pair() {
	for name, p := range ps.files {
		base, ext := strings.TrimSuffix(name, path.Ext(name)), path.Ext(name)
		of := ps.files[base]
		if of == nil || ext != ".gz" && ext != ".br" {
			continue
		}
		if ext == ".br" {
			of.br = p.raw
		} else {
			of.gz = func() []byte { return p.raw }
		}
		delete(ps.files, name)
	}
}

func (ps *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "This address only shows a page.", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	p := ps.files[name]
	// Addresses of the pages' own making (/goals/mfa) are all the one document.
	if p == nil && !strings.HasPrefix(name, "static/") && (name == "" || accepts(r.Header.Get("Accept"), "text/html")) {
		p = ps.files["index.html"]
	}
	h := w.Header()
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("X-Frame-Options", "DENY")
	if p == nil {
		h.Set("Cache-Control", "no-store")
		http.Error(w, "There is no such page.", http.StatusNotFound)
		return
	}
	p.serve(w, r)
}

func (p *page) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", p.media)
	h.Add("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if p.hashed {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body, encoding := p.raw, ""
	accept := r.Header.Get("Accept-Encoding")
	if p.br != nil && accepts(accept, "br") {
		body, encoding = p.br, "br"
	} else if accepts(accept, "gzip") {
		if gz := p.gz(); gz != nil {
			body, encoding = gz, "gzip"
		}
	}
	etag := p.etag
	if encoding != "" {
		h.Set("Content-Encoding", encoding)
		etag = strings.TrimSuffix(etag, `"`) + "-" + encoding + `"`
	}
	h.Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // the client has gone
	}
}

// accepts reports whether an Accept or Accept-Encoding header names the token
// without refusing it by a weight of zero.
func accepts(header, token string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(name), token) {
			continue
		}
		q, ok := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
		weight, err := strconv.ParseFloat(q, 64)
		return !ok || err != nil || weight > 0
	}
	return false
}
