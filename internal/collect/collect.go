// Package collect says what a source of facts is: a [Collector] reads the
// machine it runs on, an [Importer] reads a file somebody brings.
//
// Both only parse. Limits, paths, credentials, retries and what happens to the
// batch belong to whoever runs them. Each kind has a package of its own below
// this one and a line in collect/list.
package collect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/fact"
)

// Collector reads facts from the machine it runs on.
type Collector interface {
	// Name is a stable, short, lower-case name.
	Name() string
	// Collect returns everything it could read. What it could not read is in the
	// batch's notes and in the Missing of its facts; an error means that nothing
	// could be read at all. It returns soon after ctx ends, and calls progress
	// with the step it is at; progress may be nil.
	Collect(ctx context.Context, now time.Time, progress func(step string)) (*fact.Batch, error)
}

// Format describes a kind of file.
type Format struct {
	ID         string   `json:"id"`    // "nessus", "csv/people"
	Title      string   `json:"title"` // "Nessus scan (.nessus)"
	Extensions []string `json:"extensions"`
	Gives      string   `json:"gives"` // what one learns from it, for people
	Stream     string   `json:"stream"`
}

// OnFault says what to do with a file some of whose rows are wrong.
type OnFault string

// The choices.
const (
	RefuseFile OnFault = "refuse" // one bad row refuses the file; the default
	SkipRows   OnFault = "skip"   // bad rows are left out and listed
)

// Input is a file to parse. R is never read beyond Size.
type Input struct {
	Name    string // base name, as the person knows it
	R       io.ReaderAt
	Size    int64
	ModTime time.Time // zero if unknown
	Now     time.Time
	Limits  Limits
	OnFault OnFault
	// ObservedAt overrides when the facts were true; zero means what the file
	// says, else ModTime, else Now.
	ObservedAt time.Time
	// Complete says the file lists everything of its kind: what it leaves out is gone.
	Complete bool
	// Columns maps a table's own headers to field names, where the person was asked.
	Columns map[string]string
	// Table names the kind of table ("people", "accounts"…) where the person was asked.
	Table string
	// Options are a format's own choices, such as the directory of an accounts table.
	Options map[string]string
	// Confirmed returns how a person had a table with these headers read the last
	// time, where Table and Columns say nothing; nil where nobody remembers.
	Confirmed func(headers []string) (Confirmation, bool)
	// Units are the devices of the inventory by their FDA device identifier: a catalog
	// of models says something of these alone. Only a [Catalog] is given them.
	Units map[string][]Unit
}

// Confirmation is how a person had a table read.
type Confirmation struct {
	Table   string            `json:"table"`
	Columns map[string]string `json:"columns"` // as [Input.Columns]
	At      time.Time         `json:"at"`
}

// Unit is a device that the inventory holds.
type Unit struct {
	ID   string // of the asset
	Keys []asset.Key
}

// Catalog is an importer of a file about models, not devices: what it says is
// joined to the devices that are known by [Input.Units].
type Catalog interface {
	Importer
	AboutModels()
}

// Limits bound what a file may make us do.
type Limits struct {
	Bytes    int64 // size, after decompression
	Items    int   // rows, elements, components
	Depth    int   // nesting
	Field    int   // bytes of one value
	Findings int   // faults reported before giving up
}

// DefaultLimits are generous for the largest real files we have seen.
func DefaultLimits() Limits {
	return Limits{Bytes: 1 << 30, Items: 2_000_000, Depth: 64, Field: 1 << 20, Findings: 100}
}

// Parsed is what a file says.
type Parsed struct {
	Batch   *fact.Batch
	Rows    int        // rows or items read
	Skipped []RowFault // with SkipRows
	// Mapping is how a table's headers were matched; nil for other formats.
	Mapping *Mapping
}

// Mapping shows how the headers of a table were matched to fields.
type Mapping struct {
	Table   string   `json:"table"`
	Columns []Column `json:"columns"`
	// Unsure says that a person should confirm: a required field has no column,
	// or a header matched weakly.
	Unsure bool   `json:"unsure"`
	Why    string `json:"why,omitempty"`
}

// Column is one column of a table.
type Column struct {
	Header string   `json:"header"`
	Field  string   `json:"field"`  // "" where it is left out
	Match  string   `json:"match"`  // exact, alias, guess, chosen, none
	Sample []string `json:"sample"` // up to three values
}

// RowFault is something wrong in a file.
type RowFault struct {
	Line   int    `json:"line"` // 1 is the first; 0 where the format has no lines
	Column string `json:"column,omitempty"`
	Reason string `json:"reason"`
	Mend   string `json:"mend"` // what the person can do
}

func (f RowFault) String() string {
	at := ""
	if f.Line > 0 {
		at = fmt.Sprintf("line %d: ", f.Line)
	}
	if f.Column != "" {
		at += fmt.Sprintf("column %q: ", f.Column)
	}
	if f.Mend == "" {
		return at + f.Reason
	}
	return at + f.Reason + "; " + f.Mend
}

// Refusal is the error for a file that cannot be taken, with every fault found
// up to the limit.
type Refusal struct {
	File   string
	Format string // "" where it was not recognized
	Faults []RowFault
	More   int // faults beyond those listed
	// Mapping is set where the refusal is a question: confirm the columns and
	// bring the file again.
	Mapping *Mapping
}

func (r *Refusal) Error() string {
	if len(r.Faults) == 0 {
		return fmt.Sprintf("%s: refused", r.File)
	}
	s := fmt.Sprintf("%s: %s", r.File, r.Faults[0])
	if n := len(r.Faults) - 1 + r.More; n > 0 {
		s += fmt.Sprintf(" (and %d more)", n)
	}
	return s
}

// Refuse returns a Refusal with one fault.
func Refuse(in Input, format string, line int, reason, mend string) error {
	return &Refusal{File: in.Name, Format: format, Faults: []RowFault{{Line: line, Reason: reason, Mend: mend}}}
}

// Importer reads one format of file.
type Importer interface {
	Format() Format
	// Recognize returns how sure it is, 0 to 100, from the first bytes alone
	// (at most 64 KiB). It must be fast and must not trust the name alone.
	Recognize(name string, head []byte) int
	// Parse reads the file. A file it cannot take is a *Refusal. Memory and time
	// are bounded by in.Limits whatever the bytes.
	Parse(ctx context.Context, in Input) (*Parsed, error)
}

// HeadSize is how much of a file Recognize is given.
const HeadSize = 64 << 10

// Head reads the first bytes of the file.
func (in Input) Head() ([]byte, error) {
	b := make([]byte, min(in.Size, HeadSize))
	n, err := in.R.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read %s: %w", in.Name, err)
	}
	return b[:n], nil
}

// Reader reads the file from its start.
func (in Input) Reader() io.Reader { return io.NewSectionReader(in.R, 0, in.Size) }

// Observed returns when the facts were true: what the person said, else what
// the file says, else its modification time, else now. A time in the future
// becomes now; one before the year 1, which cannot be stored, is none.
func (in Input) Observed(stated time.Time) time.Time {
	for _, t := range []time.Time{in.ObservedAt, stated, in.ModTime} {
		if !t.IsZero() && t.UTC().Year() > 0 {
			if t.After(in.Now) {
				return in.Now
			}
			return t.UTC()
		}
	}
	return in.Now
}

// Recognize picks the importer that is surest of the file. It returns a
// Refusal that lists what can be read where none is.
func Recognize(importers []Importer, in Input) (Importer, error) {
	head, err := in.Head()
	if err != nil {
		return nil, err
	}
	if len(head) == 0 {
		return nil, Refuse(in, "", 0, "the file is empty", "export it again")
	}
	var best Importer
	sure := 0
	for _, im := range importers {
		if n := im.Recognize(in.Name, head); n > sure {
			best, sure = im, n
		}
	}
	if best == nil {
		return nil, Refuse(in, "", 0, "the content is of no format we can read",
			"bring one of those that `asepsis import --formats` lists")
	}
	return best, nil
}

// Formats lists the formats of the importers, by id.
func Formats(importers []Importer) []Format {
	fs := make([]Format, 0, len(importers))
	for _, im := range importers {
		fs = append(fs, im.Format())
	}
	slices.SortFunc(fs, func(a, b Format) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return fs
}
