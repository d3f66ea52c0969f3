package evidence

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/asepsis/asepsis/internal/secret"
)

// verifierKey derives the public key from a signer key that note.NewSigner has
// accepted: "PRIVATE+KEY+name+hash+base64(1 ‖ seed)".
func verifierKey(signer secret.Text) (string, error) {
	parts := strings.SplitN(signer.Reveal(), "+", 5)
	bad := errors.New("signer key: not of Ed25519")
	if len(parts) != 5 {
		return "", bad
	}
	b, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(b) != 1+ed25519.SeedSize {
		return "", bad
	}
	pub, ok := ed25519.NewKeyFromSeed(b[1:]).Public().(ed25519.PublicKey)
	if !ok {
		return "", bad
	}
	return note.NewEd25519VerifierKey(parts[2], pub)
}
