package web_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/asepsis/asepsis/internal/web"
)

var bundle = fstest.MapFS{
	"index.html":           {Data: []byte("<!doctype html><title>Asepsis</title>")},
	"theme.js":             {Data: []byte("/* theme */")},
	"manifest.json":        {Data: []byte("{}")},
	"static/app-1a2b.js":   {Data: []byte(strings.Repeat("console.log('x');", 300))},
	"static/app-1a2b.css":  {Data: []byte(strings.Repeat("a{b:c}", 400))},
	"static/big-9z.js":     {Data: []byte(strings.Repeat("let y=1;", 500))},
	"static/big-9z.js.br":  {Data: []byte("brotli")},
	"static/big-9z.js.gz":  {Data: []byte("gzip")},
	"static/font-7.woff2":  {Data: []byte(strings.Repeat("f", 4000))},
	"static/weird.unknown": {Data: []byte("?")},
}

func site(t *testing.T, c web.Config) http.Handler {
	t.Helper()
	if c.API == nil {
		c.API = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "api") })
	}
	h, err := web.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func ask(h http.Handler, method, target string, header map[string]string) *http.Response {
	r := httptest.NewRequest(method, target, nil)
	for k, v := range header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func TestPages(t *testing.T) {
	h := site(t, web.Config{Pages: bundle})
	html := map[string]string{"Accept": "text/html,application/xhtml+xml;q=0.9"}
	for _, c := range []struct {
		name, method, path string
		header             map[string]string
		status             int
		media, cache, enc  string
	}{
		{"the document", "GET", "/", nil, 200, "text/html", "no-cache", ""},
		{"a client's own address", "GET", "/goals/mfa", html, 200, "text/html", "no-cache", ""},
		{"the page of a device", "GET", "/assets/as_01", html, 200, "text/html", "no-cache", ""},
		{"one with a dot", "GET", "/resources/domain/hospital.example", html, 200, "text/html", "no-cache", ""},
		{"no page for a script", "GET", "/goals/mfa", map[string]string{"Accept": "*/*"}, 404, "text/plain", "no-store", ""},
		{"a hashed file", "GET", "/static/app-1a2b.js", nil, 200, "text/javascript", "public, max-age=31536000, immutable", ""},
		{"compressed by us", "GET", "/static/app-1a2b.css", map[string]string{"Accept-Encoding": "gzip, br"}, 200, "text/css", "public, max-age=31536000, immutable", "gzip"},
		{"compressed by the build", "GET", "/static/big-9z.js", map[string]string{"Accept-Encoding": "gzip, br"}, 200, "text/javascript", "public, max-age=31536000, immutable", "br"},
		{"compression refused", "GET", "/static/big-9z.js", map[string]string{"Accept-Encoding": "br;q=0, gzip;q=0"}, 200, "text/javascript", "public, max-age=31536000, immutable", ""},
		{"a font as it is", "GET", "/static/font-7.woff2", map[string]string{"Accept-Encoding": "gzip"}, 200, "font/woff2", "public, max-age=31536000, immutable", ""},
		{"a missing file is never the document", "GET", "/static/gone.js", html, 404, "text/plain", "no-store", ""},
		{"no compressed twin by name", "GET", "/static/big-9z.js.br", nil, 404, "text/plain", "no-store", ""},
		{"no build files", "GET", "/manifest.json", nil, 404, "text/plain", "no-store", ""},
		{"nothing above the root", "GET", "/static/../../web.go", nil, 404, "text/plain", "no-store", ""},
		{"head", "HEAD", "/theme.js", nil, 200, "text/javascript", "no-cache", ""},
		{"post", "POST", "/", nil, 405, "text/plain", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := ask(h, c.method, c.path, c.header)
			if res.StatusCode == http.StatusTemporaryRedirect || res.StatusCode == http.StatusMovedPermanently {
				res = ask(h, c.method, res.Header.Get("Location"), c.header)
			}
			body, _ := io.ReadAll(res.Body)
			if res.StatusCode != c.status || !strings.HasPrefix(res.Header.Get("Content-Type"), c.media) ||
				res.Header.Get("Cache-Control") != c.cache || res.Header.Get("Content-Encoding") != c.enc {
				t.Errorf("got %d %v", res.StatusCode, res.Header)
			}
			if c.method == "HEAD" && len(body) > 0 {
				t.Errorf("HEAD has a body of %d bytes", len(body))
			}
		})
	}
	res := ask(h, "GET", "/static/app-1a2b.js", map[string]string{"Accept-Encoding": "gzip"})
	again := ask(h, "GET", "/static/app-1a2b.js", map[string]string{"Accept-Encoding": "gzip", "If-None-Match": res.Header.Get("ETag")})
	if again.StatusCode != http.StatusNotModified {
		t.Errorf("an unchanged file: %d", again.StatusCode)
	}
	plain := ask(h, "GET", "/static/app-1a2b.js", map[string]string{"If-None-Match": res.Header.Get("ETag")})
	if plain.StatusCode != http.StatusOK {
		t.Errorf("another encoding has the same ETag: %d", plain.StatusCode)
	}
}

func TestHeaders(t *testing.T) {
	for _, secure := range []bool{false, true} {
		h := site(t, web.Config{Pages: bundle, Secure: secure})
		for _, target := range []string{"/", "/api/v1/today", "/static/gone.js"} {
			got := ask(h, "GET", target, nil).Header
			if (got.Get("Strict-Transport-Security") != "") != secure {
				t.Errorf("%s, TLS %v: HSTS %q", target, secure, got.Get("Strict-Transport-Security"))
			}
			if got.Get("X-Content-Type-Options") != "nosniff" || got.Get("Cross-Origin-Opener-Policy") != "same-origin" || got.Get("Referrer-Policy") == "" {
				t.Errorf("%s: headers %v", target, got)
			}
		}
		csp := ask(h, "GET", "/", nil).Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("the policy of pages lacks %s: %s", want, csp)
			}
		}
		for _, bad := range []string{"unsafe", "data:", "http", "*"} {
			if strings.Contains(csp, bad) {
				t.Errorf("the policy of pages has %s: %s", bad, csp)
			}
		}
	}
}

func TestWithoutPagesItSaysHowToBuildThem(t *testing.T) {
	h := site(t, web.Config{Pages: fstest.MapFS{}})
	res := ask(h, "GET", "/", nil)
	body, _ := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusOK || !strings.Contains(string(body), "make run") {
		t.Errorf("%d: %s", res.StatusCode, body)
	}
	if strings.Contains(string(body), "<script") || strings.Contains(string(body), "style=") {
		t.Error("the page breaks its own policy")
	}
}

func TestEmbeddedPagesLoad(t *testing.T) {
	if res := ask(site(t, web.Config{}), "GET", "/", nil); res.StatusCode != http.StatusOK {
		t.Errorf("the program's own pages: %d", res.StatusCode)
	}
}

func TestNames(t *testing.T) {
	loopback := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7300}
	outside := &net.TCPAddr{IP: net.IPv4(10, 1, 2, 3), Port: 443}
	for _, c := range []struct {
		name  string
		local net.Addr
		hosts []string
		host  string
		ok    bool
	}{
		{"its own address", loopback, nil, "127.0.0.1:7300", true},
		{"localhost", loopback, nil, "localhost:7300", true},
		{"IPv6", loopback, nil, "[::1]:7300", true},
		{"a name made to point here", loopback, nil, "rebound.example:7300", false},
		{"a configured name behind a proxy", loopback, []string{"asepsis.hospital.example"}, "Asepsis.Hospital.example", true},
		{"another name behind a proxy", loopback, []string{"asepsis.hospital.example"}, "rebound.example", false},
		{"any name where none is configured", outside, nil, "asepsis.hospital.example", true},
		{"another name where one is configured", outside, []string{"asepsis.hospital.example"}, "rebound.example", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := site(t, web.Config{Pages: bundle, Hosts: c.hosts})
			r := httptest.NewRequest("GET", "/api/v1/session", nil)
			r.Host = c.host
			r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, c.local))
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if (w.Code == http.StatusOK) != c.ok {
				t.Errorf("status %d", w.Code)
			}
		})
	}
}
