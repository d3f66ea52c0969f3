// Package snyk reads what the Snyk command prints with --json: of one project, of
// a list of projects, and of a container image with the applications in it.
//
// Snyk lists a weakness once for each way by which a package comes in; one package
// of one version is one finding.
package snyk

import (
	"context"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads Snyk reports.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "snyk", Title: "Snyk test result (JSON)", Extensions: []string{".json"},
		Gives:  "vulnerabilities in the packages of projects and container images",
		Stream: "import/snyk",
	}
}

// Recognize looks for what Snyk alone says of a project.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	for _, p := range []string{"", "[]."} {
		if s.Any(p+"dependencyCount", p+"vulnerabilities[].packageManager") && s.Any(p+"licensesPolicy", p+"packageManager", p+"projectName", p+"vulnerabilities[].identifiers") {
			return 96
		}
		if s.Has(p+"vulnerabilities[].identifiers", p+"vulnerabilities[].semver") {
			return 94
		}
	}
	return reports.Sure(s.Has("ok", "error", "path") && s["ok"] == "false")
}

type pending struct {
	project int
	f       reports.Found
}

// Parse reads a report.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "snyk", "Snyk")
	s.Inside = true
	return s.Run(func() error {
		var found []pending
		vuln := func(n *reports.Node) error {
			found = append(found, pending{n.Outer(), finding(n)})
			return s.Room(len(found))
		}
		root, err := reports.JSON(ctx, in, reports.Entries{
			"vulnerabilities[]": vuln, "[].vulnerabilities[]": vuln, "[].applications[].vulnerabilities[]": vuln,
			"applications[].vulnerabilities[]": func(n *reports.Node) error {
				found = append(found, pending{0, finding(n)})
				return s.Room(len(found))
			},
		}, "description", "references", "licensesPolicy", "policy", "remediation", "credit", "functions", "functions_new", "baseImageRemediation")
		if err != nil {
			return err
		}
		projects := root.All()
		single := len(projects) == 1 && projects[0] == root
		hosts := make([]*reports.Host, len(projects))
		failed := 0
		for i, p := range projects {
			if e := p.Str("error"); e != "" {
				if failed++; failed == len(projects) {
					return p.Fault("Snyk reports an error: "+reports.Shorten(e, 200), "run snyk again")
				}
				s.Note("project "+reports.Shorten(p.Str("path"), 100), "Snyk reports an error: "+reports.Shorten(e, 200))
				continue
			}
			hosts[i] = target(s, p)
		}
		for _, x := range found {
			if single {
				x.project = 0 // of one project, the outermost list is that of the findings
			}
			if x.project >= len(hosts) || hosts[x.project] == nil {
				continue
			}
			if err := s.Find(hosts[x.project], x.f); err != nil {
				return err
			}
		}
		return nil
	})
}

func target(s *reports.Scan, p *reports.Node) *reports.Host {
	name := p.Str("projectName")
	image, isImage := strings.CutPrefix(name, "docker-image|")
	if isImage || p.Has("docker") {
		if path := p.Str("path"); path != "" && (isImage || !strings.Contains(path, `\`)) {
			image = path
		}
		image, _, _ = strings.Cut(image, "/usr/") // an application inside: image/usr/…
		return s.Image(image, "")
	}
	h := s.App(name)
	return h
}

func finding(n *reports.Node) reports.Found {
	name := n.Str("packageName")
	if name == "" {
		name = n.Str("name")
	}
	f := reports.Found{
		ID: n.Str("id"), Title: n.Str("title"), Severity: reports.Severity(n.Str("severity")),
		Names: append(append(n.Strs("identifiers", "CVE"), n.Strs("identifiers", "GHSA")...), n.Strs("alternativeIds")...), CWEs: n.Strs("identifiers", "CWE"),
		Component: name, Version: n.Str("version"), Fixed: strings.Join(n.Strs("fixedIn"), ", "), Published: n.Time("publicationTime"),
		PURL: reports.PURL(n.Str("packageManager"), "", name, n.Str("version")), KeyTail: n.Str("name"),
	}
	f.NoFix = n.Has("fixedIn") && f.Fixed == ""
	f.CVSS, _ = n.Num("cvssScore")
	f.EPSS, _ = n.Num("epssDetails", "probability")
	if e := n.Str("exploit"); e != "" && e != "Not Defined" {
		yes := e != "Unproven"
		f.Exploit = &yes
	}
	return f
}
