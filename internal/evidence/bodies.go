package evidence

import (
	"time"

	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/ledger"
)

// Batch is what is stated of a stored batch of facts.
type Batch struct {
	Seq        int64
	ID         string
	Stream     string
	Snapshot   bool
	Assurance  fact.Assurance
	ObservedAt time.Time
	RecordedAt time.Time
	Sightings  int
	Facts      int
	Components int
	Notes      int
	Digest     ledger.Hash // of the rows it wrote, by a BatchHasher
}

// File is what is stated of an imported file.
type File struct {
	fact.File
	Import  string // import id
	Batch   int64  // seq of the batch it became
	Rows    int
	Skipped int
}

// Parameter is what is stated of an override: values are text as the person
// wrote it, so that a fraction keeps its digits.
type Parameter struct {
	Name   string // "mfa-privileged.max_days", "mfa-privileged.min_coverage"
	From   string // what was in force before; empty for the default
	To     string // empty where the override was removed
	Reason string
	// File is the SHA-256 of all overrides after the change, hex; see assess.Content.
	File string
}

// Organization is what is stated of an organization.
type Organization struct {
	assess.Organization
	Demo  bool
	SetUp bool // the first statement; else it was changed
}

// FactsStored states that a batch was stored.
func FactsStored(actor string, b Batch) Draft { return Draft{KindFacts, actor, b.body()} }

// FileImported states that a file was brought in. It follows the statement of its batch.
func FileImported(actor string, f File) Draft { return Draft{KindImport, actor, f.body()} }

// ParameterChanged states that an override was set or removed.
func ParameterChanged(actor string, p Parameter) Draft { return Draft{KindParameter, actor, p.body()} }

// OrganizationSet states that an organization was set up or changed.
func OrganizationSet(actor string, o Organization) Draft {
	return Draft{KindOrganization, actor, o.body()}
}

type batchBody struct {
	Seq        int64       `json:"seq"`
	ID         string      `json:"id"`
	Stream     string      `json:"stream"`
	Snapshot   bool        `json:"snapshot"`
	Assurance  string      `json:"assurance"`
	ObservedAt string      `json:"observed_at"`
	RecordedAt string      `json:"recorded_at"`
	Sightings  int         `json:"sightings"`
	Facts      int         `json:"facts"`
	Components int         `json:"components"`
	Notes      int         `json:"notes"`
	Rows       ledger.Hash `json:"rows"`
}

func (b Batch) body() batchBody {
	return batchBody{
		b.Seq, b.ID, b.Stream, b.Snapshot, b.Assurance.String(), optional(b.ObservedAt), optional(b.RecordedAt),
		b.Sightings, b.Facts, b.Components, b.Notes, b.Digest,
	}
}

type fileBody struct {
	Import  string `json:"import"`
	Batch   int64  `json:"batch"`
	Name    string `json:"name"`
	Format  string `json:"format"`
	Size    int64  `json:"size"`
	SHA256  string `json:"sha256"`
	Rows    int    `json:"rows"`
	Skipped int    `json:"skipped"`
}

func (f File) body() fileBody {
	return fileBody{f.Import, f.Batch, f.Name, f.Format, f.Size, f.SHA256, f.Rows, f.Skipped}
}

type parameterBody struct {
	Name    string `json:"name"`
	From    string `json:"from"`
	To      string `json:"to"`
	Removed bool   `json:"removed"`
	Reason  string `json:"reason"`
	File    string `json:"file"`
}

func (p Parameter) body() parameterBody {
	return parameterBody{p.Name, p.From, p.To, p.To == "", p.Reason, p.File}
}

type organizationBody struct {
	SetUp bool   `json:"set_up"`
	Demo  bool   `json:"demo"`
	ID    string `json:"id"`
	Name  string `json:"name"`
	Kind  string `json:"kind"`
	CCN   string `json:"ccn"`
	State string `json:"state"`
	Beds  int    `json:"beds"`
}

func (o Organization) body() organizationBody {
	return organizationBody{o.SetUp, o.Demo, o.ID, o.Name, o.Kind, o.CCN, o.State, o.Beds}
}
