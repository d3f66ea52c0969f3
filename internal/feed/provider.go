package feed

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/asepsis/asepsis/internal/errs"
)

// checks counts documents by what was done to find out whether they are as their
// publisher published them.
type checks struct{ hashed, signed, unchecked int }

func (c *checks) add(d checks) {
	c.hashed += d.hashed
	c.signed += d.signed
	c.unchecked += d.unchecked
}

// beside are the endings of files in which a provider publishes the hash or the
// signature of the file they lie beside (CSAF 2.0, 7.1.18 and 7.1.19).
var beside = [...]string{".sha256", ".sha512", ".asc"}

const maxBeside = 1 << 20

// providers are the keys of those whose documents are signed.
type providers struct{ keys openpgp.EntityList }

// readProviders reads OpenPGP keys, armored or not.
func readProviders(b []byte) (providers, error) {
	var p providers
	for len(bytes.TrimSpace(b)) > 0 {
		var keys openpgp.EntityList
		var err error
		armored := bytes.Contains(b[:min(len(b), 4096)], []byte("-----BEGIN PGP"))
		rest := []byte(nil)
		if armored {
			const end = "-----END PGP PUBLIC KEY BLOCK-----"
			if i := bytes.Index(b, []byte(end)); i >= 0 { // several blocks may follow one another
				b, rest = b[:i+len(end)], b[i+len(end):]
			}
			keys, err = openpgp.ReadArmoredKeyRing(bytes.NewReader(append(b[:len(b):len(b)], '\n')))
		} else {
			keys, err = openpgp.ReadKeyRing(bytes.NewReader(b))
		}
		if err == nil && len(keys) == 0 {
			err = errors.New("there is none in the file")
		}
		if err != nil {
			return providers{}, errs.Hint(errs.New(errs.Invalid, "the keys of providers cannot be read: %w", err),
				"give OpenPGP public keys as the provider publishes them")
		}
		p.keys = append(p.keys, keys...)
		b = rest
	}
	return p, nil
}

// sidecars returns which files of a list are hashes or signatures of others of it.
func sidecars(files []file) map[string]bool {
	have := make(map[string]bool, len(files))
	for _, f := range files {
		have[f.path] = true
	}
	side := make(map[string]bool)
	for _, f := range files {
		ext := filepath.Ext(f.path)
		for _, e := range beside {
			if ext == e && have[strings.TrimSuffix(f.path, ext)] {
				side[f.path] = true
			}
		}
	}
	return side
}

// check holds a file against the hashes and the signature that lie beside it. It
// returns false where the file must not be read; it is then listed as refused.
func (b *builder) check(src *source) bool {
	var data []byte
	for _, ext := range beside {
		if !b.beside[src.path+ext] {
			continue
		}
		why, err := b.checkOne(src, ext, &data)
		if err != nil {
			why = "its " + ext + " file cannot be read: " + err.Error()
		}
		if why != "" {
			s := sink{l: b.ledger, file: src.name, container: src.name}
			s.Refuse("changed", 0, "", why)
			s.flush()
			return false
		}
	}
	return true
}

func (b *builder) checkOne(src *source, ext string, data *[]byte) (why string, err error) {
	stated, err := readSmall(src.path+ext, maxBeside)
	if err != nil {
		return "", err
	}
	if *data == nil {
		if *data, err = readSmall(src.path, maxDocument); err != nil {
			return "", err
		}
	}
	switch ext {
	case ".sha256":
		sum := sha256.Sum256(*data)
		return b.hashed(src, stated, sum[:], "SHA-256"), nil
	case ".sha512":
		sum := sha512.Sum512(*data)
		return b.hashed(src, stated, sum[:], "SHA-512"), nil
	}
	signer, err := openpgp.CheckArmoredDetachedSignature(b.providers.keys, bytes.NewReader(*data), bytes.NewReader(stated),
		&packet.Config{Time: func() time.Time { return b.now }})
	switch {
	case errors.Is(err, pgperrors.ErrUnknownIssuer):
		src.checks.unchecked = 1
	case errors.Is(err, pgperrors.ErrKeyExpired) && signer != nil:
		// Providers let keys run out and leave old documents signed with them.
		src.checks.signed = 1
	case err != nil:
		return "its signature does not hold: " + err.Error() + "; fetch it again from the publisher", nil
	default:
		src.checks.signed = 1
	}
	return "", nil
}

func (b *builder) hashed(src *source, stated, sum []byte, name string) string {
	want, _, _ := strings.Cut(strings.TrimSpace(string(stated)), " ")
	if !strings.EqualFold(want, hex.EncodeToString(sum)) {
		return "its content is not what its publisher's " + name + " says; fetch it again from the publisher"
	}
	src.checks.hashed = 1
	return ""
}

// readSmall reads a file that must not be larger than max.
func readSmall(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = errs.New(errs.Limited, "it is larger than %d bytes", limit)
	}
	return b, err
}
