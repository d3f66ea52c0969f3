// Package dependencytrack reads the findings of a project that Dependency-Track
// exports (finding packaging format, FPF). The project is the application that its
// bill of materials describes.
package dependencytrack

import (
	"cmp"
	"context"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads Dependency-Track exports.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "dependency-track", Title: "Dependency-Track findings (FPF)", Extensions: []string{".json", ".fpf"},
		Gives:  "vulnerabilities in the components of a project, without those that a person has suppressed",
		Stream: "import/dependency-track",
	}
}

// Recognize looks for the application's own name.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	return reports.Sure(s["meta.application"] == "Dependency-Track" || s.Has("findings[].component", "findings[].vulnerability.vulnId", "findings[].matrix"))
}

// Parse reads an export.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "dependency-track", "Dependency-Track")
	s.Inside = true
	return s.Run(func() error {
		root, err := reports.JSON(ctx, in, reports.Entries{"findings[]": func(n *reports.Node) error {
			a := n.At("analysis")
			switch st := a.Str("state"); {
			case a.Yes("isSuppressed"):
				return s.Leave("a person has suppressed them")
			case st == "NOT_AFFECTED" || st == "FALSE_POSITIVE" || st == "RESOLVED":
				return s.Leave("a person has analyzed them: " + st)
			}
			return s.Hold(finding(n))
		}}, "description", "references", "recommendation")
		if err != nil {
			return err
		}
		s.At(root.Time("meta", "timestamp"))
		s.Version = root.Str("meta", "version")
		h := s.App(root.Str("project", "name"))
		if v := root.Str("project", "version"); v != "" {
			h.Set("version", reports.Shorten(v, 120))
		}
		return s.Settle(h)
	})
}

func finding(n *reports.Node) reports.Found {
	c, v := n.At("component"), n.At("vulnerability")
	name := c.Str("name")
	if g := c.Str("group"); g != "" {
		name = g + "/" + name
	}
	f := reports.Found{
		ID: v.Str("vulnId"), Title: cmp.Or(v.Str("title"), v.Str("vulnId")+" in "+name), Severity: reports.Severity(v.Str("severity")),
		Component: name, Version: c.Str("version"), PURL: c.Str("purl"), Published: v.Time("published"),
	}
	for _, a := range v.All("aliases") {
		for _, id := range a.Members {
			f.Names = append(f.Names, id.Str())
		}
	}
	f.Names = append(f.Names, n.Str("attribution", "alternateIdentifier"))
	for _, k := range []string{"cvssV4BaseScore", "cvssV4Score", "cvssV3BaseScore", "cvssV2BaseScore"} {
		if score, ok := v.Num(k); ok && f.CVSS == 0 {
			f.CVSS = score
		}
	}
	f.EPSS, _ = v.Num("epssScore")
	for _, w := range v.All("cwes") {
		f.CWEs = append(f.CWEs, w.Str("cweId"))
	}
	f.CWEs = append(f.CWEs, v.Str("cweId"))
	return f
}
