// Package dotnetlist reads what dotnet list package --vulnerable prints with
// --format json. Each project is an application.
package dotnetlist

import (
	"context"
	"path"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads lists of vulnerable packages of .NET.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "dotnet-list", Title: "dotnet list package --vulnerable (JSON)", Extensions: []string{".json"},
		Gives:  "vulnerabilities in the NuGet packages of .NET projects",
		Stream: "import/dotnet-list",
	}
}

// Recognize looks for the parameters the list was made with.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	return reports.Sure(s.Has("parameters", "projects") && strings.Contains(s["parameters"], "--vulnerable"))
}

// Parse reads a list.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "dotnet-list", "dotnet list")
	s.Inside = true
	return s.Run(func() error {
		root, err := reports.JSON(ctx, in, reports.Entries{"projects[]": func(n *reports.Node) error { return project(s, n) }})
		if err != nil {
			return err
		}
		for _, p := range root.All("problems") {
			if p.Str("level") == "error" {
				s.Partial(nil, "dotnet reports a problem: "+p.Str("text"))
			}
		}
		return nil
	})
}

func project(s *reports.Scan, n *reports.Node) error {
	file := strings.ReplaceAll(n.Str("path"), `\`, "/")
	h := s.App(file)
	for _, fw := range n.All("frameworks") {
		for _, kind := range []string{"topLevelPackages", "transitivePackages"} {
			for _, p := range fw.All(kind) {
				for _, v := range p.All("vulnerabilities") {
					f := reports.Found{
						ID: path.Base(v.Str("advisoryurl")), Severity: reports.Severity(v.Str("severity")), Component: p.Str("id"), Version: p.Str("resolvedVersion"),
						PURL: reports.PURL("nuget", "", p.Str("id"), p.Str("resolvedVersion")), KeyTail: fw.Str("framework"),
					}
					f.Title = f.ID + " in " + f.Component
					if err := s.Find(h, f); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}
