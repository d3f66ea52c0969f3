package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/asepsis/asepsis/ledger"
)

// BatchHasher hashes the rows a batch wrote, whatever their order.
//
// The store feeds it when it stores the batch and again when it is asked to
// derive the digest from the rows it holds; the two must agree in every field.
// The form of the hash is fixed in docs/formats/ledger.md.
type BatchHasher struct {
	rows    []ledger.Hash
	err     error
	scratch []byte
}

// Header adds what the row of the batch itself says.
func (h *BatchHasher) Header(stream string, snapshot bool, assurance string, observedAt, recordedAt time.Time, actor, fileSHA256 string) {
	h.row("batch", stream, snapshot, assurance, stamp(observedAt), stamp(recordedAt), actor, fileSHA256)
}

// Detail adds more that the row of the batch says, as text: its title, counts or
// notes.
func (h *BatchHasher) Detail(name, value string) { h.row("detail", name, value) }

// Asset adds an asset that the batch was the first to speak of.
func (h *BatchHasher) Asset(id string) { h.row("asset", id) }

// Fact adds a fact that holds from this batch on. A zero time means that the
// batches of the stream say when it was observed; values and missing are the
// JSON texts as stored, missing empty if nothing is.
func (h *BatchHasher) Fact(kind, resource, asset string, observedAt time.Time, values, missing string) {
	h.row("fact", kind, resource, asset, stamp(observedAt), values, missing)
}

// FactEnded adds a fact that held until this batch.
func (h *BatchHasher) FactEnded(kind, resource string) { h.row("fact_ended", kind, resource) }

// Software adds the list of components an asset has from this batch on, by
// their identities, in any order.
func (h *BatchHasher) Software(asset string, identities []string) {
	ids := slices.Clone(identities)
	slices.Sort(ids)
	h.row("software", asset, ids)
}

// SoftwareEnded adds an asset whose list held until this batch.
func (h *BatchHasher) SoftwareEnded(asset string) { h.row("software_ended", asset) }

func (h *BatchHasher) row(fields ...any) {
	b, ok := appendRow(h.scratch[:0], fields)
	h.scratch = b
	if !ok {
		var err error
		if b, err = ledger.Canonical(fields); err != nil && h.err == nil {
			h.err = fmt.Errorf("hash row %v: %w", fields[0], err)
		}
	}
	h.rows = append(h.rows, sha256.Sum256(b))
}

// appendRow appends the canonical form of a row of what rows are made of. It
// reports false where the long way is to be taken. A batch has hundreds of
// thousands of rows, and writing JSON to read it again took longer than the
// hashing.
func appendRow(b []byte, fields []any) ([]byte, bool) {
	b = append(b, '[')
	for i, f := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		switch v := f.(type) {
		case string:
			if !utf8.ValidString(v) {
				return b, false
			}
			b = ledger.AppendString(b, v)
		case bool:
			b = strconv.AppendBool(b, v)
		case json.RawMessage: // of stamp, which is canonical
			b = append(b, v...)
		default:
			return b, false
		}
	}
	return append(b, ']'), true
}

// Sum returns the digest. The error is that of the first row that could not be hashed.
func (h *BatchHasher) Sum() (ledger.Hash, error) {
	if h.err != nil {
		return ledger.Hash{}, h.err
	}
	slices.SortFunc(h.rows, func(a, b ledger.Hash) int { return bytes.Compare(a[:], b[:]) })
	sum := sha256.New()
	sum.Write([]byte("asepsis/batch/v1\n"))
	for _, r := range h.rows {
		sum.Write(r[:])
	}
	return ledger.Hash(sum.Sum(nil)), nil
}

// stamp is a time as statements and row hashes write it, or null.
func stamp(t time.Time) json.RawMessage {
	if t.IsZero() {
		return json.RawMessage("null")
	}
	return json.RawMessage(`"` + t.UTC().Format(ledger.TimeFormat) + `"`)
}
