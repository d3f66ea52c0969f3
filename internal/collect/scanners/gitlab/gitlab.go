// Package gitlab reads the security reports of GitLab's dependency and container
// scanning, schema 3 to 15. An image is an asset; a report on dependencies does not
// name its project, so name the asset when you bring it.
package gitlab

import (
	"cmp"
	"context"
	"path"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads GitLab's security reports.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "gitlab", Title: "GitLab security report (JSON)", Extensions: []string{".json"},
		Gives:  "vulnerabilities that the scans of GitLab found in dependencies and images",
		Stream: "import/gitlab",
	}
}

// Recognize looks for vulnerabilities with identifiers and a place.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	return reports.Sure(s.Has("version", "vulnerabilities[].identifiers", "vulnerabilities[].location") || s.Has("vulnerabilities", "scan.type") && s.Any("scan.scanner", "remediations"))
}

// Parse reads a report.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "gitlab", "GitLab")
	s.Inside = true
	return s.Run(func() error {
		n := 0
		root, err := reports.JSON(ctx, in, reports.Entries{"vulnerabilities[]": func(v *reports.Node) error {
			n++
			return finding(s, v)
		}}, "description", "links", "dependencies", "details")
		if err != nil {
			return err
		}
		s.At(cmp.Or(root.Time("scan", "end_time"), root.Time("scan", "start_time")))
		s.Version = strings.TrimSpace("with " + root.Str("scan", "scanner", "name") + " " + root.Str("scan", "scanner", "version"))
		if st := root.Str("scan", "status"); st != "" && st != "success" {
			if n == 0 {
				return root.Fault("the scan ended with the state "+reports.Shorten(st, 40), "run it again")
			}
			s.Partial(nil, "the scan ended with the state "+st)
		}
		if n == 0 {
			s.File()
		}
		return nil
	})
}

func finding(s *reports.Scan, v *reports.Node) error {
	loc := v.At("location")
	h := s.File
	if image := loc.Str("image"); image != "" {
		h = func() *reports.Host { return s.Image(image, "") }
	}
	d := loc.At("dependency")
	f := reports.Found{
		ID: v.Str("id"), Title: cmp.Or(v.Str("name"), v.Str("message")), Severity: reports.Severity(v.Str("severity")), Component: d.Str("package", "name"), Version: d.Str("version"),
		Location: loc.Str("file"), Solution: v.Str("solution"),
	}
	for i, x := range v.All("identifiers") {
		switch x.Str("type") {
		case "cwe":
			f.CWEs = append(f.CWEs, x.Str("value"))
		default:
			f.Names = append(f.Names, x.Str("value"), x.Str("name"))
			if i == 0 {
				f.KeyTail = x.Str("value")
			}
		}
	}
	if f.Title == "" || f.Title == f.ID {
		f.Title = strings.TrimSuffix(f.ID+" in "+f.Component, " in ")
	}
	f.PURL = reports.PURL(ecosystem(f.Location), "", f.Component, f.Version)
	return s.Find(h(), f)
}

// ecosystem tells the kind of package by the lock file.
func ecosystem(file string) string {
	return map[string]string{
		"go.sum": "go", "go.mod": "go", "package-lock.json": "npm", "yarn.lock": "npm", "pnpm-lock.yaml": "npm", "requirements.txt": "pip", "Pipfile.lock": "pip", "poetry.lock": "pip",
		"pom.xml": "maven", "build.gradle": "maven", "Gemfile.lock": "gem", "composer.lock": "composer", "Cargo.lock": "cargo", "packages.lock.json": "nuget",
	}[path.Base(file)]
}
