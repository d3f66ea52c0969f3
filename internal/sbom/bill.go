// Package sbom writes what is installed on assets as bills of materials, in
// CycloneDX 1.6 and SPDX 2.3, both as JSON.
//
// A bill is written as it is gone through: its size costs no memory. The same
// content gives the same bytes, but for the moment it was made. What nobody could
// read is said in the format's own words: a bill that is silent about it would be
// taken for whole.
//
// What a package URL cannot say of a component stands beside it in properties
// named asepsis:…, so that reading the bill back gives what it was written from.
package sbom

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
)

// The formats, as people ask for them.
const (
	CycloneDX = "cyclonedx"
	SPDX      = "spdx"
)

// Bill is what a bill of materials is written from.
type Bill struct {
	Made    time.Time // when it is made
	Version string    // of the program that makes it
	// By is the organization that makes it; "" leaves it out.
	By string
	// Of is what the bill is of: one asset with its software, or an organization.
	Of Asset
	// Parts are the assets of an organization, each with its software.
	Parts []Asset
	// Flaws are our answers on known weaknesses. CycloneDX alone has room for them.
	Flaws []Flaw
}

// Asset is something software is installed on.
type Asset struct {
	ID           string // ours
	Name         string
	Class        asset.Class // "" for an organization
	Manufacturer string
	Model        string
	Version      string
	System       string // operating system, as it calls itself
	SystemVer    string
	Keys         []asset.Key
	ListedAt     time.Time // when its software was last listed; zero if unknown
	// Software is gone through twice, or three times. Each time it gives the same,
	// in the order of [Compare]; nil is none.
	Software iter.Seq[fact.Component]
	// Unknown is what nobody could read of it.
	Unknown []Unknown
	// NotAssessed says why the advisories in force cannot speak of a component, ""
	// where they can. It gives the same each time; nil says nothing of any.
	NotAssessed func(c *fact.Component) string
}

// Unknown is something the bill does not say, and why.
type Unknown struct {
	What, Why string
	// Flaws is set where it is about weaknesses: the list of software may be whole.
	Flaws bool
}

// Status is our answer on a weakness.
type Status uint8

// The answers. The zero value claims nothing.
const (
	UnderAnalysis Status = iota
	Affected
	NotAffected
)

// Flaw is a weakness and how the asset stands to it.
type Flaw struct {
	ID       string // CVE where there is one
	Aliases  []string
	Severity string // critical, high, medium, low; "" if unknown
	Score    float64
	Status   Status
	Response string // what is done about it: update, will_not_fix, workaround_available; "" if nothing is known
	Detail   string // in a sentence
	Fixed    string // version that mends it
	// In are the components it is in. Without any it is said of the asset.
	In []fact.Component
	On string // id of the asset
}

// Compare orders components as a bill lists them.
func Compare(a, b fact.Component) int {
	return cmp.Or(
		cmp.Compare(a.Ecosystem, b.Ecosystem), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Arch, b.Arch),
		cmp.Compare(a.Source, b.Source), cmp.Compare(a.SourceVersion, b.SourceVersion), cmp.Compare(a.Distro, b.Distro),
		cmp.Compare(a.PURL, b.PURL), cmp.Compare(a.CPE, b.CPE),
	)
}

// List brings components into the order of a bill. It sorts what it is given.
func List(cs []fact.Component) iter.Seq[fact.Component] {
	slices.SortFunc(cs, Compare)
	return slices.Values(cs)
}

// Write writes the bill in the format of the name. It returns an error of kind
// errs.Invalid for another name, and where the software is not in order.
func Write(w io.Writer, format string, b *Bill) error {
	switch format {
	case CycloneDX:
		return WriteCycloneDX(w, b)
	case SPDX:
		return WriteSPDX(w, b)
	}
	return errs.Hint(errs.New(errs.Invalid, "there is no bill of materials as %.40q", format), "ask for cyclonedx or spdx")
}

// assets returns what the bill is of, then its parts.
func (b *Bill) assets() iter.Seq[*Asset] {
	return func(yield func(*Asset) bool) {
		if !yield(&b.Of) {
			return
		}
		for i := range b.Parts {
			if !yield(&b.Parts[i]) {
				return
			}
		}
	}
}

// software goes through an asset's components, those listed twice once.
func (a *Asset) software() iter.Seq[fact.Component] {
	return func(yield func(fact.Component) bool) {
		if a.Software == nil {
			return
		}
		var last fact.Component
		for c := range a.Software {
			c.Asset = ""
			if c == last {
				continue
			}
			last = c
			if !yield(c) {
				return
			}
		}
	}
}

func (a *Asset) notAssessed(c *fact.Component) string {
	if a.NotAssessed == nil {
		return ""
	}
	return a.NotAssessed(c)
}

// field adds a text to a digest so that no two lists of texts give the same bytes.
func field(h hash.Hash, texts ...string) {
	var room [20]byte
	for _, s := range texts {
		_, _ = h.Write(append(strconv.AppendInt(room[:0], int64(len(s)), 10), ':')) // a hash takes every write
		_, _ = io.WriteString(h, s)
	}
}

func fieldsOf(h hash.Hash, c *fact.Component) {
	field(h, c.Ecosystem, c.Name, c.Version, c.Arch, c.Source, c.SourceVersion, c.Distro, c.PURL, c.CPE)
}

// ref names a component within the bill, by what it is.
func (a *Asset) ref(c *fact.Component) string {
	h := sha256.New()
	field(h, a.ID)
	fieldsOf(h, c)
	return "c-" + hex.EncodeToString(h.Sum(nil)[:16])
}

// ref of the asset itself.
func (a *Asset) self() string {
	h := sha256.New()
	field(h, a.ID, a.Name)
	return "a-" + hex.EncodeToString(h.Sum(nil)[:16])
}

// uuid is a number that follows from all the bill says, without the moment it was
// made: who gets the same content twice can see that it is the same.
func (b *Bill) uuid(format string) (string, error) {
	h := sha256.New()
	field(h, format, b.Version, b.By)
	for a := range b.assets() {
		field(h, a.ID, a.Name, string(a.Class), a.Manufacturer, a.Model, a.Version, a.System, a.SystemVer, stamp(a.ListedAt))
		for _, k := range a.Keys {
			field(h, k.String())
		}
		for _, u := range a.Unknown {
			field(h, u.What, u.Why)
		}
		var last fact.Component
		for c := range a.software() {
			if last.Name != "" && Compare(last, c) > 0 {
				return "", errs.New(errs.Internal, "the software of %.80q is not in order: %.80q comes before %.80q", a.Name, last.Name, c.Name)
			}
			last = c
			fieldsOf(h, &c)
			field(h, a.notAssessed(&c))
		}
	}
	for i := range b.Flaws {
		f := &b.Flaws[i]
		field(h, f.ID, f.Severity, strconv.FormatFloat(f.Score, 'g', -1, 64), strconv.Itoa(int(f.Status)), f.Response, f.Detail, f.Fixed, f.On)
		field(h, f.Aliases...)
		for j := range f.In {
			fieldsOf(h, &f.In[j])
		}
	}
	u := h.Sum(nil)[:16]
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80 // version 8, made by rules of our own (RFC 9562)
	s := hex.EncodeToString(u)
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:], nil
}

// stamp writes a moment as both formats want it.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}
