// Package bench reads the JSON of kube-bench and of Docker Bench for Security. They
// judge settings: each result is a setting and no vulnerability. They do not name
// the machine: name the asset when you bring one.
package bench

import (
	"cmp"
	"context"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/fact"
)

// Importer reads results of kube-bench and Docker Bench.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "kube-bench", Title: "kube-bench or Docker Bench result (JSON)", Extensions: []string{".json"},
		Gives:  "how the settings of a Kubernetes node or a Docker host compare with the CIS benchmark",
		Stream: "import/kube-bench",
	}
}

// Recognize looks for tests with their numbers.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	return reports.Sure(s.Has("dockerbenchsecurity", "tests") || s.Has("Controls[].tests", "Controls[].node_type") || s.Has("[].tests[].results[].test_number", "[].node_type") || s.Has("tests[].results[].test_number", "node_type"))
}

type parser struct {
	*reports.Scan
	host *reports.Host
}

// Parse reads a result.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	p := &parser{Scan: reports.NewScan(in, "kube-bench", "kube-bench")}
	p.Narrow = true
	return p.Run(func() error {
		p.host = p.File()
		root, err := reports.JSON(ctx, in, reports.Entries{"Controls[]": p.control, "[]": p.control, "tests[]": p.group}, "audit", "AuditConfig", "AuditEnv", "test_info", "remediation-impact")
		if err != nil {
			return err
		}
		if root.Has("dockerbenchsecurity") {
			p.Tool, p.Version = "Docker Bench", root.Str("dockerbenchsecurity")
			p.At(root.Time("end"))
		}
		return nil
	})
}

func (p *parser) control(n *reports.Node) error {
	for _, t := range n.All("tests") {
		if err := p.group(t); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) group(t *reports.Node) error {
	for _, r := range t.All("results") {
		if err := p.setting(r); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) setting(r *reports.Node) error {
	product, benchmark, id, title, outcome := "kubernetes", "CIS Kubernetes Benchmark", r.Str("test_number"), r.Str("test_desc"), r.Str("status")
	if r.Has("result") {
		product, benchmark, id, title, outcome = "docker", "CIS Docker Benchmark", r.Str("id"), r.Str("desc"), r.Str("result")
	}
	if id == "" {
		return p.Bad(r, "test_number", "a result has no number", "run the check again")
	}
	if err := p.Count(); err != nil {
		return err
	}
	f := p.host.Fact(fact.KindSetting, product+"/"+reports.Shorten(id, 60))
	for attr, v := range map[string]string{
		"rule": id, "title": reports.Shorten(title, 300), "benchmark": benchmark, "product": product, "topic": "other", "severity": "unknown", "outcome": strings.ToLower(outcome),
		"detail": reports.Shorten(cmp.Or(r.Str("reason"), r.Str("actual_value"), r.Str("details")), 300),
	} {
		if v != "" {
			reports.State(f, attr, v)
		}
	}
	if r.Has("scored") {
		reports.State(f, "required", r.Yes("scored"))
	}
	switch outcome {
	case "PASS":
		reports.State(f, "compliant", true)
	case "FAIL":
		reports.State(f, "compliant", false)
	default: // a WARN of Docker Bench is what fails, of kube-bench what a person has to look at
		if product == "docker" && outcome == "WARN" {
			reports.State(f, "compliant", false)
		} else {
			reports.Lack(f, "compliant", "a person has to look: "+strings.ToLower(reports.Shorten(outcome, 30)))
		}
	}
	return nil
}
