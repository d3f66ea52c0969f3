// Package bundleraudit reads what bundle-audit prints, as text and as JSON. It does
// not name its project: name the asset when you bring it.
package bundleraudit

import (
	"bytes"
	"cmp"
	"context"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/safe"
)

// Importer reads bundler-audit's reports.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "bundler-audit", Title: "bundler-audit report (text, JSON)", Extensions: []string{".txt", ".json"},
		Gives:  "vulnerabilities in the gems of a Ruby program",
		Stream: "import/bundler-audit",
	}
}

// Recognize looks for the fields of its first entry.
func (Importer) Recognize(_ string, head []byte) int {
	if json, _ := reports.Begins(head); json {
		s := reports.Sniff(head)
		return reports.Sure(s.Has("results[].gem", "results[].advisory") || s.Has("version", "created_at", "results") && len(s) == 4)
	}
	h := safe.Head(head)
	return reports.Sure(bytes.HasPrefix(bytes.TrimSpace(h), []byte("Name: ")) && bytes.Contains(h, []byte("\nVersion: ")) && (bytes.Contains(h, []byte("\nAdvisory: ")) || bytes.Contains(h, []byte("\nGHSA: ")) || bytes.Contains(h, []byte("\nCVE: "))))
}

// Parse reads a report.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "bundler-audit", "bundler-audit")
	s.Inside = true
	return s.Run(func() error {
		h := s.File()
		head, err := in.Head()
		if err != nil {
			return err
		}
		if json, _ := reports.Begins(head); json {
			root, err := reports.JSON(ctx, in, reports.Entries{"results[]": func(n *reports.Node) error { return result(s, h, n) }}, "description")
			if err == nil {
				s.At(root.Time("created_at"))
			}
			return err
		}
		return text(ctx, s, h)
	})
}

func result(s *reports.Scan, h *reports.Host, n *reports.Node) error {
	a, g := n.At("advisory"), n.At("gem")
	if !n.Has("advisory") {
		s.Aside("insecure source", 1)
		return nil
	}
	f := reports.Found{
		ID: a.Str("id"), Title: a.Str("title"), Component: g.Str("name"), Version: g.Str("version"), PURL: reports.PURL("gem", "", g.Str("name"), g.Str("version")),
		Severity: reports.Severity(a.Str("criticality")), Published: a.Time("date"), Fixed: strings.Join(a.Strs("patched_versions"), ", "),
	}
	if c := a.Str("cve"); c != "" {
		f.Names = append(f.Names, "CVE-"+strings.TrimPrefix(c, "CVE-"))
	}
	if g := a.Str("ghsa"); g != "" {
		f.Names = append(f.Names, "GHSA-"+strings.TrimPrefix(g, "GHSA-"))
	}
	for _, k := range []string{"cvss_v4", "cvss_v3", "cvss_v2"} {
		if v, ok := a.Num(k); ok && f.CVSS == 0 {
			f.CVSS = v
		}
	}
	return s.Find(h, f)
}

// text reads entries of "Key: value" lines, apart by blank lines.
func text(ctx context.Context, s *reports.Scan, h *reports.Host) error {
	entry := map[string]string{}
	ended := false
	put := func() error {
		if entry["Name"] == "" {
			return nil
		}
		f := reports.Found{
			ID: cmp.Or(entry["Advisory"], entry["CVE"], entry["GHSA"]), Names: []string{entry["CVE"], entry["GHSA"]}, Title: entry["Title"],
			Component: entry["Name"], Version: entry["Version"], PURL: reports.PURL("gem", "", entry["Name"], entry["Version"]),
			Severity: reports.Severity(entry["Criticality"]), Solution: entry["Solution"], Fixed: strings.TrimPrefix(entry["Solution"], "upgrade to "),
		}
		if f.Fixed == entry["Solution"] {
			f.Fixed = ""
		}
		clear(entry)
		if f.ID == "" {
			return (&reports.Node{}).Fault("an entry names no advisory", "run bundle-audit again")
		}
		return s.Find(h, f)
	}
	err := reports.Lines(ctx, s.In, func(line string, _ int) error {
		line = strings.TrimSpace(line)
		if line == "" {
			return put()
		}
		if k, v, ok := strings.Cut(line, ": "); ok && len(entry) < 50 {
			entry[k] = v
		} else if line == "Vulnerabilities found!" || line == "No vulnerabilities found" {
			ended = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !ended {
		return (&reports.Node{}).Fault("the report ends before its last line, \"Vulnerabilities found!\"", "run bundle-audit again and keep all it prints")
	}
	return put()
}
