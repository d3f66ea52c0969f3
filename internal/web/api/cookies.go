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

func cookieName(secure bool, name string) string {
	if secure {
		return "__Host-" + name
	}
	return name
}

// cookie returns a cookie's value; empty where there is none, or more than one:
// a second one of the name can only have been planted.
func (s *server) cookie(r *http.Request, name string) string {
	cs := r.CookiesNamed(cookieName(s.secure, name))
	if len(cs) != 1 {
		return ""
	}
	return cs[0].Value
}

func setCookie(w http.ResponseWriter, secure bool, name, value string, seconds int) {
	http.SetCookie(w, &http.Cookie{
		Name: cookieName(secure, name), Value: value, Path: "/", MaxAge: seconds,
		HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode,
	})
}

// SignIn gives the browser what a sign-in made. The session cookie has no age: it
// goes with the browser window, and the server ends it sooner.
func SignIn(w http.ResponseWriter, secure bool, in *access.SignedIn) {
	setCookie(w, secure, sessionCookie, in.Session.Reveal(), 0)
	setCookie(w, secure, deviceCookie, in.Device.Reveal(), 180*24*60*60)
}

func (s *server) keep(w http.ResponseWriter, in *access.SignedIn) { SignIn(w, s.secure, in) }

func (s *server) dropSession(w http.ResponseWriter) { setCookie(w, s.secure, sessionCookie, "", -1) }
