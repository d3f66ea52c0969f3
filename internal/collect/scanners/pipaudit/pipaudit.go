// Package pipaudit reads the JSON of pip-audit, of version 1 and of version 2 and
// newer. It does not name its project: name the asset when you bring it.
package pipaudit

import (
	"context"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads pip-audit's reports.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "pip-audit", Title: "pip-audit report (JSON)", Extensions: []string{".json"},
		Gives:  "vulnerabilities in the Python packages of a project",
		Stream: "import/pip-audit",
	}
}

// Recognize looks for packages with their vulnerabilities.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	for _, p := range []string{"dependencies[].", "[]."} {
		if s.Has(p+"name", p+"vulns") && s.Any(p+"version", p+"skip_reason") {
			return 96
		}
	}
	return 0
}

// Parse reads a report.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "pip-audit", "pip-audit")
	s.Inside = true
	return s.Run(func() error {
		h := s.File()
		skipped := 0
		dependency := func(n *reports.Node) error {
			if n.Has("skip_reason") {
				skipped++
				return nil
			}
			for _, v := range n.All("vulns") {
				f := reports.Found{
					ID: v.Str("id"), Title: v.Str("id") + " in " + n.Str("name"), Names: v.Strs("aliases"), Component: n.Str("name"), Version: n.Str("version"),
					PURL: reports.PURL("pypi", "", n.Str("name"), n.Str("version")), Fixed: strings.Join(v.Strs("fix_versions"), ", "),
				}
				f.NoFix = v.Has("fix_versions") && f.Fixed == ""
				if err := s.Find(h, f); err != nil {
					return err
				}
			}
			return nil
		}
		_, err := reports.JSON(ctx, in, reports.Entries{"dependencies[]": dependency, "[]": dependency}, "description")
		if skipped > 0 {
			s.Partial(h, reports.Count(skipped, "package")+" could not be audited")
		}
		return err
	})
}
