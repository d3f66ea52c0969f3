// Package judge finds what is wrong with what the inventory holds.
//
// It holds each asset's software, system and model against the advisories of
// the feed in force ([Judge]), keeps since when something is so ([Carry]), and
// joins the outcome with what scanners report and people decided, so that one
// flaw on one asset is one finding, however many speak of it ([Join]).
//
// There are three answers only: affected, not affected, and not assessed with
// the reason. What was not assessed is counted beside what was, everywhere.
package judge

import (
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/advisory"
)

// Findings is what a feed says of one asset.
type Findings struct {
	Matches []Match `json:"matches,omitempty"` // by flaw
	// Checks are advisories about its make or model that cannot be decided by
	// machine: a person compares.
	Checks []ToCheck `json:"checks,omitempty"`
	// Support is how long its operating system gets security updates.
	Support *Support `json:"support,omitempty"`
	// Assessed counts pieces of software that the feed could speak of.
	Assessed int   `json:"assessed"`
	Gaps     []Gap `json:"gaps,omitempty"` // what it could not, by reason
}

// NotAssessed counts the pieces of software that the feed could not speak of.
func (f *Findings) NotAssessed() int {
	n := 0
	for _, g := range f.Gaps {
		n += g.Count
	}
	return n
}

// Support says how long something gets security updates.
type Support struct {
	Product string    `json:"product"` // "Debian 12"
	Ends    time.Time `json:"ends,omitzero"`
	// Extended is when those that are paid for end.
	Extended time.Time `json:"extended,omitzero"`
	Ended    bool      `json:"ended,omitempty"` // also where nobody noted the day
	Say      string    `json:"-"`               // in a sentence, as of the moment it was asked
}

// Match is a flaw that the feed says an asset has.
type Match struct {
	Flaw       string   `json:"flaw"` // CVE where there is one, else the advisory's id
	Advisories []string `json:"advisories"`
	By         string   `json:"by"` // package, cpe, windows, device
	Software   []Piece  `json:"software,omitempty"`
	// Likely is set where names or versions agree and identity is not proven.
	Likely bool   `json:"likely,omitempty"`
	Reason string `json:"reason,omitempty"` // for people, where it is more than versions
	// Since is when we first could say so of this asset.
	Since time.Time `json:"since"`
}

// Piece is the software a flaw is in.
type Piece struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	Source  string `json:"source,omitempty"` // the source package it was judged by
	Fixed   string `json:"fixed,omitempty"`  // version or update that mends it
	PURL    string `json:"purl,omitempty"`
}

// ToCheck is an advisory that a person has to hold against the asset.
type ToCheck struct {
	Advisory string   `json:"advisory"`
	Flaws    []string `json:"flaws,omitempty"`
	Product  string   `json:"product"`
	Versions string   `json:"versions,omitempty"` // as the advisory words them
	Reason   string   `json:"reason"`
}

// Gap counts what was not assessed, and why.
type Gap struct {
	Ecosystem string   `json:"ecosystem"`
	Why       string   `json:"why"`
	Count     int      `json:"count"`
	Sample    []string `json:"sample,omitempty"` // a few names
}

// Flaw is what the feed says of a flaw, whoever has it.
type Flaw struct {
	ID        string    `json:"id"`
	Aliases   []string  `json:"aliases,omitempty"`
	Title     string    `json:"title,omitempty"`
	Severity  string    `json:"severity,omitempty"` // critical, high, medium, low
	CVSS      float64   `json:"cvss,omitempty"`
	Vector    string    `json:"vector,omitempty"`
	CWEs      []string  `json:"cwes,omitempty"`
	Published time.Time `json:"published,omitzero"`

	Exploited  *advisory.Exploited `json:"exploited,omitempty"`
	EPSS       float64             `json:"epss,omitempty"` // rounded to a hundredth; 0 where unknown
	HasEPSS    bool                `json:"has_epss,omitempty"`
	Points     *advisory.Points    `json:"points,omitempty"`
	References []string            `json:"references,omitempty"`
}

// Feed says which feed spoke.
type Feed struct {
	ID      string // SHA-256, "" where none is in force
	BuiltAt time.Time
	// Exploited is set where it holds CISA's catalog: only then is a flaw that is
	// not in it not known to be exploited.
	Exploited bool
	// Devices is set where it holds advisories about devices that are not stale: only
	// then does a device that none names have none to compare.
	Devices bool
}

// Holds lists the flags as they are stored.
func (f Feed) Holds() string {
	var held []string
	if f.Devices {
		held = append(held, "devices")
	}
	if f.Exploited {
		held = append(held, "exploited")
	}
	return strings.Join(held, " ")
}

// Hold reads the flags as they are stored.
func (f *Feed) Hold(holds string) {
	held := strings.Fields(holds)
	f.Devices, f.Exploited = slices.Contains(held, "devices"), slices.Contains(held, "exploited")
}
