// Package sarif reads SARIF 2.1.0, the common format of tools that look at source
// and at what is built of it. The scanner is the tool that the run names.
//
// A rule's security-severity decides where it is given; else error is high, warning
// medium, note low. Suppressed results are left out, and so are those that a run
// compares as absent.
package sarif

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads SARIF.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "sarif", Title: "SARIF 2.1 log", Extensions: []string{".sarif", ".json"},
		Gives:  "what tools for source code, packages and images found",
		Stream: "import/sarif",
	}
}

// Recognize looks for the schema or for runs of a tool.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	schema := strings.Contains(strings.ToLower(s["$schema"]), "sarif")
	return reports.Sure(s.Has("runs") && schema || s.Has("runs[].tool.driver.name"))
}

type rule struct {
	title string
	score float64
	level string
	names []string
	cwes  []string
}

// result waits for the rules and the tool, which may follow it.
type result struct {
	run   int
	rule  string
	level string
	f     reports.Found
	where string
}

type parser struct {
	*reports.Scan
	rules   map[string]rule
	results []result
}

// Parse reads a log.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	p := &parser{Scan: reports.NewScan(in, "sarif", "SARIF"), rules: map[string]rule{}}
	return p.Run(func() error {
		root, err := reports.JSON(ctx, in, reports.Entries{
			"runs[].results[]": p.result, "runs[].tool.driver.rules[]": p.rule, "runs[].tool.extensions[].rules[]": p.rule,
		}, "help", "fullDescription", "codeFlows", "artifacts", "snippet", "contextRegion", "fixes", "graphs", "threadFlowLocations", "stacks")
		if err != nil {
			return err
		}
		if v := root.Str("version"); v != "" && !strings.HasPrefix(v, "2.") {
			return root.Fault("this is SARIF "+reports.Shorten(v, 20)+", not 2.1", "export it as SARIF 2.1.0")
		}
		runs := root.All("runs")
		hosts := make([]*reports.Host, len(runs))
		for i, r := range runs {
			hosts[i] = p.App(target(r))
			for _, inv := range r.All("invocations") {
				p.At(inv.Time("endTimeUtc"))
				if inv.Has("executionSuccessful") && !inv.Yes("executionSuccessful") {
					p.Partial(hosts[i], "the run of "+r.Str("tool", "driver", "name")+" did not succeed")
				}
			}
		}
		if len(runs) > 0 {
			p.Stream = runs[0].Str("tool", "driver", "name")
		}
		for _, x := range p.results {
			if x.run >= len(runs) {
				continue
			}
			p.Tool = cmp.Or(runs[x.run].Str("tool", "driver", "name"), "SARIF")
			if err := p.settle(hosts[x.run], x); err != nil {
				return err
			}
		}
		p.Tool = cmp.Or(p.Stream, "SARIF")
		return nil
	})
}

// target is what a run looked at: a repository, or what its category names.
func target(run *reports.Node) string {
	for _, v := range run.All("versionControlProvenance") {
		if u := v.Str("repositoryUri"); u != "" {
			return strings.TrimSuffix(strings.TrimPrefix(u, "https://"), ".git")
		}
	}
	return run.Str("properties", "imageName")
}

func (p *parser) rule(n *reports.Node) error {
	r := rule{title: cmp.Or(n.Str("shortDescription", "text"), n.Str("name")), level: n.Str("defaultConfiguration", "level")}
	r.score, _ = n.Num("properties", "security-severity")
	for _, t := range n.Strs("properties", "tags") {
		r.names = append(r.names, reports.CVEs(t)...)
		r.cwes = append(r.cwes, reports.CWEs(t)...)
	}
	id := fmt.Sprintf("%d\x00%s", n.Outer(), n.Str("id"))
	if len(p.rules) < p.In.Limits.Items {
		p.rules[id] = r
	}
	return nil
}

func (p *parser) result(n *reports.Node) error {
	switch k := n.Str("kind"); {
	case k == "pass" || k == "notApplicable" || k == "informational":
		return p.Leave("they are no problem: " + k)
	case n.Str("baselineState") == "absent":
		return p.Leave("the run no longer sees them")
	}
	for _, s := range n.All("suppressions") {
		if st := s.Str("status"); st == "" || st == "accepted" {
			return p.Leave("they are suppressed")
		}
	}
	x := result{run: n.Outer(), rule: cmp.Or(n.Str("ruleId"), n.Str("rule", "id")), level: n.Str("level")}
	if x.rule == "" {
		return p.Bad(n, "ruleId", "a result names no rule", "")
	}
	loc := n.Nth(0, "locations")
	uri := loc.Str("physicalLocation", "artifactLocation", "uri")
	line := loc.Str("physicalLocation", "region", "startLine")
	x.where = uri
	if line != "" && uri != "" {
		x.where += ":" + line
	}
	// The tool's own fingerprint outlives changes of the lines before; else it is the line.
	tail := line
	var prints []string
	for _, key := range []string{"fingerprints", "partialFingerprints"} {
		for k, v := range n.At(key).Members {
			prints = append(prints, k+"="+v.Str())
		}
	}
	if len(prints) > 0 {
		slices.Sort(prints)
		tail = strings.Join(prints, "\x00")
	}
	msg := n.Str("message", "text")
	x.f = reports.Found{ID: x.rule, Title: reports.Shorten(msg, 300), KeyTail: uri + "\x00" + tail + "\x00" + loc.Str("logicalLocations")}
	if len(prints) == 0 {
		x.f.KeyTail += "\x00" + reports.Shorten(msg, 300)
	}
	x.f.CVSS, _ = n.Num("properties", "security-severity")
	x.f.CWEs = reports.CWEs(strings.Join(n.Strs("properties", "tags"), " "))
	p.results = append(p.results, x)
	return p.Room(len(p.results))
}

// levels of SARIF.
var levels = map[string]string{"error": "high", "warning": "medium", "note": "low", "none": "info"}

func (p *parser) settle(h *reports.Host, x result) error {
	r, ok := p.rules[fmt.Sprintf("%d\x00%s", x.run, x.rule)]
	if !ok { // a result may name a part of a rule: "CA1000/1"
		base, _, _ := strings.Cut(x.rule, "/")
		r = p.rules[fmt.Sprintf("%d\x00%s", x.run, base)]
	}
	f := x.f
	if r.title != "" {
		f.Title = r.title
	}
	f.Names, f.CWEs = append(r.names, reports.CVEs(x.rule)...), append(f.CWEs, r.cwes...)
	f.CVSS = cmp.Or(f.CVSS, r.score)
	f.Severity = cmp.Or(reports.Banded(f.CVSS, f.CVSS > 0), levels[cmp.Or(x.level, r.level, "warning")])
	return p.FindAt(h, f, x.where)
}
