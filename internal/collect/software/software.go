// Package software reads lists of installed software that were taken from
// another machine: dpkg's status file and dpkg -l, rpm -qa, Alpine's installed
// file, Windows programs and updates as CSV or JSON, winget, and macOS's
// system_profiler.
//
// Most of these do not say which machine they are of; the person does, with the
// option "asset". A list is complete: what a newer list of the same machine
// leaves out has been removed.
package software

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/lines"
	"github.com/asepsis/asepsis/internal/collect/pkgdb"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/purl"
)

// Importer reads lists of software. It knows these options: "asset", a host name
// or another key ("serial:4711") of the machine the list was taken from;
// "distro", its distribution, such as debian-12, where the list does not show it.
type Importer struct{}

var _ collect.Importer = Importer{}

const (
	format  = "software"
	maxLine = 4 << 20
)

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: format, Title: "List of installed software (dpkg, rpm, apk, Windows, macOS)", Extensions: []string{".txt", ".csv", ".json", ""},
		Gives:  "the software and updates installed on a machine, to match against published vulnerabilities",
		Stream: "import/software/<machine>/<kind of list>",
	}
}

// Recognize looks at the first lines.
func (Importer) Recognize(_ string, head []byte) int {
	if d := detect(lines.Head(head)); d != nil {
		return d.sure
	}
	return 0
}

// Parse reads a list.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	head, err := in.Head()
	if err != nil {
		return nil, err
	}
	p := &parser{in: in, faults: safe.NewFaults(in, format)}
	if err := p.read(ctx, lines.Head(head)); err != nil {
		return nil, safe.Refuse(in, format, err)
	}
	skipped, err := p.faults.Done()
	if err != nil {
		return nil, err
	}
	b, err := p.batch()
	if err != nil {
		return nil, safe.Refuse(in, format, err)
	}
	return &collect.Parsed{Batch: b, Rows: p.rows, Skipped: skipped}, nil
}

// dialect is one form of list.
type dialect struct {
	kind  string // of the stream: a machine may have a list of each
	title string
	sure  int
	// known reports whether the first lines are of the form.
	known func(head []byte) bool
	read  func(*parser, context.Context) error
}

var dialects = []dialect{
	{"dpkg", "packages (dpkg)", 95, isDpkgStatus, (*parser).dpkgStatus},
	{"dpkg", "packages (dpkg)", 95, isDpkgList, (*parser).dpkgList},
	{"apk", "packages (apk)", 95, isApk, (*parser).apk},
	{"rpm", "packages (rpm)", 90, isRPMQuery, (*parser).rpmQuery},
	{"dpkg", "packages (dpkg)", 80, isDpkgQuery, (*parser).dpkgQuery},
	{"rpm", "packages (rpm)", 80, isRPMNames, (*parser).rpmNames},
	{"macos", "applications of macOS", 95, isProfiler, (*parser).profiler},
	{"winget", "programs (winget)", 95, isWingetExport, (*parser).wingetExport},
	{"winget", "programs (winget)", 90, isWingetList, (*parser).wingetList},
	{"windows", "Windows programs and updates", 92, isWindowsJSON, (*parser).windowsJSON},
	{"windows", "Windows programs and updates", 95, isWindowsCSV, (*parser).windowsCSV},
}

func detect(head []byte) *dialect {
	if len(bytes.TrimSpace(head)) == 0 {
		return nil
	}
	for i := range dialects {
		if dialects[i].known(head) {
			return &dialects[i]
		}
	}
	return nil
}

type parser struct {
	in     collect.Input
	faults *safe.Faults
	d      *dialect
	hosts  reports.Hosts
	rows   int

	parts   []part
	stamp   time.Time // when the list says it was made
	unnamed int       // entries without a name
	noEpoch bool      // versions come without their epoch
	progs   bool      // the list speaks of programs
	seen    map[ident]bool
	twice   int
}

// part is a piece of software of a host.
type part struct {
	host   *reports.Host
	vendor string // of an RPM
	fact.Component
}

// ident tells pieces of software apart.
type ident struct {
	host                *reports.Host
	name, version, arch string
}

func (p *parser) read(ctx context.Context, head []byte) error {
	if _, err := safe.Bytes(ctx, p.in); err != nil {
		return err
	}
	if p.d = detect(head); p.d == nil {
		return &safe.Fault{Line: 1, Reason: "this is no list of software that is known", Mend: "bring one of those that the documentation of imports names, unchanged"}
	}
	p.seen = make(map[ident]bool)
	if err := p.d.read(p, ctx); err != nil {
		return err
	}
	if p.rows == 0 {
		return &safe.Fault{Reason: "the list has no entries", Mend: "make it again; an empty list is not taken as a machine without software"}
	}
	return nil
}

// row counts an entry.
func (p *parser) row(line int) error {
	if p.rows++; p.rows > p.in.Limits.Items {
		return &safe.Fault{Line: line, Reason: fmt.Sprintf("there are more than %d entries", p.in.Limits.Items), Mend: "bring the lists of fewer machines at a time"}
	}
	return nil
}

// host returns the machine that the list is of: the one it names, else the one
// that the person named.
func (p *parser) host(name string) *reports.Host {
	h, isNew := p.hosts.Get(strings.ToLower(name))
	if isNew && name != "" {
		h.Name(name)
	}
	return h
}

// add keeps a piece of software.
func (p *parser) add(h *reports.Host, c fact.Component) {
	if c.Name == "" {
		p.unnamed++
		return
	}
	id := ident{h, c.Name, c.Version, c.Arch}
	if p.seen[id] {
		p.twice++
		return
	}
	p.seen[id] = true
	p.parts = append(p.parts, part{host: h, Component: c})
}

// each calls f with every line that is not blank.
func (p *parser) each(ctx context.Context, whole bool, f func(r *lines.Reader, line []byte) error) error {
	r, err := lines.Open(ctx, p.in, maxLine)
	if err != nil {
		return err
	}
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if whole && !r.Ended() {
			return p.faults.Add(r.Line(), "", "the last line is cut off", "copy or export the file again")
		}
		if len(bytes.TrimSpace(b)) == 0 {
			continue
		}
		if err := f(r, b); err != nil {
			return err
		}
	}
}

func (p *parser) batch() (*fact.Batch, error) {
	b := &fact.Batch{Assurance: fact.Imported, ObservedAt: p.in.Observed(p.stamp)}
	named := p.in.Options["asset"]
	hosts := p.hosts.All()
	if len(hosts) == 0 {
		return nil, &safe.Fault{Reason: "the list has no entries", Mend: "make it again"}
	}
	if named != "" {
		if len(hosts) > 1 {
			return nil, &safe.Fault{Reason: fmt.Sprintf("the list is of %d machines, and one was named", len(hosts)), Mend: "leave out the option asset; the list names its machines"}
		}
		if !hosts[0].Named(named) {
			return nil, &safe.Fault{Reason: fmt.Sprintf("%.60q names no asset", named), Mend: "give a host name, or a key such as serial:4711, as the option asset"}
		}
	} else if i := slices.IndexFunc(hosts, func(h *reports.Host) bool { return h.Ref == "" }); i >= 0 {
		return nil, &safe.Fault{Reason: "the list does not say which machine it is of", Mend: "name the machine when you bring it: --option asset=HOSTNAME"}
	}
	id := "many"
	if len(hosts) == 1 {
		id = reports.Slug(hosts[0].Ref)
		if k, ok := reports.AssetKey(named); ok {
			id = reports.Slug(k.Value)
		}
	}
	b.Stream = fact.Stream{ID: "import/software/" + id + "/" + p.d.kind, Title: p.d.title + " of " + id}
	if len(hosts) == 1 {
		b.Stream.Snapshot = true
	} else {
		b.Stream.PerAsset = true
	}
	counts := make(map[*reports.Host]int)
	for i := range p.parts {
		counts[p.parts[i].host]++
	}
	for _, h := range hosts {
		if h.Ref == "" {
			h.Ref = "machine"
		}
		if p.progs {
			h.Set("packages", int64(counts[h]))
		}
		if list, ok := h.Values["windows_updates"].([]string); ok {
			slices.Sort(list)
		}
	}
	p.hosts.Deliver(b)
	there := make(map[string]bool)
	for _, s := range b.Sightings {
		there[s.Ref] = true
	}
	releases := p.releases()
	b.Components = make([]fact.Component, 0, len(p.parts))
	for i := range p.parts {
		c := p.parts[i].Component
		if c.Asset = p.parts[i].host.Ref; !there[c.Asset] {
			continue
		}
		if ns, distro := releases[p.parts[i].host].of(c.Ecosystem); c.PURL == "" {
			c.Distro, c.PURL = distro, pkgdb.PURL(c.Ecosystem, ns, c.Name, c.Version, c.Arch, distro)
		}
		if v := p.parts[i].vendor; purl.ForeignVendor(c.Distro, v) {
			c.PURL = purl.WithVendor(c.PURL, v)
		}
		b.Components = append(b.Components, c)
	}
	p.notes(b, releases)
	return b, nil
}

func (p *parser) notes(b *fact.Batch, releases map[*reports.Host]release) {
	note := func(what, why string) { b.Notes = append(b.Notes, fact.Note{What: what, Why: why}) }
	if p.unnamed > 0 {
		note(reports.Count(p.unnamed, "entry", "entries")+" left out", "the list gives no name for them")
	}
	if p.twice > 0 {
		note(reports.Count(p.twice, "entry", "entries")+" left out", "listed twice")
	}
	if p.noEpoch {
		note("versions of rpm packages", "the list leaves out the epoch, so some versions look older than they are; bring rpm -qa --qf as the documentation gives it")
	}
	for _, h := range p.hosts.All() {
		if r, ok := releases[h]; ok && r.distro == "" {
			note("distribution of "+h.Ref, "the list does not show it; name it when you bring it: --option distro=debian-12")
		}
	}
}
