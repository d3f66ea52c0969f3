// Package xray reads the vulnerability reports of JFrog Xray.
package xray

import (
	"context"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads Xray's reports.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "jfrog-xray", Title: "JFrog Xray vulnerabilities report (JSON)", Extensions: []string{".json"},
		Gives:  "vulnerabilities in what lies in Artifactory: images, packages, builds",
		Stream: "import/jfrog-xray",
	}
}

// Recognize looks for rows of issues.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	return reports.Sure(s.Has("total_rows", "rows"))
}

// Parse reads a report.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "jfrog-xray", "JFrog Xray")
	s.Inside = true
	return s.Run(func() error {
		rows := 0
		root, err := reports.JSON(ctx, in, reports.Entries{"rows[]": func(n *reports.Node) error {
			rows++
			return row(s, n)
		}}, "description", "references")
		if err != nil {
			return err
		}
		if total, ok := root.Num("total_rows"); ok && int(total) > rows {
			s.Partial(nil, "the file holds a page of the report, not all of it")
		}
		return nil
	})
}

func row(s *reports.Scan, n *reports.Node) error {
	kind, name, _ := strings.Cut(n.Str("impacted_artifact"), "://")
	var h *reports.Host
	if kind == "docker" {
		h = s.Image(name, "")
	} else {
		h = s.App(strings.Trim(kind+"/"+name, "/"))
	}
	s.HostAt(h, n.Time("artifact_scan_time"))
	typ, component, version := component(n.Str("vulnerable_component"))
	f := reports.Found{
		ID: n.Str("issue_id"), Title: n.Str("summary"), Severity: reports.Severity(n.Str("severity")), Component: component, Version: version, Location: n.Str("component_physical_path"),
		PURL: reports.PURL(typ, "", component, version), Published: n.Time("published"), Fixed: strings.Join(n.Strs("fixed_versions"), ", "),
	}
	if f.Location == "" {
		f.Location = n.Str("path")
	}
	f.NoFix = f.Fixed == "" && n.Has("fixed_versions")
	for _, c := range n.All("cves") {
		f.Names = append(f.Names, c.Str("cve"))
	}
	for _, k := range []string{"cvss3_max_score", "cvss2_max_score"} {
		if v, ok := n.Num(k); ok && v > 0 && f.CVSS == 0 {
			f.CVSS = v
		}
	}
	return s.Find(h, f)
}

// component reads npm://ip:2.0.0, gav://group:artifact:1.0 and, of rpm and deb,
// release:name:epoch:version.
func component(s string) (typ, name, version string) {
	typ, rest, ok := strings.Cut(s, "://")
	if !ok {
		return "", s, ""
	}
	if typ == "gav" {
		typ = "maven"
	}
	if parts := strings.Split(rest, ":"); (typ == "rpm" || typ == "deb") && len(parts) >= 3 {
		return typ, parts[1], strings.Join(parts[2:], ":")
	}
	i := strings.LastIndexByte(rest, ':')
	if i < 0 {
		return typ, rest, ""
	}
	return typ, rest[:i], rest[i+1:]
}
