package api

import (
	"context"
	"io"
	"time"

	"github.com/asepsis/asepsis/internal/access"
	"github.com/asepsis/asepsis/internal/assess"
	"github.com/asepsis/asepsis/internal/policy"
)

// Reader gives the routes what they show of the caller's own organization.
//
// Methods only read, may be called at once from many goroutines, and see one
// consistent state each. What does not exist is an error of kind errs.NotFound,
// a malformed filter, sort or cursor one of kind errs.Invalid. Permissions have
// been checked. Returned values are not changed by either side afterwards, so
// they may be cached and shared.
type Reader interface {
	// Version names the state that all other methods read from: it differs
	// whenever one of them could answer differently (a batch, an assessment, a
	// parameter, a job that started or ended). It is the ETag of every answer and
	// is asked for on each request, so it must be cheap.
	Version(ctx context.Context, who access.Caller) (string, error)

	Today(ctx context.Context, who access.Caller) (*Today, error)
	Goals(ctx context.Context, who access.Caller) ([]GoalTile, error) // all twenty, by number
	Goal(ctx context.Context, who access.Caller, id string) (*GoalDetail, error)
	Checks(ctx context.Context, who access.Caller) ([]CheckRow, error) // by goal number, then severity, then id
	Check(ctx context.Context, who access.Caller, id string) (*CheckDetail, error)

	// Results lists what a check says, failures first, then by label.
	Results(ctx context.Context, who access.Caller, check string, q ResultQuery) (*Page[ResultRow], error)
	Result(ctx context.Context, who access.Caller, check, resource string) (*ResultDetail, error)

	Resources(ctx context.Context, who access.Caller, q ResourceQuery) (*ResourcePage, error)
	Resource(ctx context.Context, who access.Caller, kind, id string) (*ResourceDetail, error)

	Assessments(ctx context.Context, who access.Caller, q PageQuery) (*Page[AssessmentSummary], error) // newest first
	// Assessment finds a kept assessment; the id "latest" means the newest.
	Assessment(ctx context.Context, who access.Caller, id string) (*assess.Assessment, error)
	// Report writes a kept assessment as html, csv or json; id as for Assessment.
	// Nothing has been written where it returns an error of any kind but internal.
	Report(ctx context.Context, who access.Caller, id, format string, w io.Writer) error

	Imports(ctx context.Context, who access.Caller, q PageQuery) (*Page[ImportSummary], error) // newest first
	Import(ctx context.Context, who access.Caller, id string) (*ImportDetail, error)

	// Search finds goals, checks, pages and resources; best first, at most limit.
	Search(ctx context.Context, who access.Caller, q string, limit int) ([]SearchHit, error)
	Parameters(ctx context.Context, who access.Caller) ([]Parameter, error) // by check, then name
	Organization(ctx context.Context, who access.Caller) (*Organization, error)
	Ledger(ctx context.Context, who access.Caller) (*LedgerStatus, error)
}

// Catalog gives what is the same for every organization. It needs no caller:
// the set-up page reads it before anybody can sign in.
type Catalog interface {
	Formats() []FileFormat // by id
	// Fields lists what the columns of a kind of table can be.
	Fields(table string) []MappingField
	// Template returns a table to fill in, such as "people.csv".
	Template(name string) ([]byte, error)
	Presets() []Preset
	// Hospitals finds real hospitals by name or CCN, best first.
	Hospitals(q string, limit int) []Hospital
}

// Actions changes things. A method that returns nil has made its change
// durable, and has appended it to the ledger in the same transaction, with
// who did it. Permissions have been checked.
type Actions interface {
	// Assess starts an assessment in the background and returns at once. Where
	// one runs already, it returns that one. Progress goes to the [Hub].
	Assess(ctx context.Context, who access.Caller, trigger string) (*Job, error)
	// ImportFile takes a file, or with DryRun says what it would change. A file that
	// cannot be taken is a *collect.Refusal; one that changed something starts an
	// assessment. The file is read only until ImportFile returns.
	ImportFile(ctx context.Context, who access.Caller, in ImportRequest) (*ImportOutcome, error)
	// PutParameter sets a parameter, or with a nil value returns it to its
	// default, and starts an assessment.
	PutParameter(ctx context.Context, who access.Caller, in ParameterChange) (*Parameter, error)
	// ChangeOrganization replaces everything but the id.
	ChangeOrganization(ctx context.Context, who access.Caller, o Organization) (*Organization, error)
	// CheckLedger derives the record anew and returns what it found.
	CheckLedger(ctx context.Context, who access.Caller) (*LedgerCheck, error)
	// SetUp creates the organization of the first run with the tenant id that o
	// carries. Doing so again with the same id replaces it, until somebody has
	// signed in; afterwards it is errs.Conflict.
	SetUp(ctx context.Context, who access.Caller, o Organization) error
}

// ResultQuery filters the results of a check.
type ResultQuery struct {
	PageQuery
	Verdict policy.Verdict // "" for all
	Q       string         // in label, asset and reason, whatever the case
}

// ResourceQuery filters the resources of a kind.
type ResourceQuery struct {
	PageQuery
	Kind    string
	Q       string   // in label, id and the columns' text, whatever the case
	Filters []Filter // all must hold; several of one attribute: one of them
	Sort    string   // attribute or "label"; a minus in front turns it round; "" means label
	Columns []string // attributes to show; empty means the kind's own choice
	Asset   string   // only what lives on this asset; "" for all
	Check   string   // with Verdict: only those this check says so of
	Verdict policy.Verdict
}

// Filter keeps the resources whose attribute has the value. The empty value
// keeps those that have none; a list matches where it holds the value.
type Filter struct {
	Attribute string
	Value     string
}

// ImportRequest is a file somebody brings, with what was chosen for it.
type ImportRequest struct {
	Name       string // base name
	R          io.ReaderAt
	Size       int64
	SHA256     string // hex
	DryRun     bool
	SkipRows   bool // leave bad rows out; else one bad row refuses the file
	Complete   bool // the file lists everything of its kind
	ObservedAt time.Time
	ModTime    time.Time
	Table      string            // kind of table, where the person was asked
	Columns    map[string]string // header → field, where the person was asked
	Options    map[string]string // a format's own choices: directory, subject…
}

// ParameterChange sets one parameter.
type ParameterChange struct {
	Check  string
	Name   string
	Value  any // bool, int64, float64, string, []string; nil for the default
	Reason string
}
