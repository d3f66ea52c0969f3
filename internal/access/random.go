package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/secret"
)

// Prefixes tell secrets apart, so that one found in a log or a repository can be
// recognized for what it is.
const (
	TokenPrefix   = "asepsis_"
	sessionPrefix = "ses_"
	linkPrefix    = "set_"
)

const secretBytes = 32

// newSecret returns a fresh secret with its hash.
func newSecret(prefix string) (secret.Text, Hash) {
	b := make([]byte, secretBytes)
	_, _ = rand.Read(b) // never fails: the program ends where the system has no randomness
	s := prefix + base64.RawURLEncoding.EncodeToString(b)
	return secret.New(s), sha256.Sum256([]byte(s))
}

// parseSecret returns the hash of a well-formed secret, so that nothing else
// ever reaches a store.
func parseSecret(prefix, s string) (Hash, error) {
	rest, ok := strings.CutPrefix(s, prefix)
	if !ok || len(rest) != base64.RawURLEncoding.EncodedLen(secretBytes) {
		return Hash{}, errs.New(errs.Unsigned, "this is not a secret of the right form")
	}
	if _, err := base64.RawURLEncoding.Strict().DecodeString(rest); err != nil {
		return Hash{}, errs.New(errs.Unsigned, "this is not a secret of the right form")
	}
	return sha256.Sum256([]byte(s)), nil
}
