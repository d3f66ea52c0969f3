// Package aqua reads scans of images by Aqua: of the scanner, of its list of CVEs,
// of several images in one file, and the answer of its interface.
//
// Aqua's own severity counts, then the vendor's, then NVD's.
package aqua

import (
	"cmp"
	"context"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads Aqua's scans.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "aqua", Title: "Aqua image scan (JSON)", Extensions: []string{".json"},
		Gives:  "vulnerabilities in container images",
		Stream: "import/aqua",
	}
}

// Recognize looks for the names of each form.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	return reports.Sure(s.Has("image", "resources") && s.Any("scan_started", "vulnerability_summary", "image_assurance_results") || s.Has("image_name", "cves") || s.Has("[].image_name", "[].results") ||
		s.Has("result", "count", "pagesize") && s.Any("query.image_name", "query.show_negligible", "result[].aqua_severity"))
}

// Parse reads a scan.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "aqua", "Aqua")
	s.Inside = true
	return s.Run(func() error {
		resource := func(n *reports.Node) error { return hold(s, n) }
		root, err := reports.JSON(ctx, in, reports.Entries{
			"resources[]": resource,
			"cves[]":      func(n *reports.Node) error { return s.Hold(cve(n)) },
			"[]": func(n *reports.Node) error {
				r := n.At("results")
				return several(s, cmp.Or(r.Str("image"), n.Str("image_name")), r)
			},
			"result[]": func(n *reports.Node) error { return s.Find(host(s, n, ""), finding(n.At("resource"), n)) },
		}, "description", "layer", "vendor_statement", "nvd_vectors")
		if err != nil {
			return err
		}
		if e := cmp.Or(root.Str("errorMsg"), root.Str("error")); e != "" {
			return root.Fault("Aqua reports an error: "+reports.Shorten(e, 200), "scan the image again")
		}
		if !root.Has("image") && !root.Has("image_name") {
			if name := root.Str("query", "image_name"); name != "" {
				host(s, root.At("query"), name)
			}
			if root.Yes("is_partial_data") || more(root) {
				s.Partial(nil, "the file holds a page of the answer, not all of it")
			}
			return nil
		}
		h := host(s, root, cmp.Or(root.Str("image"), root.Str("image_name")))
		return place(s, h, root)
	})
}

func more(root *reports.Node) bool {
	n, ok := root.Num("more_data_all_pages")
	return ok && n > 0
}

// host is the image, with its registry where its name does not have it.
func host(s *reports.Scan, n *reports.Node, name string) *reports.Host {
	name = cmp.Or(name, n.Str("image_name"), n.Str("image"))
	return s.Image(name, n.Str("digest"))
}

func several(s *reports.Scan, name string, r *reports.Node) error {
	for _, n := range r.All("resources") {
		if err := hold(s, n); err != nil {
			return err
		}
	}
	return place(s, host(s, r, name), r)
}

func hold(s *reports.Scan, n *reports.Node) error {
	for _, v := range n.All("vulnerabilities") {
		if err := s.Hold(finding(n.At("resource"), v)); err != nil {
			return err
		}
	}
	return nil
}

func place(s *reports.Scan, h *reports.Host, n *reports.Node) error {
	s.HostAt(h, n.Time("scan_started", "seconds"))
	if os := n.Str("os"); os != "" {
		h.Set("os_name", reports.Shorten(os+" "+n.Str("version"), 200))
	}
	return s.Settle(h)
}

func finding(r, v *reports.Node) reports.Found {
	f := reports.Found{
		ID: v.Str("name"), Title: v.Str("name") + " in " + r.Str("name"), Component: r.Str("name"), Version: r.Str("version"), Fixed: v.Str("fix_version"), Location: r.Str("path"), Solution: v.Str("solution"),
		Published: v.Time("publish_date"), PURL: reports.PURL(r.Str("format"), "", r.Str("name"), r.Str("version")),
	}
	f.NoFix = f.Fixed == "" && v.Has("fix_version")
	for _, k := range []string{"aqua_severity", "vendor_severity_v3", "vendor_severity", "nvd_severity_v3", "nvd_severity"} {
		if w := reports.Severity(v.Str(k)); w != "" && f.Severity == "" {
			f.Severity = w
		}
	}
	for _, k := range []string{"nvd_score_v3", "vendor_score_v3", "aqua_score", "nvd_score", "vendor_score"} {
		if n, ok := v.Num(k); ok && n > 0 && f.CVSS == 0 {
			f.CVSS = n
		}
	}
	return f
}

func cve(v *reports.Node) reports.Found {
	f := reports.Found{
		ID: v.Str("name"), Title: v.Str("name") + " in " + v.Str("file"), Severity: reports.Severity(v.Str("severity")), Component: v.Str("file"), Fixed: v.Str("fix_version"), Solution: v.Str("solution"),
		Published: v.Time("publishdate"),
	}
	f.CVSS, _ = v.Num("score")
	return f
}
