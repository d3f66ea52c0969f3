// Package web serves the browser interface: the embedded pages, and the API that
// they read, with the headers that keep both from being misused.
package web

import (
	"embed"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/web/api"
)

// dist holds the pages where they were built before the program; see dist.txt.
//
//go:embed all:dist*
var dist embed.FS

// Config is what the web is made of.
type Config struct {
	API http.Handler // from api.New
	// Secure says that browsers reach the server by TLS: they are told never to
	// come without it again.
	Secure bool
	// Hosts are the names that browsers may call the server by. Where empty, any
	// name is answered except on loopback, which only answers to itself: a page
	// from elsewhere whose name was made to point here must not be let in.
	Hosts []string
	// Enter signs in whoever opens /enter/<key>, for demonstrations; nil for none.
	Enter http.Handler
	// Pages replaces the embedded ones in tests.
	Pages fs.FS
}

// New returns the handler of everything the server answers.
func New(c Config) (http.Handler, error) {
	root := c.Pages
	if root == nil {
		var err error
		if root, err = fs.Sub(dist, "dist"); err != nil {
			return nil, fmt.Errorf("open the embedded pages: %w", err)
		}
	}
	ps, err := load(root)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle(api.Prefix+"/", c.API)
	mux.Handle("/api/", c.API)
	mux.Handle("/", ps)
	// The page is /set-up; the browser carries the secret behind the '#' over.
	mux.Handle("GET /setup", http.RedirectHandler("/set-up", http.StatusSeeOther))
	if c.Enter != nil {
		mux.Handle("GET /enter/{key}", c.Enter)
	}
	return &site{hosts: c.Hosts, secure: c.Secure, next: mux}, nil
}

type site struct {
	hosts  []string
	secure bool
	next   http.Handler
}

// pageTime is how long a browser may take to load one file.
const pageTime = time.Minute

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	api.Limit(w, pageTime)
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	if s.secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	if !s.known(r) {
		http.Error(w, "Asepsis does not answer to this name. Open it by the address that the server printed.", http.StatusMisdirectedRequest)
		return
	}
	s.next.ServeHTTP(w, r)
}

// known reports whether the browser called the server by a name of its own. A
// page from elsewhere can have its name point at a loopback address, and is then
// "same origin" to the browser.
func (s *site) known(r *http.Request) bool {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if slices.Contains(s.hosts, host) {
		return true
	}
	addr, err := netip.ParseAddr(host)
	if host == "localhost" || err == nil && addr.IsLoopback() {
		return true
	}
	if len(s.hosts) > 0 {
		return false
	}
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if local == nil {
		return true
	}
	ap, err := netip.ParseAddrPort(local.String())
	return err != nil || !ap.Addr().Unmap().IsLoopback()
}
