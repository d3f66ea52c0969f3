package api

import (
	"net/http"

	"github.com/asepsis/asepsis/internal/access"
)

// The cookies. Behind TLS their names carry the __Host- prefix, which browsers
// bind to this host and to secure connections.
const (
	sessionCookie = "asepsis_session"
	deviceCookie  = "asepsis_device"
)

func (s *server) cookieName(name string) string {
	if s.secure {
		return "__Host-" + name
	}
	return name
}

// cookie returns a cookie's value; empty where there is none, or more than one:
// a second one of the name can only have been planted.
func (s *server) cookie(r *http.Request, name string) string {
	cs := r.CookiesNamed(s.cookieName(name))
	if len(cs) != 1 {
		return ""
	}
	return cs[0].Value
}

func (s *server) setCookie(w http.ResponseWriter, name, value string, seconds int) {
	http.SetCookie(w, &http.Cookie{
		Name: s.cookieName(name), Value: value, Path: "/", MaxAge: seconds,
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteStrictMode,
	})
}

// keep gives the browser what a sign-in made. The session cookie has no age: it
// goes with the browser window, and the server ends it sooner.
func (s *server) keep(w http.ResponseWriter, in *access.SignedIn) {
	s.setCookie(w, sessionCookie, in.Session.Reveal(), 0)
	s.setCookie(w, deviceCookie, in.Device.Reveal(), 180*24*60*60)
}

func (s *server) dropSession(w http.ResponseWriter) { s.setCookie(w, sessionCookie, "", -1) }
