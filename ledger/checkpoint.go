package ledger

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// maxCheckpoint bounds the bytes of a checkpoint, signatures of many witnesses
// included.
const maxCheckpoint = 64 << 10

// Checkpoint is the head of a log: its name, how many entries it has, and the
// root of their tree (C2SP tlog-checkpoint).
type Checkpoint struct {
	Origin string // names the log; also the name of its key
	Size   int64
	Root   Hash
}

// Text returns what is signed.
func (c Checkpoint) Text() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, c.Root)
}

// Sign returns the checkpoint as a signed note. The signers' keys must have the
// origin as their name, but for those of witnesses.
func (c Checkpoint) Sign(signers ...note.Signer) ([]byte, error) {
	if _, err := ParseCheckpoint(c.Text()); err != nil {
		return nil, err
	}
	b, err := note.Sign(&note.Note{Text: c.Text()}, signers...)
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	return b, nil
}

// ParseCheckpoint reads the text of a checkpoint. Extension lines are allowed
// and not looked at.
func ParseCheckpoint(text string) (Checkpoint, error) {
	bad := errors.New("checkpoint: malformed")
	if len(text) > maxCheckpoint {
		return Checkpoint{}, bad
	}
	body, ok := strings.CutSuffix(text, "\n")
	lines := strings.Split(body, "\n")
	if !ok || len(lines) < 3 {
		return Checkpoint{}, bad
	}
	if slices.Contains(lines, "") {
		return Checkpoint{}, bad
	}
	c := Checkpoint{Origin: lines[0]}
	var err error
	if c.Size, err = strconv.ParseInt(lines[1], 10, 64); err != nil || c.Size < 0 || strconv.FormatInt(c.Size, 10) != lines[1] {
		return Checkpoint{}, fmt.Errorf("checkpoint: size %.30q is no number of entries", lines[1])
	}
	if c.Root, err = ParseHash(lines[2]); err != nil || c.Root.String() != lines[2] {
		return Checkpoint{}, fmt.Errorf("checkpoint: root %.60q is no hash", lines[2])
	}
	return c, nil
}

// OpenCheckpoint verifies that the log has signed the checkpoint and returns
// what it says. The verifier's name must be the origin. Signatures by keys that
// it does not know are ignored, as signed notes ask.
func OpenCheckpoint(msg []byte, log note.Verifier) (Checkpoint, error) {
	if len(msg) > maxCheckpoint {
		return Checkpoint{}, errors.New("checkpoint: too long")
	}
	n, err := note.Open(msg, note.VerifierList(log))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: %w", err)
	}
	c, err := ParseCheckpoint(n.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	if c.Origin != log.Name() {
		return Checkpoint{}, fmt.Errorf("checkpoint: it is of log %.60q, the key is of %q", c.Origin, log.Name())
	}
	return c, nil
}
