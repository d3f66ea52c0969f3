// Package neuvector reads the scan of an image by NeuVector. It does not name the
// image: name the asset when you bring it.
package neuvector

import (
	"context"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads NeuVector's scans.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "neuvector", Title: "NeuVector image scan (JSON)", Extensions: []string{".json"},
		Gives:  "vulnerabilities in container images",
		Stream: "import/neuvector",
	}
}

// Recognize looks for what stands beside the vulnerabilities.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	return reports.Sure(s.Has("report.vulnerabilities") && s.Any("report.modules", "report.checks", "report.setid_perms", "report.vulnerabilities[].package_name"))
}

// Parse reads a scan.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "neuvector", "NeuVector")
	s.Inside = true
	return s.Run(func() error {
		root, err := reports.JSON(ctx, in, reports.Entries{"report.vulnerabilities[]": func(n *reports.Node) error {
			f := reports.Found{
				ID: n.Str("name"), Title: n.Str("name") + " in " + n.Str("package_name"), Names: n.Strs("cves"), Severity: reports.Severity(n.Str("severity")), Component: n.Str("package_name"), Version: n.Str("package_version"),
				Fixed: n.Str("fixed_version"), Published: n.Time("published_timestamp"), NoFix: n.Str("fixed_version") == "",
			}
			for _, k := range []string{"score_v3", "score"} {
				if v, ok := n.Num(k); ok && v > 0 && f.CVSS == 0 {
					f.CVSS = v
				}
			}
			return s.Hold(f)
		}}, "description", "envs", "cmds", "modules")
		if err != nil {
			return err
		}
		r := root.At("report")
		if !r.Has("vulnerabilities") {
			return root.Fault("there are no results in it", "export the scan again")
		}
		h := s.File()
		if repo := r.Str("repository"); repo != "" {
			h = s.Image(repo+":"+r.Str("tag"), r.Str("digest"))
		}
		return s.Settle(h)
	})
}
