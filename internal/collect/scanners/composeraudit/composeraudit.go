// Package composeraudit reads the JSON of composer audit. It does not name its
// project: name the asset when you bring it. Abandoned packages are counted and
// left out.
package composeraudit

import (
	"cmp"
	"context"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads composer audit's reports.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "composer-audit", Title: "composer audit report (JSON)", Extensions: []string{".json"},
		Gives:  "vulnerabilities in the PHP packages of a project",
		Stream: "import/composer-audit",
	}
}

// Recognize looks for advisories as Packagist writes them.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	if s.Has("advisories", "abandoned") {
		return 96
	}
	for p := range s {
		if strings.HasPrefix(p, "advisories.") && strings.HasSuffix(p, ".advisoryId") {
			return 96
		}
	}
	return 0
}

// Parse reads a report.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "composer-audit", "composer audit")
	s.Inside = true
	return s.Run(func() error {
		h := s.File()
		root, err := reports.JSON(ctx, in, nil)
		if err != nil {
			return err
		}
		if !root.Has("advisories") {
			return root.Fault("there are no advisories in it", "run composer audit --format=json again")
		}
		for name, list := range root.At("advisories").Members {
			entries := list.All()
			if len(entries) == 1 && !entries[0].Has("advisoryId") { // a list that PHP wrote as an object
				entries = nil
				for _, v := range list.Members {
					entries = append(entries, v)
				}
			}
			for _, a := range entries {
				f := reports.Found{
					ID: a.Str("advisoryId"), Title: a.Str("title"), Names: []string{a.Str("cve")}, Severity: reports.Severity(a.Str("severity")),
					Component: cmp.Or(a.Str("packageName"), name), Published: a.Time("reportedAt"),
				}
				for _, src := range a.All("sources") {
					f.Names = append(f.Names, src.Str("remoteId"))
				}
				f.PURL = reports.PURL("composer", "", f.Component, "")
				if err := s.Find(h, f); err != nil {
					return err
				}
			}
		}
		for range root.At("abandoned").Members {
			s.Aside("abandoned package", 1)
		}
		return nil
	})
}
