// Package govulncheck reads the JSON of govulncheck: messages one behind the other,
// or a list of them. Its SARIF is read by the importer of SARIF.
package govulncheck

import (
	"context"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads govulncheck's messages.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "govulncheck", Title: "govulncheck result (JSON)", Extensions: []string{".json"},
		Gives:  "vulnerabilities in the modules of a Go program, and whether it calls them",
		Stream: "import/govulncheck",
	}
}

// Recognize looks for the first message.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	return reports.Sure(s["config.scanner_name"] == "govulncheck" || s["[].config.scanner_name"] == "govulncheck")
}

type parser struct {
	*reports.Scan
	name    string
	osv     map[string]reports.Found
	pending []reports.Found
}

// Parse reads the messages.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	p := &parser{Scan: reports.NewScan(in, "govulncheck", "govulncheck"), osv: map[string]reports.Found{}}
	p.Inside = true
	return p.Run(func() error {
		err := reports.JSONLines(ctx, in, func(n *reports.Node) error {
			for _, m := range n.All() {
				p.message(m)
			}
			return p.Room(len(p.pending) + len(p.osv))
		}, "details", "references", "credits", "imports")
		if err != nil {
			return err
		}
		if p.Version == "" {
			return (&reports.Node{}).Fault("it does not begin with govulncheck's configuration", "run govulncheck -format json again")
		}
		h := p.App(p.name)
		for _, f := range p.pending {
			o := p.osv[f.ID]
			f.Title, f.Names, f.Published = o.Title, o.Names, o.Published
			if err := p.Find(h, f); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *parser) message(m *reports.Node) {
	switch {
	case m.Has("config"):
		p.Version = m.Str("config", "scanner_version")
		if p.Version == "" {
			p.Version = "unknown"
		}
	case m.Has("SBOM"):
		if roots := m.Strs("SBOM", "roots"); len(roots) > 0 {
			p.name = roots[0]
		}
	case m.Has("osv"):
		o := m.At("osv")
		p.osv[o.Str("id")] = reports.Found{Title: o.Str("summary"), Names: o.Strs("aliases"), Published: o.Time("published")}
	case m.Has("finding"):
		n := m.At("finding")
		t := n.Nth(0, "trace")
		f := reports.Found{
			ID: n.Str("osv"), Component: t.Str("module"), Version: t.Str("version"), Fixed: n.Str("fixed_version"), PURL: reports.PURL("golang", "", t.Str("module"), t.Str("version")),
		}
		f.NoFix = f.Fixed == ""
		p.pending = append(p.pending, f)
	}
}
