package feed

import (
	"crypto/rand"
	"strings"
	"unicode"

	"golang.org/x/mod/sumdb/note"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/secret"
)

// NewKey makes a key pair to sign feeds with: the signer's key, which stays with the
// builder, and the public one, which people add where feeds are taken in. name says
// whose it is, such as "feed.example-hospital.org".
func NewKey(name string) (signer secret.Text, public string, err error) {
	if name == "" || len(name) > 200 || strings.ContainsFunc(name, func(r rune) bool { return r == '+' || unicode.IsSpace(r) || !unicode.IsPrint(r) }) {
		return secret.Text{}, "", errs.Hint(errs.New(errs.Invalid, "%.40q cannot be the name of a key", name), "give it a name without blanks and plus signs, such as feed.example-hospital.org")
	}
	s, v, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return secret.Text{}, "", errs.New(errs.Internal, "make a key to sign feeds: %w", err)
	}
	return secret.New(s), v, nil
}

// ParseSigner reads a signer's key.
func ParseSigner(key secret.Text) (note.Signer, error) {
	s, err := note.NewSigner(strings.TrimSpace(key.Reveal()))
	if err != nil {
		return nil, errs.Hint(errs.New(errs.Invalid, "the key to sign feeds cannot be read"), "give the file that making the key wrote")
	}
	return s, nil
}

// maxKeys bounds how many keys are trusted at once.
const maxKeys = 100

// ParseKeys reads the public keys that are trusted to sign feeds: one on a line,
// with # before what is for people. A key is only ever added by a person.
func ParseKeys(text string) ([]note.Verifier, error) {
	var keys []note.Verifier
	n := 0
	for line := range strings.Lines(text) {
		n++
		line, _, _ = strings.Cut(line, " #")
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		v, err := note.NewVerifier(line)
		if err != nil {
			return nil, errs.Hint(errs.New(errs.Invalid, "line %d is no public key", n),
				"a key looks like feed.example.org+1a2b3c4d+Abc…; copy the whole line from the builder")
		}
		if len(keys) == maxKeys {
			return nil, errs.New(errs.Limited, "more than %d keys", maxKeys)
		}
		keys = append(keys, v)
	}
	return keys, nil
}
