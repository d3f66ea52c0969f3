// Package twistlock reads scans of images by Prisma Cloud Compute (Twistlock): the
// JSON of twistcli, and the CSV exports of scans and of images. Findings of
// compliance are counted and left out.
package twistlock

import (
	"context"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads scans of Prisma Cloud Compute.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "twistlock", Title: "Prisma Cloud (Twistlock) image scan (JSON, CSV)", Extensions: []string{".json", ".csv"},
		Gives:  "vulnerabilities in container images",
		Stream: "import/twistlock",
	}
}

var headers = []string{"Registry", "Repository", "Tag", "Id", "CVE ID", "Compliance ID", "Severity", "Packages", "Package Version"}

// Recognize looks for its distributions, or its columns.
func (Importer) Recognize(_ string, head []byte) int {
	if json, _ := reports.Begins(head); json {
		s := reports.Sniff(head)
		return reports.Sure(s.Has("results[].vulnerabilityDistribution") || s.Has("results[].complianceDistribution") || s.Has("results[].complianceScanPassed"))
	}
	return reports.Sure(reports.Headers(head, headers...) != nil)
}

// Parse reads a scan.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "twistlock", "Prisma Cloud")
	s.Inside = true
	return s.Run(func() error {
		head, err := in.Head()
		if err != nil {
			return err
		}
		if json, _ := reports.Begins(head); !json {
			return reports.CSV(ctx, in, headers, nil, func(n *reports.Node) error { return row(s, n) })
		}
		_, err = reports.JSON(ctx, in, reports.Entries{"results[]": func(n *reports.Node) error { return image(s, n) }}, "description", "packages", "history", "applications", "riskFactors")
		return err
	})
}

func image(s *reports.Scan, n *reports.Node) error {
	h := s.Image(n.Str("name"), n.Str("id"))
	if d := n.Str("distro"); d != "" {
		h.Set("os_name", reports.Shorten(d, 200))
	}
	s.Aside("compliance finding", len(n.All("compliances")))
	for _, v := range n.All("vulnerabilities") {
		f := reports.Found{
			ID: v.Str("id"), Severity: reports.Severity(v.Str("severity")), Component: v.Str("packageName"), Version: v.Str("packageVersion"), Published: v.Time("publishedDate"),
			Location: v.Str("packagePath"),
		}
		f.Title = f.ID + " in " + f.Component
		f.CVSS, _ = v.Num("cvss")
		fix(&f, v.Str("status"))
		if err := s.Find(h, f); err != nil {
			return err
		}
	}
	return nil
}

func row(s *reports.Scan, n *reports.Node) error {
	name := strings.Trim(n.Str("Registry")+"/"+n.Str("Repository"), "/")
	if name != "" && n.Str("Tag") != "" {
		name += ":" + n.Str("Tag")
	}
	h := s.Image(name, n.Str("Id"))
	if d := n.Str("Distro"); d != "" {
		h.Set("os_name", reports.Shorten(d, 200))
	}
	id := n.Str("CVE ID")
	if id == "" {
		s.Aside("compliance finding", 1)
		return nil
	}
	f := reports.Found{
		ID: id, Title: id + " in " + n.Str("Packages"), Severity: reports.Severity(n.Str("Severity")), Component: n.Str("Packages"), Version: n.Str("Package Version"), Published: n.Time("Published"),
	}
	f.CVSS, _ = n.Num("CVSS")
	fix(&f, n.Str("Fix Status"))
	return s.Find(h, f)
}

// fix reads "fixed in 1.2.11", "needed", "deferred".
func fix(f *reports.Found, status string) {
	if v, ok := strings.CutPrefix(status, "fixed in "); ok {
		f.Fixed = v
	} else if status != "" {
		f.NoFix = true
	}
}
