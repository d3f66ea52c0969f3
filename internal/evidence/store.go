package evidence

import (
	"context"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/policy"
	"github.com/asepsis/asepsis/ledger"
)

// Entry is a statement in its place in the log of a tenant, as the store keeps it.
type Entry struct {
	Index     int64 // 0 is the first
	At        time.Time
	Kind      Kind
	Leaf      ledger.Hash // of Statement
	Statement []byte      // canonical JSON; these bytes are the entry
}

// Head is how far the published log reaches.
type Head struct {
	Size       int64
	Root       ledger.Hash
	Checkpoint string // the signed note, whole; empty for an empty log
}

// Log is what the publisher needs of the store of one tenant.
//
// Entries are appended by the store itself, in the transaction that writes the
// rows they speak of. Within a tenant the first has index 0, there is never a
// gap, and what is committed is never changed. Methods may be called at once
// from many goroutines and processes.
type Log interface {
	// Entries returns up to limit committed entries from an index on, in order.
	// It returns none, and no error, where the log ends before.
	Entries(ctx context.Context, from int64, limit int) ([]Entry, error)
	// Head returns the published head, or the zero Head where nothing was published.
	Head(ctx context.Context) (Head, error)
	// SwingHead replaces the head by another, durably, if it is still the old one
	// in every field. Else nothing changes and the error is of kind
	// errs.Conflict. The head never shrinks.
	SwingHead(ctx context.Context, old, next Head) error
}

// Rows lets a check compare what statements claim with what the store holds
// now. Everything is derived anew from the rows, never from a digest or count
// that is stored beside them. An error that is not errs.NotFound says that the
// rows cannot be read, as where their bytes were damaged.
type Rows interface {
	// BatchSeqs returns the sequence numbers of all stored batches, ascending.
	BatchSeqs(ctx context.Context) ([]int64, error)
	// RowSeqs returns the sequence numbers of all batches that a row of facts or
	// software names as the one it holds from or held until, ascending: a row that
	// names a batch that never was would be in no batch's digest. The error is of
	// kind errs.Conflict if a row is under another stream than its batch.
	RowSeqs(ctx context.Context) ([]int64, error)
	// BatchDigest hashes the rows that a batch wrote with a [BatchHasher], just
	// as when it was stored. The error is of kind errs.NotFound if there is no such batch.
	BatchDigest(ctx context.Context, seq int64) (ledger.Hash, error)
	// AssessmentIDs returns the ids of all kept assessments, oldest first.
	AssessmentIDs(ctx context.Context) ([]string, error)
	// AssessmentResults returns the results of a kept assessment by check, as
	// stored. The error is of kind errs.NotFound if there is no such assessment.
	AssessmentResults(ctx context.Context, id string) (map[string][]policy.Result, error)
	// KeptAssessment returns a kept assessment as it is shown. The error is of
	// kind errs.NotFound if there is none with the id.
	KeptAssessment(ctx context.Context, id string) (assess.Assessment, error)
	// Overrides returns the parameters in force that are not the default, by name
	// and as text, both as in [Parameter].
	Overrides(ctx context.Context) (map[string]string, error)
	// AccessEvents returns how many events the audit trail of the tenant has.
	AccessEvents(ctx context.Context) (int64, error)
	// AccessEvent returns an event of the audit trail. The error is of kind
	// errs.NotFound if there is none with the id.
	AccessEvent(ctx context.Context, id string) (access.Event, error)
	// JudgingSums hashes the rows of every judging with a [JudgingHasher], by its
	// seq as text. A row that names a judging there is none of is under that seq.
	JudgingSums(ctx context.Context) (map[string]ledger.Hash, error)
	// DecisionSums hashes every decision about findings as stored with [RowHash],
	// by its id.
	DecisionSums(ctx context.Context) (map[string]ledger.Hash, error)
	// IdentitySums hashes every decision about identity as stored with [RowHash],
	// by its name in [IdentityRow].
	IdentitySums(ctx context.Context) (map[string]ledger.Hash, error)
	// RowFaults compares the rows that are rewritten in place with the hashes that
	// deliveries kept of them, and columns that say the same twice, all on one
	// state of the store. The hashes themselves are covered by BatchDigest and
	// JudgingSums.
	RowFaults(ctx context.Context) ([]Fault, error)
}

// Store is all that evidence needs of the store of one tenant.
type Store interface {
	Log
	Rows
}
