package access

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/asepsis/asepsis/internal/secret"
)

// KeySize is how many random bytes the key file holds.
const KeySize = 32

// NewKey returns the content of a fresh key file.
func NewKey() (secret.Text, error) {
	b := make([]byte, KeySize)
	if _, err := rand.Read(b); err != nil {
		return secret.Text{}, fmt.Errorf("make a key: %w", err)
	}
	return secret.New(string(b)), nil
}

// keys are drawn from the key file's bytes, one for each purpose.
type keys struct {
	seal   cipher.AEAD
	device []byte
}

func newKeys(master secret.Text) (*keys, error) {
	if len(master.Reveal()) != KeySize {
		return nil, fmt.Errorf("the key has %d bytes, want %d", len(master.Reveal()), KeySize)
	}
	draw := func(purpose string) ([]byte, error) {
		return hkdf.Key(sha256.New, []byte(master.Reveal()), nil, "asepsis/access/"+purpose, KeySize)
	}
	sealKey, err := draw("second-factor/v1")
	if err != nil {
		return nil, fmt.Errorf("draw key: %w", err)
	}
	device, err := draw("device/v1")
	if err != nil {
		return nil, fmt.Errorf("draw key: %w", err)
	}
	aead, err := chacha20poly1305.NewX(sealKey)
	if err != nil {
		return nil, fmt.Errorf("draw key: %w", err)
	}
	return &keys{seal: aead, device: device}, nil
}

// sealFor encrypts b so that only the same user's record can open it.
func (k *keys) sealFor(user string, b []byte) []byte {
	nonce := make([]byte, k.seal.NonceSize(), k.seal.NonceSize()+len(b)+k.seal.Overhead())
	_, _ = rand.Read(nonce)
	return k.seal.Seal(nonce, nonce, b, []byte(user))
}

func (k *keys) openFor(user string, sealed []byte) ([]byte, error) {
	n := k.seal.NonceSize()
	if len(sealed) < n {
		return nil, fmt.Errorf("sealed secret of %s is too short", user)
	}
	b, err := k.seal.Open(nil, sealed[:n], sealed[n:], []byte(user))
	if err != nil {
		return nil, fmt.Errorf("sealed secret of %s cannot be opened with this key file: %w", user, err)
	}
	return b, nil
}

const deviceLife = 180 * 24 * time.Hour

// deviceMark returns a cookie value that shows, without being stored, that this
// browser signed in as the user before. It gives no access: it only has its own
// count of failures.
func (k *keys) deviceMark(user string, now time.Time) secret.Text {
	body := make([]byte, 24)
	_, _ = rand.Read(body[8:])
	binary.BigEndian.PutUint64(body, uint64(now.Unix())) //nolint:gosec // after 1970
	mac := k.deviceMAC(user, body)
	return secret.New(base64.RawURLEncoding.EncodeToString(append(body, mac...)))
}

// knownDevice returns a name for the browser that holds the mark, or "" where
// the mark is not of the user, too old or broken.
func (k *keys) knownDevice(user, mark string, now time.Time) string {
	const size = 24 + sha256.Size
	if len(mark) != base64.RawURLEncoding.EncodedLen(size) {
		return ""
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(mark)
	if err != nil || len(b) != size {
		return ""
	}
	if !hmac.Equal(b[24:], k.deviceMAC(user, b[:24])) {
		return ""
	}
	at := time.Unix(int64(binary.BigEndian.Uint64(b)), 0) //nolint:gosec // authenticated above
	if now.Sub(at) > deviceLife || at.Sub(now) > time.Hour {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(b[8:24])
}

func (k *keys) deviceMAC(user string, body []byte) []byte {
	m := hmac.New(sha256.New, k.device)
	m.Write([]byte(user))
	m.Write([]byte{0})
	m.Write(body)
	return m.Sum(nil)
}

// newRecoveryCodes returns ten codes to print, with their hashes. 50 bits each
// are out of reach under the rate limits, and a lost database gives an attacker
// nothing without the password as well.
func newRecoveryCodes() ([]secret.Text, []Hash) {
	const letters = "0123456789abcdefghjkmnpqrstvwxyz" // Crockford's, which leaves out what looks alike
	codes := make([]secret.Text, recoveryCodes)
	hashes := make([]Hash, recoveryCodes)
	for i := range codes {
		b := make([]byte, 10)
		_, _ = rand.Read(b)
		for j := range b {
			b[j] = letters[b[j]&31]
		}
		codes[i] = secret.New(string(b[:5]) + "-" + string(b[5:]))
		hashes[i] = recoveryHash(string(b))
	}
	return codes, hashes
}

const recoveryCodes = 10

// recoveryHash forgives case, spaces, dashes and letters read as the digits they
// look like.
func recoveryHash(code string) Hash {
	code = strings.NewReplacer("-", "", " ", "", "o", "0", "i", "1", "l", "1").Replace(strings.ToLower(code))
	return sha256.Sum256([]byte("recovery:" + code))
}
