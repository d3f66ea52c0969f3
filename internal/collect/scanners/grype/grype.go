// Package grype reads the JSON reports of Grype: of images, folders and bills of
// materials.
package grype

import (
	"context"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads Grype reports.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "grype", Title: "Grype report (JSON)", Extensions: []string{".json"},
		Gives:  "vulnerabilities in container images, folders and bills of materials, with the version that mends them",
		Stream: "import/grype",
	}
}

// Recognize looks for matches of an artifact with a vulnerability.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	if s["descriptor.name"] == "xeol" || s.Has("matches[].Cycle") {
		return 0
	}
	return reports.Sure(s.Has("matches[].vulnerability", "matches[].artifact") || s.Has("matches", "descriptor.name", "source") && s["descriptor.name"] == "grype")
}

// Parse reads a report.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "grype", "Grype")
	s.Inside = true
	return s.Run(func() error {
		root, err := reports.JSON(ctx, in, reports.Entries{"matches[]": func(n *reports.Node) error {
			return s.Hold(match(n))
		}}, "description", "urls", "layers", "manifest", "config", "ignoredMatches", "cpes", "licenses", "configuration")
		if err != nil {
			return err
		}
		s.Version = root.Str("descriptor", "version")
		s.At(root.Time("descriptor", "timestamp"))
		host := target(s, root.At("source"))
		if d := root.At("distro"); d.Has("name") && d.Str("name") != "" {
			host.Set("os_name", strings.TrimSpace(d.Str("name")+" "+d.Str("version")))
			host.Set("os_version", d.Str("version"))
		}
		return s.Settle(host)
	})
}

// target is what was scanned.
func target(s *reports.Scan, source *reports.Node) *reports.Host {
	t := source.At("target")
	switch source.Str("type") {
	case "image":
		name := t.Str("userInput")
		if tags := t.Strs("tags"); len(tags) > 0 {
			name = tags[0]
		}
		return s.Image(name, t.Str("imageID"))
	}
	return s.App(t.Str())
}

func match(n *reports.Node) reports.Found {
	v, a := n.At("vulnerability"), n.At("artifact")
	f := reports.Found{
		ID: v.Str("id"), Severity: reports.Severity(v.Str("severity")), CVSS: score(v.All("cvss")),
		Component: a.Str("name"), Version: a.Str("version"), PURL: a.Str("purl"), Fixed: strings.Join(v.Strs("fix", "versions"), ", "),
		NoFix: v.Str("fix", "state") == "not-fixed" || v.Str("fix", "state") == "wont-fix",
	}
	for _, d := range v.All("advisories") {
		f.Names = append(f.Names, d.Str("id"))
	}
	for _, r := range n.All("relatedVulnerabilities") {
		f.Names = append(f.Names, r.Str("id"))
		if f.CVSS == 0 {
			f.CVSS = score(r.All("cvss"))
		}
	}
	for _, e := range v.All("epss") {
		if p, ok := e.Num("epss"); ok && p > f.EPSS {
			f.EPSS = p
		}
	}
	for _, c := range v.All("cwes") {
		f.CWEs = append(f.CWEs, c.Str("cwe"))
	}
	f.Exploited = len(v.All("knownExploited")) > 0
	var paths []string
	for _, l := range a.All("locations") {
		if p := l.Str("path"); p != "" {
			paths = append(paths, p)
		}
	}
	if len(paths) == 0 {
		paths = a.Strs("locations")
	}
	if len(paths) > 0 {
		f.Location = paths[0]
		f.KeyTail = strings.Join(paths, "\x00") + a.Str("type")
	}
	f.Title = f.ID
	if f.Component != "" {
		f.Title = f.ID + " in " + f.Component
	}
	return f
}

// score takes the newest version of CVSS, of these the highest.
func score(cvss []*reports.Node) float64 {
	best, newest := 0.0, ""
	for _, c := range cvss {
		b, ok := c.Num("metrics", "baseScore")
		if v := c.Str("version"); ok && b > 0 && (v > newest || v == newest && b > best) {
			best, newest = b, v
		}
	}
	return best
}
