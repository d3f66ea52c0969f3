// Package sysdig reads scans of images by Sysdig: the JSON and CSV of its command
// line scanner, and the JSON and CSV of its reports on running images.
package sysdig

import (
	"cmp"
	"context"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads Sysdig's reports.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "sysdig", Title: "Sysdig vulnerabilities (JSON, CSV)", Extensions: []string{".json", ".csv"},
		Gives:  "vulnerabilities in container images and in what runs of them",
		Stream: "import/sysdig",
	}
}

// The tables: of the command line scanner, and of the reports of two ages.
var tables = [][]string{
	{"CVE ID", "CVE Severity", "Package Name", "Package Version", "Fix Version", "Vuln Disclosure Date"},
	{"Vulnerability Name", "Vulnerability Severity", "Package Name", "Package Version", "Image Name"},
	{"Vulnerability ID", "Severity", "Package name", "Package version", "Image", "Vuln Fix date"},
}

func table(head []byte) []string {
	for _, t := range tables {
		if reports.Headers(head, t...) != nil {
			return t
		}
	}
	return nil
}

// Recognize looks for the names and columns of each.
func (Importer) Recognize(_ string, head []byte) int {
	if json, _ := reports.Begins(head); !json {
		return reports.Sure(table(head) != nil)
	}
	s := reports.Sniff(head)
	return reports.Sure(s["scanner.name"] == "sysdig-cli-scanner" || s.Has("result.packages", "result.vulnTotalBySeverity") || s.Has("data[].vulnName", "data[].imageId") ||
		s.Has("panels[].data[].vuln_id") || s.Has("panels", "schedule", "zones"))
}

type parser struct{ *reports.Scan }

// Parse reads a report.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	p := parser{reports.NewScan(in, "sysdig", "Sysdig")}
	p.Inside = true
	return p.Run(func() error {
		head, err := in.Head()
		if err != nil {
			return err
		}
		if json, _ := reports.Begins(head); !json {
			return reports.CSV(ctx, in, table(head), nil, p.row)
		}
		root, err := reports.JSON(ctx, in, reports.Entries{
			"result.packages[]": func(n *reports.Node) error {
				for _, v := range n.All("vulns") {
					if err := p.Hold(scanned(n, v)); err != nil {
						return err
					}
				}
				return nil
			},
			"data[]": p.old, "panels[].data[]": p.panel,
		}, "layers", "policyEvaluations", "filters")
		if err != nil || !root.Has("result") {
			return err
		}
		p.At(root.Time("info", "scanTime"))
		p.Version = root.Str("scanner", "version")
		m := root.At("result", "metadata")
		h := p.Image(m.Str("pullString"), m.Str("imageId"))
		h.Set("os_name", reports.Shorten(m.Str("baseOs"), 200))
		return p.Settle(h)
	})
}

func scanned(p, v *reports.Node) reports.Found {
	f := reports.Found{
		ID: v.Str("name"), Title: v.Str("name") + " in " + p.Str("name"), Severity: reports.Severity(v.Str("severity", "value")), Component: p.Str("name"), Version: p.Str("version"),
		Location: p.Str("path"), Fixed: v.Str("fixedInVersion"), Published: v.Time("disclosureDate"), PURL: reports.PURL(p.Str("type"), "", p.Str("name"), p.Str("version")),
	}
	f.CVSS, _ = v.Num("cvssScore", "value", "score")
	f.NoFix = f.Fixed == ""
	if v.Has("exploitable") {
		yes := v.Yes("exploitable")
		f.Exploit = &yes
	}
	return f
}

// put states a finding of a running image. The same image in several workloads is
// one asset.
func (p parser) put(image, digest, os string, f reports.Found) error {
	h := p.Image(image, digest)
	h.Set("os_name", reports.Shorten(os, 200))
	f.Title = f.ID + " in " + f.Component
	return p.Find(h, f)
}

func (p parser) old(n *reports.Node) error {
	f := reports.Found{
		ID: n.Str("vulnName"), Severity: reports.Severity(n.Str("vulnSeverity")), Component: n.Str("packageName"), Version: n.Str("packageVersion"), Location: n.Str("packagePath"),
		Fixed: n.Str("vulnFixVersion"), Published: n.Time("vulnDisclosureDate"), PURL: reports.PURL(n.Str("packageType"), "", n.Str("packageName"), n.Str("packageVersion")),
	}
	f.CVSS, _ = n.Num("vulnCvssScore")
	f.NoFix = f.Fixed == ""
	return p.put(n.Str("imagePullString"), n.Str("imageId"), n.Str("osName"), f)
}

func (p parser) panel(n *reports.Node) error {
	f := reports.Found{
		ID: n.Str("vuln_id"), Severity: reports.Severity(n.Str("vuln_severity")), Component: n.Str("scan_package_name"), Version: n.Str("scan_package_version"), Location: n.Str("scan_package_path"),
		Fixed: n.Str("vuln_fixed_in_version"), Published: n.Time("vuln_disclosure_date"), Exploited: n.Str("vuln_cisa_kev_publish_date") != "",
		PURL: reports.PURL(n.Str("scan_package_type"), "", n.Str("scan_package_name"), n.Str("scan_package_version")),
	}
	f.CVSS, _ = n.Num("vuln_cvss_score")
	f.NoFix = f.Fixed == ""
	return p.put(n.Str("container_image"), n.Str("container_image_id"), n.Str("container_image_distro"), f)
}

func (p parser) row(n *reports.Node) error {
	f := reports.Found{
		ID: cmp.Or(n.Str("CVE ID"), n.Str("Vulnerability Name"), n.Str("Vulnerability ID")), Severity: reports.Severity(cmp.Or(n.Str("CVE Severity"), n.Str("Vulnerability Severity"), n.Str("Severity"))),
		Component: cmp.Or(n.Str("Package Name"), n.Str("Package name")), Version: cmp.Or(n.Str("Package Version"), n.Str("Package version")), Location: cmp.Or(n.Str("Package Path"), n.Str("Package path")),
		Fixed: cmp.Or(n.Str("Fix Version"), n.Str("Fix version")), Exploited: n.Str("CISA KEV Publish Date") != "",
	}
	if reports.Severity(f.ID) != "" || f.Component == "" || f.Severity == "" {
		return p.Bad(n, "", "the row does not fit its headers: it names no vulnerability, severity or package", "export the report again; a cell may be missing")
	}
	f.Published = cmp.Or(n.Time("Vuln Disclosure Date"), n.Time("Disclosure Date"), n.Time("Vuln Publish date"))
	f.PURL = reports.PURL(cmp.Or(n.Str("Package Type"), n.Str("Package type")), "", f.Component, f.Version)
	for _, k := range []string{"CVSS Score", "CVSS score"} {
		if v, ok := n.Num(k); ok {
			f.CVSS = v
		}
	}
	f.EPSS, _ = n.Num("EPSS Score")
	f.NoFix = f.Fixed == ""
	image := cmp.Or(n.Str("Image Name"), n.Str("Image"))
	if image == "" && n.Str("Image ID") == "" {
		f.Title = f.ID + " in " + f.Component
		return p.Find(p.File(), f)
	}
	return p.put(image, n.Str("Image ID"), n.Str("OS Name"), f)
}
