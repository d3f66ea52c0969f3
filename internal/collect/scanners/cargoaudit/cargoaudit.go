// Package cargoaudit reads the JSON of cargo audit. It does not name its project:
// name the asset when you bring it. Warnings of packages that nobody maintains are
// counted and left out.
package cargoaudit

import (
	"context"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads cargo audit's reports.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "cargo-audit", Title: "cargo audit report (JSON)", Extensions: []string{".json"},
		Gives:  "vulnerabilities in the crates of a Rust program",
		Stream: "import/cargo-audit",
	}
}

// Recognize looks for the advisory database and the lock file.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	return reports.Sure(s.Has("database.advisory-count", "lockfile.dependency-count"))
}

// Parse reads a report.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "cargo-audit", "cargo audit")
	s.Inside = true
	return s.Run(func() error {
		h := s.File()
		root, err := reports.JSON(ctx, in, reports.Entries{"vulnerabilities.list[]": func(n *reports.Node) error {
			a, p := n.At("advisory"), n.At("package")
			f := reports.Found{
				ID: a.Str("id"), Title: a.Str("title"), Names: append(a.Strs("aliases"), a.Strs("related")...), Component: p.Str("name"), Version: p.Str("version"),
				PURL: reports.PURL("cargo", "", p.Str("name"), p.Str("version")), Fixed: strings.Join(n.Strs("versions", "patched"), ", "), Published: a.Time("date"),
			}
			f.Names = a.Strs("aliases")
			f.NoFix = f.Fixed == ""
			return s.Find(h, f)
		}}, "description", "references", "affected")
		if err != nil {
			return err
		}
		if !root.Has("vulnerabilities") {
			return root.Fault("there are no results in it", "run cargo audit --json again")
		}
		for _, w := range root.At("warnings").Members {
			s.Aside("package warning", len(w.All()))
		}
		return nil
	})
}
