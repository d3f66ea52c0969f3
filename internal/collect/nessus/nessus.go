// Package nessus reads Nessus scans (.nessus, version 2), from Nessus itself
// and from Tenable's cloud.
//
// A scan tells everything of each host it reached, in the stream
// import/nessus/<report name>: a finding that a newer scan of the same name
// leaves out of a host is gone. A host that the newer scan did not reach keeps
// its findings and its scan date, which grow old until they count as not measured
// and not as clean. A scan that could not sign in leaves alone what only signing in
// shows: an update that was missing last week is not there because nobody looked. When a finding was first seen follows from the stream's
// history, so this package does not state it.
package nessus

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/collect/xmlsafe"
	"github.com/asepsis/asepsis/internal/fact"
)

// Importer reads .nessus files.
type Importer struct{}

var _ collect.Importer = Importer{}

const format = "nessus"

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: format, Title: "Nessus scan (.nessus)", Extensions: []string{".nessus", ".xml"},
		Gives:  "vulnerabilities, devices and services found by Nessus or Tenable, when each device was scanned and whether the scan signed in",
		Stream: "import/nessus/<report name>",
	}
}

// Recognize looks for the root element.
func (Importer) Recognize(_ string, head []byte) int {
	if _, name := xmlsafe.Sniff(head); strings.HasPrefix(name, "NessusClientData") {
		return 95
	}
	return 0
}

// Parse reads a scan.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	p := &parser{in: in, faults: safe.NewFaults(in, format), shared: map[string]string{}}
	if err := p.read(ctx); err != nil {
		return nil, safe.Refuse(in, format, err)
	}
	skipped, err := p.faults.Done()
	if err != nil {
		return nil, err
	}
	return &collect.Parsed{Batch: p.batch(), Rows: p.items, Skipped: skipped}, nil
}

type parser struct {
	in     collect.Input
	r      *xmlsafe.Reader
	faults *safe.Faults
	hosts  reports.Hosts
	states []*host
	parts  []fact.Component

	report    string // the name of the report
	web       bool   // a scan of web applications
	items     int    // report items of any kind
	findings  int    // of these, findings
	truncated int    // software lists that were cut
	last      time.Time
	scanner   string
	shared    map[string]string // texts that many items have in common
}

func (p *parser) read(ctx context.Context) error {
	r, err := xmlsafe.Open(ctx, p.in, xmlsafe.Options{})
	if err != nil {
		return err
	}
	p.r = r
	if err := r.Root(); err != nil {
		return err
	}
	switch r.Name() {
	case "NessusClientData_v2":
	case "NessusClientData":
		return r.Fault("this is the first .nessus format, from before 2010", "export the scan from a newer Nessus")
	default:
		return r.Fault(fmt.Sprintf("the file begins with <%.40s>, not with <NessusClientData_v2>", r.Name()), "export the scan as .nessus")
	}
	reports := 0
	err = r.Children(func(name string) error {
		if name != "Report" {
			return nil
		}
		if reports++; reports > 1 {
			return r.Fault("there are several reports in one file", "export each scan to a file of its own")
		}
		p.report, p.web = r.Attr("name"), r.Attr("type") == "was"
		return r.Children(func(name string) error {
			if name != "ReportHost" {
				return nil
			}
			return p.host()
		})
	})
	if err != nil {
		return err
	}
	if reports == 0 {
		return &safe.Fault{Reason: "there is no report in it, only a scan policy", Mend: "export the scan's results, not its policy"}
	}
	return r.Finish()
}

func (p *parser) batch() *fact.Batch {
	b := &fact.Batch{
		Stream:     fact.Stream{ID: "import/nessus/" + reports.Slug(p.report), Title: "Nessus scan " + p.report, PerAsset: true},
		Assurance:  fact.Imported,
		ObservedAt: p.in.Observed(p.last),
	}
	credentialed, known := 0, 0
	for _, h := range p.states {
		h.finish()
		if signedIn, ok := h.Values["scan_credentialed"].(bool); ok {
			known++
			if signedIn {
				credentialed++
			}
		}
	}
	p.hosts.Deliver(b)
	p.keep(b)
	b.Components = p.components(b)
	b.Facts = append(b.Facts, p.activities(credentialed, known)...)
	if n := len(p.states) - credentialed; n > 0 {
		b.Notes = append(b.Notes, fact.Note{
			What: fmt.Sprintf("%d of %s scanned without signing in", n, reports.Count(len(p.states), "host")),
			Why:  "missing updates and settings that only a signed-in scan sees are not in the report; what an earlier one has seen of them stays open",
		})
	}
	if p.truncated > 0 {
		b.Notes = append(b.Notes, fact.Note{
			What: "software of " + reports.Count(p.truncated, "host"), Why: "the list is longer than what is read of one field",
		})
	}
	return b
}

// keep says what the scan could not look at. Where it did not sign in, what only
// signing in shows stays as it was; where it was cut short, everything does.
func (p *parser) keep(b *fact.Batch) {
	byRef := make(map[string]*host, len(p.states))
	for _, h := range p.states {
		byRef[h.Ref] = h
	}
	cut := 0
	for i := range b.Sightings {
		h := byRef[b.Sightings[i].Ref]
		signedIn, _ := h.Values["scan_credentialed"].(bool)
		_, ended := h.Values["scanned_at"]
		switch {
		case !ended:
			cut++
			b.Sightings[i].Keeps = []fact.Kept{{}}
		case !signedIn:
			b.Sightings[i].Keeps = []fact.Kept{{Kind: fact.KindVulnerability, Prefix: signedInKey}, {Kind: fact.KindSetting}}
		}
	}
	if cut > 0 {
		b.Notes = append(b.Notes, fact.Note{
			What: "the scan of " + reports.Count(cut, "host") + " is not complete",
			Why:  "the report does not say when it ended; findings that it leaves out stay open",
		})
	}
}

// components leaves out those of hosts that could not be identified.
func (p *parser) components(b *fact.Batch) []fact.Component {
	known := make(map[string]bool, len(b.Sightings))
	for _, s := range b.Sightings {
		known[s.Ref] = true
	}
	var out []fact.Component
	for _, c := range p.parts {
		if known[c.Asset] {
			out = append(out, c)
		}
	}
	return out
}

func (p *parser) activities(credentialed, known int) []fact.Fact {
	scopes := p.hosts.Scopes()
	if p.web {
		scopes = map[string]int{"application": len(p.states)}
	}
	if s := p.in.Options["scope"]; s != "" {
		scopes = map[string]int{s: len(p.states)}
	}
	at := p.in.Observed(p.last)
	var out []fact.Fact
	for _, scope := range []string{reports.Internal, reports.External, "application", p.in.Options["scope"]} {
		n := scopes[scope]
		if n == 0 {
			continue
		}
		delete(scopes, scope)
		f := fact.Fact{
			Kind: fact.KindActivity,
			Key:  fmt.Sprintf("nessus/%s/%s/%s", reports.Slug(p.report), at.Format("2006-01-02"), scope),
			Values: fact.Values{
				"type": "vulnerability_scan", "title": p.report, "performed_at": at, "performer": p.performer(),
				"scope": scope, "assets": int64(n), "findings": int64(p.findings),
			},
			Missing: map[string]string{},
		}
		switch {
		case known == 0:
			f.Missing["credentialed"] = "the report does not say whether the scan signed in"
		case credentialed == len(p.states):
			f.Values["credentialed"] = true
		case credentialed == 0:
			f.Values["credentialed"] = false
		default:
			f.Missing["credentialed"] = fmt.Sprintf("the scan signed in to %d of %d hosts", credentialed, len(p.states))
		}
		out = append(out, f)
	}
	return out
}

func (p *parser) performer() string {
	if p.scanner != "" {
		return "Nessus " + p.scanner
	}
	return "Nessus"
}

// share keeps one copy of a text that many items repeat.
func (p *parser) share(s string) string {
	if have, ok := p.shared[s]; ok {
		return have
	}
	if len(p.shared) < 100_000 {
		p.shared[s] = s
	}
	return s
}
