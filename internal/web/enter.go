package web

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"net/http"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/secret"
	"github.com/asepsis/asepsis/internal/web/api"
)

// Visitor is whom an entrance signs in.
type Visitor struct {
	Tenant, Name, Email string
	Role                access.Role
}

// NewEntrance returns a handler for Config.Enter with the key that opens it: an
// address that signs a browser in without a password, for demonstrations whose
// data is made up and gone on exit. ?role= shows the pages as another role sees
// them.
func NewEntrance(acc *access.Service, secure bool, v Visitor) (secret.Text, http.Handler) {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails: the program ends where the system has no randomness
	key := base64.RawURLEncoding.EncodeToString(b)
	return secret.New(key), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if subtle.ConstantTimeCompare([]byte(r.PathValue("key")), []byte(key)) != 1 {
			http.Error(w, "This address opens nothing. Use the one that the program printed.", http.StatusNotFound)
			return
		}
		role, email := v.Role, v.Email
		if q := access.Role(r.URL.Query().Get("role")); q.Valid() && q != v.Role {
			role, email = q, string(q)+"."+v.Email
		}
		in, err := acc.Enter(r.Context(), access.Command(v.Tenant, "demonstration"), v.Name, email, role)
		if err != nil {
			http.Error(w, "The demonstration could not sign you in. Start it again.", http.StatusInternalServerError)
			return
		}
		api.SignIn(w, secure, in)
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
}
