// Package xccdf reads the results of configuration scans: XCCDF 1.1 and 1.2, as
// OpenSCAP, SCC and others write them, alone or inside an ARF report (SCAP 1.2
// and 1.3).
//
// Each target and benchmark is a stream of its own, import/xccdf/<target>/<benchmark>,
// and a snapshot of it. Rules that carry CVE numbers are missing updates, not
// settings, and become vulnerabilities where they failed.
package xccdf

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/collect/xmlsafe"
	"github.com/asepsis/asepsis/internal/fact"
)

// Importer reads XCCDF results.
type Importer struct{}

var _ collect.Importer = Importer{}

const (
	format     = "xccdf"
	xccdfSpace = "http://checklists.nist.gov/xccdf/1."
	arfSpace   = "http://scap.nist.gov/schema/asset-reporting-format/1."
	scapSpace  = "http://scap.nist.gov/schema/scap/source/1."
)

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: format, Title: "Configuration scan (XCCDF results, ARF)", Extensions: []string{".xml"},
		Gives:  "which rules of a security baseline (STIG, CIS) each machine keeps, from OpenSCAP, SCC and others",
		Stream: "import/xccdf/<target>/<benchmark>",
	}
}

// Recognize looks at the first element.
func (Importer) Recognize(_ string, head []byte) int {
	switch space, name := xmlsafe.Sniff(head); {
	case name == "asset-report-collection" && strings.HasPrefix(space, arfSpace):
		return 95
	case (name == "Benchmark" || name == "TestResult") && strings.HasPrefix(space, xccdfSpace):
		return 95
	case name == "data-stream-collection" && strings.HasPrefix(space, scapSpace):
		return 80
	}
	return 0
}

// Parse reads results.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	p := &parser{
		in: in, faults: safe.NewFaults(in, format),
		rules: map[string]rule{}, titles: map[string]string{}, profiles: map[string]string{}, assets: map[string]target{},
	}
	if err := p.read(ctx); err != nil {
		return nil, safe.Refuse(in, format, err)
	}
	skipped, err := p.faults.Done()
	if err != nil {
		return nil, err
	}
	return &collect.Parsed{Batch: p.batch(), Rows: p.rows, Skipped: skipped}, nil
}

type parser struct {
	in     collect.Input
	r      *xmlsafe.Reader
	faults *safe.Faults

	bench    string // the benchmark that is being read
	rules    map[string]rule
	titles   map[string]string // of benchmarks
	profiles map[string]string // titles of profiles
	assets   map[string]target // of an ARF report, by id
	results  []*result
	rows     int
	names    int // rules, profiles and assets kept
}

// rule is what a benchmark says of a rule.
type rule struct{ title, severity string }

// result is a TestResult.
type result struct {
	line      int
	start     time.Time
	end       time.Time
	benchmark string
	profile   string
	system    string // what tested, a CPE name
	ref       string // id of the asset in an ARF report
	target    target
	platforms []string
	rules     []judged
}

// judged is a rule-result.
type judged struct {
	rule, severity, role, outcome, instance, message string
	cves                                             []string
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
	if s := r.Space(); !strings.HasPrefix(s, xccdfSpace) && !strings.HasPrefix(s, arfSpace) && !strings.HasPrefix(s, scapSpace) {
		return r.Fault(fmt.Sprintf("the file begins with <%.40s>, which is neither XCCDF nor ARF", r.Name()), "export the results as XCCDF or ARF (with OpenSCAP: --results-arf FILE)")
	}
	if err := p.element(r.Name()); err != nil {
		return err
	}
	if err := r.Finish(); err != nil {
		return err
	}
	if len(p.results) == 0 {
		if _, err := p.faults.Done(); err != nil {
			return err
		}
		return &safe.Fault{Reason: "the file holds rules, but no results of a scan", Mend: "run the scan and bring its results (with OpenSCAP: --results-arf FILE)"}
	}
	return nil
}

// element reads any element down to the results.
func (p *parser) element(name string) error {
	switch name {
	case "TestResult":
		return p.testResult()
	case "Benchmark":
		return p.benchmark()
	case "asset":
		if strings.HasPrefix(p.r.Space(), arfSpace) {
			return p.asset()
		}
	case "oval_definitions", "oval_results", "oval_system_characteristics", "ocil":
		return nil // what the rules were made of, and by far the most of the file
	}
	return p.r.Children(p.element)
}

// keep counts what is kept of a file besides results.
func (p *parser) keep() error {
	if p.names++; p.names > p.in.Limits.Items {
		return p.r.Fault(fmt.Sprintf("there are more than %d rules", p.in.Limits.Items), "export the results of one benchmark at a time")
	}
	return nil
}

func (p *parser) benchmark() error {
	if !strings.HasPrefix(p.r.Space(), xccdfSpace) {
		return nil
	}
	outer := p.bench
	p.bench = p.r.Attr("id")
	err := p.r.Children(func(name string) error {
		if name != "title" {
			return p.inside(name)
		}
		s, err := p.r.Brief(1000)
		if _, ok := p.titles[p.bench]; !ok && p.keep() == nil {
			p.titles[p.bench] = reports.Shorten(s, 200)
		}
		return err
	})
	p.bench = outer
	return err
}

// inside reads what stands in a benchmark or a group of it.
func (p *parser) inside(name string) error {
	switch name {
	case "Group":
		return p.r.Children(p.inside)
	case "Rule", "Profile":
		id, r := p.r.Attr("id"), rule{severity: p.r.Attr("severity")}
		err := p.r.Children(func(child string) error {
			if child != "title" || r.title != "" {
				return nil
			}
			s, err := p.r.Brief(2000)
			r.title = reports.Shorten(s, 300)
			return err
		})
		if err != nil {
			return err
		}
		if name == "Rule" {
			p.rules[id] = r
		} else {
			p.profiles[id] = r.title
		}
		return p.keep()
	case "TestResult":
		return p.testResult()
	}
	return nil
}

// batch makes facts of the results. Of several results of one target and
// benchmark the newest counts.
func (p *parser) batch() *fact.Batch {
	newest := map[[2]string]*result{}
	old := 0
	for _, r := range p.results {
		r.target.merge(p.assets[r.ref])
		k := [2]string{r.target.name(), r.benchmark}
		if have := newest[k]; have != nil {
			old++
			if !r.end.After(have.end) {
				continue
			}
		}
		newest[k] = r
	}
	kept := slices.DeleteFunc(slices.Clone(p.results), func(r *result) bool { return newest[[2]string{r.target.name(), r.benchmark}] != r })

	b := &fact.Batch{Assurance: fact.Imported}
	b.Stream = stream(kept)
	if t := p.titles[kept[0].benchmark]; len(kept) == 1 && t != "" {
		b.Stream.Title = fmt.Sprintf("%s on %s", t, kept[0].target.name())
	}
	var last time.Time
	var hosts reports.Hosts
	notSelected := 0
	patches := map[string]*result{} // hosts whose missing updates were looked for
	for _, r := range kept {
		if r.end.After(last) {
			last = r.end
		}
		h := p.host(&hosts, r)
		for i := range r.rules {
			j := &r.rules[i]
			switch {
			case j.outcome == "notselected":
				notSelected++
			case len(j.cves) > 0:
				patches[h.Ref] = r
				p.vulnerability(h, r, j)
			default:
				p.setting(h, r, j)
			}
		}
	}
	b.ObservedAt = p.in.Observed(last)
	for _, h := range hosts.All() {
		if patches[h.Ref] != nil {
			h.Set("scanned_at", h.ObservedAt)
			h.Set("scan_credentialed", true) // it ran on the machine itself
		}
	}
	if notSelected > 0 {
		b.Notes = append(b.Notes, fact.Note{What: reports.Count(notSelected, "rule"), Why: "not selected for the scan, so not judged"})
	}
	if old > 0 {
		b.Notes = append(b.Notes, fact.Note{What: reports.Count(old, "older result"), Why: "the file has a newer one of the same machine and benchmark"})
	}
	hosts.Deliver(b)
	if n := len(patches); n > 0 {
		b.Facts = append(b.Facts, p.scan(b, kept, n))
	}
	return b
}

// stream names the sequence the file belongs to.
func stream(rs []*result) fact.Stream {
	if len(rs) == 1 {
		name := rs[0].target.name()
		return fact.Stream{
			ID:    "import/xccdf/" + reports.Slug(name) + "/" + reports.Slug(rs[0].benchmark),
			Title: fmt.Sprintf("%s on %s", rs[0].benchmark, name), Snapshot: true,
		}
	}
	var ids []string
	for _, r := range rs {
		ids = append(ids, r.target.name()+"\x00"+r.benchmark)
	}
	slices.Sort(ids)
	sum := sha256.Sum256([]byte(strings.Join(ids, "\x00")))
	return fact.Stream{
		ID: "import/xccdf/" + hex.EncodeToString(sum[:6]), Title: fmt.Sprintf("%d configuration scans", len(rs)), Snapshot: true,
	}
}

// scan is the activity of looking for missing updates.
func (p *parser) scan(b *fact.Batch, rs []*result, hosts int) fact.Fact {
	findings := 0
	for _, f := range b.Facts {
		if f.Kind == fact.KindVulnerability {
			findings++
		}
	}
	return fact.Fact{
		Kind: fact.KindActivity, Key: strings.TrimPrefix(b.Stream.ID, "import/") + "/" + b.ObservedAt.Format("2006-01-02"),
		Values: fact.Values{
			"type": "vulnerability_scan", "title": b.Stream.Title, "performed_at": b.ObservedAt, "performer": tool(rs[0].system),
			"scope": reports.Internal, "assets": int64(hosts), "findings": int64(findings), "credentialed": true,
		},
	}
}

// tool names what tested, from a CPE name such as cpe:/a:redhat:openscap:1.3.5.
func tool(cpe string) string {
	parts := strings.Split(strings.TrimPrefix(cpe, "cpe:/a:"), ":")
	if len(parts) < 2 {
		return cmp.Or(reports.Shorten(cpe, 60), "SCAP scanner")
	}
	return reports.Shorten(strings.TrimSpace(strings.Join(parts[1:min(3, len(parts))], " ")), 60)
}
