// Package ossindex reads what the clients of Sonatype's OSS Index print as JSON:
// nancy for Go and AuditJS for npm. They do not name their project: name the asset
// when you bring one. What a project excludes is left out.
package ossindex

import (
	"cmp"
	"context"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads results of nancy and AuditJS.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "ossindex", Title: "nancy or AuditJS result (JSON)", Extensions: []string{".json"},
		Gives:  "vulnerabilities in the Go modules or npm packages of a project",
		Stream: "import/ossindex",
	}
}

// Recognize looks for packages by their coordinates.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	return reports.Sure(s.Has("audited", "audited[].Coordinates") || s.Has("[].coordinates", "[].vulnerabilities", "[].reference"))
}

// Parse reads a result.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "ossindex", "OSS Index")
	s.Inside = true
	return s.Run(func() error {
		h := s.File()
		each := func(n *reports.Node) error { return component(s, h, n) }
		// Nancy lists what is vulnerable among all and again by itself.
		root, err := reports.JSON(ctx, in, reports.Entries{"vulnerable[]": each, "[]": each}, "description", "Description", "audited")
		if err != nil {
			return err
		}
		if n := len(root.All("invalid")); n > 0 {
			s.Partial(h, reports.Count(n, "package")+" could not be audited")
		}
		return nil
	})
}

func component(s *reports.Scan, h *reports.Host, n *reports.Node) error {
	purl := cmp.Or(n.Str("Coordinates"), n.Str("coordinates"))
	_, rest, _ := strings.Cut(purl, "/")
	name, version := rest, ""
	if i := strings.LastIndexByte(rest, '@'); i > 0 {
		name, version = rest[:i], rest[i+1:]
	}
	for _, v := range append(n.All("Vulnerabilities"), n.All("vulnerabilities")...) {
		if v.Yes("Excluded") {
			if err := s.Leave("the project excludes them"); err != nil {
				return err
			}
			continue
		}
		f := reports.Found{
			ID: cmp.Or(v.Str("Id"), v.Str("id")), Title: cmp.Or(v.Str("Title"), v.Str("title")), Component: strings.ReplaceAll(name, "%40", "@"), Version: version, PURL: purl,
			Names: append(reports.CVEs(cmp.Or(v.Str("Title"), v.Str("title"))), v.Str("Cve"), v.Str("cve")), CWEs: []string{v.Str("cwe")},
		}
		for _, k := range []string{"CvssScore", "cvssScore"} {
			if c, ok := v.Num(k); ok {
				f.CVSS = c
			}
		}
		if err := s.Find(h, f); err != nil {
			return err
		}
	}
	return nil
}
