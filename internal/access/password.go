package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/secret"
)

// Cost is what one password hash takes. It is stored with each hash, so it can
// be raised without making old ones unreadable.
type Cost struct {
	MemoryKiB uint32
	Passes    uint32
	Lanes     uint8
}

// DefaultCost is 64 MiB in one pass: some 0.2 s on two cores.
var defaultCost = Cost{MemoryKiB: 64 << 10, Passes: 1, Lanes: 4}

// The bounds of a stored cost keep a tampered row from taking the machine down.
const (
	maxMemoryKiB = 1 << 20
	maxPasses    = 16
	saltBytes    = 16
	keyBytes     = 32
)

// The length of a password. NIST SP 800-63B-4 asks for 15 where it is the only
// factor and for 8 beside another; composition rules and forced changes it forbids.
const (
	MinPassword = 12
	MaxPassword = 256 // bytes, so that hashing is bounded
)

// hasher hashes passwords, at most as many at once as it has slots: each takes
// the memory of its cost, and a stranger decides how many are asked for.
type hasher struct {
	cost  Cost
	slots chan struct{}
	dummy string
}

func newHasher(cost Cost, atOnce int) *hasher {
	h := &hasher{cost: cost, slots: make(chan struct{}, atOnce)}
	b := make([]byte, keyBytes)
	_, _ = rand.Read(b)
	h.dummy = encodeHash(cost, b[:saltBytes], b)
	return h
}

func (h *hasher) hash(ctx context.Context, password secret.Text) (string, error) {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt)
	key, err := h.derive(ctx, h.cost, password, salt)
	if err != nil {
		return "", err
	}
	return encodeHash(h.cost, salt, key), nil
}

// verify reports whether the password is the stored one. An empty or broken
// stored hash takes as long as a good one and is never right.
func (h *hasher) verify(ctx context.Context, stored string, password secret.Text) (bool, error) {
	cost, salt, want, err := decodeHash(stored)
	broken := err != nil
	if broken {
		cost, salt, want, _ = decodeHash(h.dummy)
	}
	key, err := h.derive(ctx, cost, password, salt)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(key, want) == 1 && !broken, nil
}

// stale reports whether a stored hash was made at another cost than today's.
func (h *hasher) stale(stored string) bool {
	cost, _, _, err := decodeHash(stored)
	return err != nil || cost != h.cost
}

func (h *hasher) derive(ctx context.Context, c Cost, password secret.Text, salt []byte) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to hash a password: %w", ctx.Err())
	}
	p := norm.NFKC.Bytes([]byte(password.Reveal()))
	return argon2.IDKey(p, salt, c.Passes, c.MemoryKiB, c.Lanes, keyBytes), nil
}

// encodeHash writes the PHC string form that other tools read too.
func encodeHash(c Cost, salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, c.MemoryKiB, c.Passes, c.Lanes, b64.EncodeToString(salt), b64.EncodeToString(key))
}

func decodeHash(s string) (c Cost, salt, key []byte, err error) {
	part := strings.Split(s, "$")
	if len(part) != 6 || part[1] != "argon2id" {
		return c, nil, nil, fmt.Errorf("stored hash is not argon2id")
	}
	var version int
	if _, err := fmt.Sscanf(part[2], "v=%d", &version); err != nil || version != argon2.Version {
		return c, nil, nil, fmt.Errorf("stored hash has version %.10q", part[2])
	}
	if _, err := fmt.Sscanf(part[3], "m=%d,t=%d,p=%d", &c.MemoryKiB, &c.Passes, &c.Lanes); err != nil {
		return c, nil, nil, fmt.Errorf("stored hash has cost %.40q: %w", part[3], err)
	}
	if c.MemoryKiB == 0 || c.MemoryKiB > maxMemoryKiB || c.Passes == 0 || c.Passes > maxPasses || c.Lanes == 0 {
		return c, nil, nil, fmt.Errorf("stored hash has cost %.40q, which is out of bounds", part[3])
	}
	if salt, err = base64.RawStdEncoding.Strict().DecodeString(part[4]); err != nil || len(salt) < 8 {
		return c, nil, nil, fmt.Errorf("stored hash has a broken salt")
	}
	if key, err = base64.RawStdEncoding.Strict().DecodeString(part[5]); err != nil || len(key) != keyBytes {
		return c, nil, nil, fmt.Errorf("stored hash has a broken key")
	}
	return c, salt, key, nil
}

// checkPassword refuses passwords that are guessed first.
func checkPassword(password secret.Text, email, name string) error {
	p := password.Reveal()
	if len(p) > MaxPassword {
		return errs.New(errs.Invalid, "the password is longer than %d bytes", MaxPassword)
	}
	if !utf8.ValidString(p) || utf8.RuneCountInString(p) < MinPassword {
		return errs.Hint(errs.New(errs.Invalid, "the password has fewer than %d characters", MinPassword),
			"four unrelated words make a good one")
	}
	low := strings.ToLower(p)
	distinct := make(map[rune]bool)
	for _, r := range low {
		distinct[r] = true
	}
	user, _, _ := strings.Cut(strings.ToLower(email), "@")
	easy := len(distinct) < 5
	for _, word := range []string{"password", "asepsis", "hospital", "qwerty", "123456", "letmein", "welcome", user, strings.ToLower(name)} {
		// A guessable word counts where it is most of the password.
		if len(word) > 3 && strings.Contains(low, word) && len(low)-len(word) < 8 {
			easy = true
		}
	}
	if easy {
		return errs.Hint(errs.New(errs.Invalid, "the password is one of those that are guessed first"),
			"four unrelated words make a good one")
	}
	return nil
}
