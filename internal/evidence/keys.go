package evidence

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/asepsis/asepsis/internal/durable"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/secret"
)

// The files keys are kept in. Both are for the owner alone.
const (
	signerFile = "ledger.key" // the signer key of package note, in its text form
	commitFile = "commit.key" // 32 random bytes, in hex
)

// Origin names the log of a tenant, and its key.
func Origin(tenant string) string { return "asepsis/" + tenant }

// Keys are the secrets of the log of one tenant.
type Keys struct {
	signer note.Signer
	public string // verifier key, the text of ledger.pub
	commit secret.Text
}

// OpenKeys reads the keys of a log from a folder and makes them, durably and
// readable by the owner only, where they are missing. Two programs that do so
// at once end with the same keys.
//
// The folder must not be the one that is published. Lost keys cannot be made
// again: with another signer the log could not be continued, and the publisher
// refuses to.
func OpenKeys(dir, origin string) (*Keys, error) {
	if err := durable.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	skey, err := keyFile(filepath.Join(dir, signerFile), func() (string, error) {
		s, _, err := note.GenerateKey(rand.Reader, origin)
		return s, err
	})
	if err != nil {
		return nil, err
	}
	commit, err := keyFile(filepath.Join(dir, commitFile), func() (string, error) {
		b := make([]byte, 32)
		_, err := rand.Read(b)
		return hex.EncodeToString(b), err
	})
	if err != nil {
		return nil, err
	}
	k, err := ParseKeys(secret.New(skey), secret.New(commit))
	if err != nil {
		return nil, errs.Hint(fmt.Errorf("keys in %s: %w", dir, err), "restore %s and %s from a backup of the data folder", signerFile, commitFile)
	}
	if k.signer.Name() != origin {
		return nil, errs.New(errs.Conflict, "keys in %s: they are of log %q and not of %q", dir, k.signer.Name(), origin)
	}
	return k, nil
}

// keyFile reads a key, or makes one.
func keyFile(name string, generate func() (string, error)) (string, error) {
	for {
		b, err := os.ReadFile(name)
		if err == nil {
			return strings.TrimSuffix(string(b), "\n"), nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("read key: %w", err)
		}
		key, err := generate()
		if err != nil {
			return "", fmt.Errorf("make key: %w", err)
		}
		if err := durable.CreateFile(name, []byte(key+"\n"), 0o600); err != nil && !errors.Is(err, fs.ErrExist) {
			return "", fmt.Errorf("make key: %w", err)
		}
	}
}

// ParseKeys reads keys from their texts: a signer key of package note, and 64
// hexadecimal digits.
func ParseKeys(signer, commit secret.Text) (*Keys, error) {
	s, err := note.NewSigner(signer.Reveal())
	if err != nil {
		return nil, fmt.Errorf("signer key: %w", err)
	}
	public, err := verifierKey(signer)
	if err != nil {
		return nil, err
	}
	c, err := hex.DecodeString(commit.Reveal())
	if err != nil || len(c) != 32 {
		return nil, errors.New("commitment key: want 64 hexadecimal digits")
	}
	return &Keys{signer: s, public: public, commit: secret.New(string(c))}, nil
}

// Commit is the secret under which results are committed to.
func (k *Keys) Commit() secret.Text { return k.commit }

// Public is the key that verifies checkpoints, in the text form of package note.
func (k *Keys) Public() string { return k.public }

// Verifier verifies checkpoints.
func (k *Keys) Verifier() (note.Verifier, error) { return note.NewVerifier(k.public) }
