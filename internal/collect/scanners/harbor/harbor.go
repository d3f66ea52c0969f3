// Package harbor reads the vulnerability report that Harbor gives of an image,
// whichever scanner it had. It does not name the image: name the asset when you
// bring it.
package harbor

import (
	"context"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads Harbor's reports.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "harbor", Title: "Harbor vulnerability report (JSON)", Extensions: []string{".json"},
		Gives:  "vulnerabilities in an image of the registry Harbor",
		Stream: "import/harbor",
	}
}

// Recognize looks for the media type, or for a report with its scanner.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	for p := range s {
		if strings.HasPrefix(p, "application/vnd.") && strings.Contains(p, "vuln") && strings.HasSuffix(p, "scanner.name") {
			return 96
		}
	}
	return reports.Sure(s.Has("generated_at", "scanner.name", "vulnerabilities", "severity"))
}

// Parse reads a report.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "harbor", "Harbor")
	s.Inside = true
	return s.Run(func() error {
		h := s.File()
		root, err := reports.JSON(ctx, in, reports.Entries{"vulnerabilities[]": func(n *reports.Node) error { return finding(s, h, n) }}, "description", "links")
		if err != nil {
			return err
		}
		report := root
		for key, v := range root.Members {
			if strings.HasPrefix(key, "application/vnd.") {
				report = v
			}
		}
		if !report.Has("scanner") {
			return root.Fault("it names no scanner", "ask Harbor for the report again")
		}
		s.At(report.Time("generated_at"))
		s.Version = strings.TrimSpace("with " + report.Str("scanner", "name") + " " + report.Str("scanner", "version"))
		if report == root {
			return nil
		}
		for _, n := range report.All("vulnerabilities") {
			if err := finding(s, h, n); err != nil {
				return err
			}
		}
		return nil
	})
}

func finding(s *reports.Scan, h *reports.Host, n *reports.Node) error {
	f := reports.Found{
		ID: n.Str("id"), Title: n.Str("id") + " in " + n.Str("package"), Severity: reports.Severity(n.Str("severity")), Component: n.Str("package"), Version: n.Str("version"), Fixed: n.Str("fix_version"), CWEs: n.Strs("cwe_ids"),
	}
	f.NoFix = f.Fixed == "" && n.Has("fix_version")
	for _, path := range [][]string{{"preferred_cvss", "score_v3"}, {"preferred_cvss", "score_v2"}} {
		if v, ok := n.Num(path...); ok && f.CVSS == 0 {
			f.CVSS = v
		}
	}
	return s.Find(h, f)
}
