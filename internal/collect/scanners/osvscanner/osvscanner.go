// Package osvscanner reads the JSON reports of OSV-Scanner. Each lock file, bill
// of materials or image that it looked at is an application.
package osvscanner

import (
	"context"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads OSV-Scanner reports.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "osv-scanner", Title: "OSV-Scanner report (JSON)", Extensions: []string{".json"},
		Gives:  "vulnerabilities in the packages of lock files, folders and images",
		Stream: "import/osv-scanner",
	}
}

// Recognize looks for packages below a source.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	return reports.Sure(s.Has("results[].source", "results[].packages") || s.Has("results", "experimental_config"))
}

// Parse reads a report.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "osv-scanner", "OSV-Scanner")
	s.Inside = true
	return s.Run(func() error {
		n := 0
		root, err := reports.JSON(ctx, in, reports.Entries{"results[]": func(r *reports.Node) error {
			n++
			return result(s, r)
		}}, "details", "references", "versions", "ranges", "credits")
		if err != nil {
			return err
		}
		if n == 0 {
			if !root.Has("results") {
				return root.Fault("there are no results in it", "run osv-scanner again with --format json")
			}
			s.File()
		}
		return nil
	})
}

func result(s *reports.Scan, r *reports.Node) error {
	path := strings.ReplaceAll(r.Str("source", "path"), `\`, "/")
	host := s.App(path)
	for _, p := range r.All("packages") {
		pkg := p.At("package")
		// A group is one flaw that several databases list: each id is taken, and
		// knows the others.
		scores, names := map[string]float64{}, map[string][]string{}
		for _, g := range p.All("groups") {
			all := append(g.Strs("ids"), g.Strs("aliases")...)
			max, _ := g.Num("max_severity")
			for _, id := range g.Strs("ids") {
				scores[id], names[id] = max, all
			}
		}
		for _, v := range p.All("vulnerabilities") {
			id := v.Str("id")
			f := reports.Found{
				ID: id, Title: v.Str("summary"), Names: append(v.Strs("aliases"), names[id]...), CVSS: scores[id],
				Component: pkg.Str("name"), Version: pkg.Str("version"), Location: path, Published: v.Time("published"),
				PURL: reports.PURL(pkg.Str("ecosystem"), "", pkg.Str("name"), pkg.Str("version")), Severity: reports.Severity(v.Str("database_specific", "severity")),
				CWEs: v.Strs("database_specific", "cwe_ids"),
			}
			for _, a := range v.All("affected") {
				for _, c := range a.All("database_specific", "cwes") {
					f.CWEs = append(f.CWEs, c.Str("cweId"))
				}
			}
			if err := s.Find(host, f); err != nil {
				return err
			}
		}
	}
	return nil
}
