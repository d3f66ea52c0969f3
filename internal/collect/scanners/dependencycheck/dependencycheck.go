// Package dependencycheck reads the reports of OWASP Dependency-Check, XML and
// JSON, of version 1 to the newest. Suppressed vulnerabilities are left out.
package dependencycheck

import (
	"cmp"
	"context"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/xmlsafe"
)

// Importer reads Dependency-Check's reports.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "dependency-check", Title: "Dependency-Check report (XML, JSON)", Extensions: []string{".xml", ".json"},
		Gives:  "vulnerabilities in the libraries of a project",
		Stream: "import/dependency-check",
	}
}

// Recognize looks for its name space, or its schema.
func (Importer) Recognize(_ string, head []byte) int {
	if _, xml := reports.Begins(head); xml {
		space, name := xmlsafe.Sniff(head)
		return reports.Sure(name == "analysis" && strings.Contains(space, "dependency-check") || name == "analysis" && strings.Contains(space, "dependencycheck"))
	}
	s := reports.Sniff(head)
	return reports.Sure(s.Has("scanInfo", "projectInfo") && s.Any("reportSchema", "dependencies"))
}

// Parse reads a report.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "dependency-check", "Dependency-Check")
	s.Inside = true
	return s.Run(func() error {
		head, err := in.Head()
		if err != nil {
			return err
		}
		each := func(n *reports.Node) error { return dependency(s, n) }
		skip := []string{"description", "references", "vulnerableSoftware", "evidenceCollected", "notes", "licenseInfo", "license"}
		var root *reports.Node
		if _, xml := reports.Begins(head); xml {
			root, err = reports.XML(ctx, in, "analysis", reports.Entries{"analysis/dependencies/dependency": each}, skip...)
		} else {
			root, err = reports.JSON(ctx, in, reports.Entries{"dependencies[]": each}, skip...)
		}
		if err != nil {
			return err
		}
		s.Version = root.Str("scanInfo", "engineVersion")
		s.At(root.Time("projectInfo", "reportDate"))
		h := s.App(root.Str("projectInfo", "name"))
		for _, e := range append(root.All("scanInfo", "analysisExceptions", "analysisException"), root.All("scanInfo", "analysisExceptions")...) {
			if e.Has("exception") || e.Has("message") {
				s.Partial(h, "the analysis ended in an error: "+cmp.Or(e.Str("exception", "message"), e.Str("message")))
			}
		}
		return s.Settle(h)
	})
}

func dependency(s *reports.Scan, n *reports.Node) error {
	file := n.Str("fileName")
	component, version, purl := file, "", ""
	for _, p := range append(n.All("identifiers", "package"), n.All("packages")...) {
		id := p.Str("id")
		if strings.HasPrefix(id, "pkg:") && purl == "" {
			purl = id
			component, version = split(id)
		}
	}
	for range append(n.All("vulnerabilities", "suppressedVulnerability"), n.All("suppressedVulnerabilities")...) {
		if err := s.Leave("they are suppressed in the project"); err != nil {
			return err
		}
	}
	for _, v := range append(n.All("vulnerabilities", "vulnerability"), jsonVulnerabilities(n)...) {
		f := reports.Found{
			ID: v.Str("name"), Severity: reports.Severity(v.Str("severity")), Component: component, Version: version, PURL: purl, Location: cmp.Or(n.Str("filePath"), file),
			CWEs: append(v.Strs("cwes", "cwe"), v.Strs("cwes")...), KeyTail: v.Str("@source") + v.Str("source"),
		}
		f.CWEs = append(f.CWEs, reports.CWEs(v.Str("cwe"))...)
		f.Title = f.ID + " in " + component
		f.Names = reports.CVEs(f.ID)
		f.Exploited = v.Has("knownExploitedVulnerability")
		for _, path := range [][]string{{"cvssV4", "baseScore"}, {"cvssv4", "baseScore"}, {"cvssV3", "baseScore"}, {"cvssv3", "baseScore"}, {"cvssV2", "score"}, {"cvssv2", "score"}, {"cvssScore"}} {
			if c, ok := v.Num(path...); ok && c > 0 && f.CVSS == 0 {
				f.CVSS = c
			}
		}
		if err := s.Hold(f); err != nil {
			return err
		}
	}
	return nil
}

// jsonVulnerabilities are those of a dependency in JSON, where they stand in a list.
func jsonVulnerabilities(n *reports.Node) []*reports.Node {
	var out []*reports.Node
	for _, v := range n.All("vulnerabilities") {
		if v.Has("name") {
			out = append(out, v)
		}
	}
	return out
}

// split takes name and version out of a package URL.
func split(purl string) (name, version string) {
	s, _, _ := strings.Cut(strings.TrimPrefix(purl, "pkg:"), "?")
	_, s, _ = strings.Cut(s, "/")
	s = strings.ReplaceAll(s, "%40", "@")
	if i := strings.LastIndexByte(s, '@'); i > 0 {
		return s[:i], s[i+1:]
	}
	return s, ""
}
