package feed

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/vuln"
)

// A feed file is the container of package vuln, then a signed note, then eight bytes:
// the length of the note and the letters below. The note states length and SHA-256 of
// the container, so a signature covers every byte, and what is carried is one file.
const (
	sealMagic = "NOTE"
	sealTail  = 4 + len(sealMagic)
	maxNote   = 64 << 10

	namePrefix = "asepsis-"
	nameSuffix = ".feed"
	noteFirst  = "asepsis feed 1\n"
)

// seal puts the note behind the container.
func seal(container []byte, built time.Time, key note.Signer) ([]byte, error) {
	sum := sha256.Sum256(container)
	text := noteFirst + hex.EncodeToString(sum[:]) + "\n" + strconv.Itoa(len(container)) + "\n" + built.UTC().Format(time.RFC3339) + "\n"
	msg := []byte(text + "\n")
	if key != nil {
		var err error
		if msg, err = note.Sign(&note.Note{Text: text}, key); err != nil {
			return nil, errs.New(errs.Internal, "sign the feed: %w", err)
		}
	}
	out := append(container, msg...)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(msg)))
	return append(out, sealMagic...), nil
}

// unseal cuts a file into container and note.
func unseal(b []byte) (container, msg []byte, err error) {
	bad := errs.Hint(errs.New(errs.Invalid, "this is not a whole feed file: its end is missing"), "fetch or copy it again")
	if len(b) < sealTail || string(b[len(b)-len(sealMagic):]) != sealMagic {
		return nil, nil, bad
	}
	n := int64(binary.LittleEndian.Uint32(b[len(b)-sealTail:]))
	if n > maxNote || n > int64(len(b)-sealTail) {
		return nil, nil, bad
	}
	at := len(b) - sealTail - int(n)
	return b[:at:at], b[at : len(b)-sealTail], nil
}

// stated is what a note states.
type sealed struct {
	sum    string
	length int
	built  time.Time
}

func parseNote(text string) (sealed, bool) {
	rest, ok := strings.CutPrefix(text, noteFirst)
	lines := strings.Split(rest, "\n")
	if !ok || len(lines) != 4 || lines[3] != "" {
		return sealed{}, false
	}
	n, err := strconv.Atoi(lines[1])
	at, e := time.Parse(time.RFC3339, lines[2])
	if err != nil || e != nil || len(lines[0]) != 64 {
		return sealed{}, false
	}
	return sealed{lines[0], n, at}, true
}

// ID of a feed file is the SHA-256 of all of it, in hexadecimal digits.
func idOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func fileNameOf(b []byte) string { return namePrefix + idOf(b) + nameSuffix }

// idFromName returns the SHA-256 that a file's name carries, or "".
func idFromName(name string) string {
	id, ok := strings.CutPrefix(name, namePrefix)
	id, ok2 := strings.CutSuffix(id, nameSuffix)
	if _, err := hex.DecodeString(id); !ok || !ok2 || err != nil || len(id) != 64 {
		return ""
	}
	return id
}

// Verified is what a file says of itself, once every byte of it was held against
// a signature.
type Verified struct {
	ID       string // SHA-256 of the file
	Built    time.Time
	Key      string // name of the key that signed it
	Manifest Manifest
}

// verify holds a whole file against the keys.
func verify(b []byte, keys []note.Verifier) (Verified, error) {
	container, msg, err := unseal(b)
	if err != nil {
		return Verified{}, err
	}
	n, err := note.Open(msg, note.VerifierList(keys...))
	if err != nil {
		return Verified{}, refusedNote(msg, keys, err)
	}
	st, ok := parseNote(n.Text)
	if !ok {
		return Verified{}, errs.Hint(errs.New(errs.Invalid, "the feed's signed note is of another kind"), "give the file that a feed build wrote")
	}
	sum := sha256.Sum256(container)
	if st.length != len(container) || st.sum != hex.EncodeToString(sum[:]) {
		return Verified{}, damaged(container)
	}
	m, err := manifestOf(container)
	if err != nil {
		return Verified{}, err
	}
	return Verified{ID: idOf(b), Built: st.built, Key: n.Sigs[0].Name, Manifest: m}, nil
}

// refusedNote says why a note was not taken.
func refusedNote(msg []byte, keys []note.Verifier, err error) error {
	unsigned := !bytes.Contains(msg, []byte("\n\n\u2014 "))
	switch {
	case unsigned:
		return errs.Hint(errs.New(errs.Denied, "the feed is not signed"), "build it with a key, and add that key here by hand")
	case len(keys) == 0:
		return errs.Hint(errs.New(errs.Denied, "no key is trusted to sign feeds"), "add the builder's public key; ask for it by another way than the feed itself")
	}
	return errs.Hint(errs.New(errs.Denied, "the feed's signature is not one of a trusted key, or its note was changed: %w", err),
		"fetch it again; if a new key signs feeds now, a person adds it here")
}

// damaged says which section of a container is not as it was built.
func damaged(container []byte) error {
	const hint = "fetch or copy it again; the feed in force stays"
	f, err := vuln.OpenFile(container)
	if err == nil {
		err = f.Verify()
	}
	if err != nil {
		return errs.Hint(errs.New(errs.Invalid, "the feed file is not what was signed: %w", err), hint)
	}
	return errs.Hint(errs.New(errs.Invalid, "the feed file is not what was signed: its table of sections, or the room between them, was changed"), hint)
}
