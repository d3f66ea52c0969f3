// Package fact defines what a measurement is: a statement about a resource,
// with its source, its time and how far it can be trusted.
//
// Collectors and importers deliver facts in a [Batch]. The store keeps every
// version, so the facts as they were known at any past moment can be read
// again. [Merge] turns the facts of all sources about one resource into one
// [Resource], which checks are evaluated on.
//
// What could not be read is a statement too: an attribute is either in Values,
// or in Missing with the reason, or nobody spoke of it. Absence is never a value.
package fact

import (
	"fmt"
	"math"
	"time"

	"github.com/asepsis/asepsis/internal/asset"
)

// Assurance says how far a fact can be trusted. Greater is stronger.
type Assurance uint8

// The assurances, weakest first.
const (
	NoAssurance Assurance = iota
	Attested              // a named person says so
	Imported              // another tool's report, or an export of a system of record
	Measured              // our own collector or probe saw it
)

var assuranceNames = [...]string{"", "attested", "imported", "measured"}

func (a Assurance) String() string {
	if int(a) < len(assuranceNames) {
		return assuranceNames[a]
	}
	return fmt.Sprintf("assurance(%d)", uint8(a))
}

// MarshalText writes the name.
func (a Assurance) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads the name.
func (a *Assurance) UnmarshalText(b []byte) error {
	for i, n := range assuranceNames {
		if n == string(b) {
			*a = Assurance(i)
			return nil
		}
	}
	return fmt.Errorf("assurance %.20q: want attested, imported or measured", b)
}

// Values holds attributes by name. A value is one of bool, int64, float64,
// string, time.Time (UTC) and []string, as the [Schema] of its kind says.
type Values map[string]any

// Fact is a statement of one source about one resource.
type Fact struct {
	Kind  Kind
	Key   string // names the resource within its kind, and within its asset where it lives on one
	Asset string // Ref of a Sighting of the same batch; empty for kinds that do not live on an asset

	ObservedAt time.Time // when it was true; zero means the batch's
	Values     Values
	Missing    map[string]string // attribute → why it could not be read
}

// Sighting says that an asset exists, and what was seen of it.
type Sighting struct {
	Ref  string // names the asset within the batch; at least one key must identify it beyond that
	Keys []asset.Key

	ObservedAt time.Time // zero means the batch's
	Values     Values
	Missing    map[string]string

	// Keeps says what the source could not look at this time. In a PerAsset
	// stream such facts stay as they were although the batch leaves them out: a
	// scan that could not sign in does not close what only signing in shows.
	Keeps []Kept
}

// Component is a piece of software installed on an asset.
type Component struct {
	Asset         string // Ref of a Sighting of the same batch
	Ecosystem     string // purl type: deb, rpm, apk, npm, pypi, golang, generic, …
	Name          string // with its name space: "@scope/name", "group:artifact"
	Version       string
	Source        string // source package, where it differs from Name
	SourceVersion string
	Arch          string
	PURL          string
	Distro        string // debian-12, ubuntu-24.04, alpine-3.20; for operating system packages
	CPE           string // CPE 2.3 name, where the source states one
}

// Stream names a sequence of batches that describe the same thing over time:
// one host's collector, one kind of export. A later batch of a stream replaces
// what an earlier one said.
type Stream struct {
	// ID is stable across batches: "host/<machine id>", "import/people".
	ID string
	// Title is for people: "host collector on ehr-db-01".
	Title string
	// Snapshot streams deliver everything they know in every batch: what a
	// later batch leaves out is gone. Other streams only add and update.
	Snapshot bool
	// PerAsset streams deliver everything they know of each asset they list: what
	// a later batch leaves out of an asset that it lists is gone, and assets that
	// it does not list stay as they were, as old as they are. A scan is one: it
	// may look at other machines than the last of the same name. Not with Snapshot.
	PerAsset bool
}

// Batch is one delivery of facts. A batch is stored whole or not at all.
type Batch struct {
	Stream     Stream
	Assurance  Assurance
	ObservedAt time.Time // when the facts were true, not when they were delivered
	Sightings  []Sighting
	Facts      []Fact
	Components []Component
	Notes      []Note
	File       *File // where it came from, for imports
}

// Note says what a collector could not do, or could do in part. Notes are
// stored with the batch and shown at the end of every report.
type Note struct {
	What string `json:"what"` // "disk encryption"
	Why  string `json:"why"`  // "needs root"
}

// File describes an imported file.
type File struct {
	Name   string `json:"name"`
	Format string `json:"format"` // "nessus", "csv/people", …
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"` // lower-case hex
}

// Validate reports every fault of the batch: unknown kinds and attributes,
// values of the wrong type, references to assets that are not in it. A
// collector that passes Validate can be stored.
func (b *Batch) Validate() []error {
	var faults []error
	bad := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if b.Stream.ID == "" {
		bad("batch has no stream id")
	}
	if b.Assurance == NoAssurance {
		bad("batch has no assurance")
	}
	if b.ObservedAt.IsZero() || !writable(b.ObservedAt) {
		bad("batch has no time")
	}
	if b.Stream.Snapshot && b.Stream.PerAsset {
		bad("a stream is complete as a whole or for each asset, not both")
	}
	refs := make(map[string]bool, len(b.Sightings))
	for i, s := range b.Sightings {
		at := fmt.Sprintf("sighting %d (%.40q)", i, s.Ref)
		if s.Ref == "" || refs[s.Ref] {
			bad("%s: ref is empty or used twice", at)
		}
		refs[s.Ref] = true
		if len(s.Keys) == 0 {
			bad("%s: no identity key", at)
		}
		for _, err := range checkValues(KindAsset, s.Values, s.Missing) {
			bad("%s: %w", at, err)
		}
	}
	type ident struct {
		kind       Kind
		asset, key string
	}
	seen := make(map[ident]bool, len(b.Facts))
	for i, f := range b.Facts {
		at := fmt.Sprintf("fact %d (%s %.60q)", i, f.Kind, f.Key)
		s, ok := SchemaOf(f.Kind)
		if !ok {
			bad("%s: unknown kind", at)
			continue
		}
		if f.Kind == KindAsset {
			bad("%s: an asset is stated by a sighting", at)
		}
		if f.Key == "" {
			bad("%s: no key", at)
		}
		if f.Asset != "" && !refs[f.Asset] {
			bad("%s: asset %.40q is not in the batch", at, f.Asset)
		}
		if s.OnAsset && f.Asset == "" {
			bad("%s: needs an asset", at)
		}
		k := ident{f.Kind, f.Asset, f.Key}
		if seen[k] {
			bad("%s: stated twice", at)
		}
		seen[k] = true
		for _, err := range checkValues(f.Kind, f.Values, f.Missing) {
			bad("%s: %w", at, err)
		}
	}
	for i, c := range b.Components {
		if c.Name == "" || c.Ecosystem == "" || !refs[c.Asset] {
			bad("component %d (%.40q): needs a name, an ecosystem and an asset of the batch", i, c.Name)
		}
	}
	return faults
}

// writable reports whether a value can be written and read again: JSON has no infinite
// numbers, and RFC 3339 no years of five digits or before the year 0.
func writable(v any) bool {
	switch v := v.(type) {
	case float64:
		return !math.IsNaN(v) && !math.IsInf(v, 0)
	case time.Time:
		y := v.UTC().Year()
		return 0 <= y && y <= 9999
	}
	return true
}

func checkValues(k Kind, vs Values, missing map[string]string) []error {
	s, ok := SchemaOf(k)
	if !ok {
		return []error{fmt.Errorf("unknown kind %q", k)}
	}
	var faults []error
	for name, v := range vs {
		a, ok := s.Attr(name)
		switch {
		case !ok:
			faults = append(faults, fmt.Errorf("%s has no attribute %q", k, name))
		case a.Derived:
			faults = append(faults, fmt.Errorf("%s.%s is derived; no source may state it", k, name))
		case !a.Type.Holds(v):
			faults = append(faults, fmt.Errorf("%s.%s: %T is not %s", k, name, v, a.Type))
		case !writable(v):
			faults = append(faults, fmt.Errorf("%s.%s: %v cannot be stored", k, name, v))
		}
		if missing[name] != "" {
			faults = append(faults, fmt.Errorf("%s.%s has a value and is missing", k, name))
		}
	}
	for name := range missing {
		if _, ok := s.Attr(name); !ok {
			faults = append(faults, fmt.Errorf("%s has no attribute %q", k, name))
		}
	}
	return faults
}
