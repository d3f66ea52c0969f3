// Package npmaudit reads what npm audit (version 6, and 7 and newer), pnpm audit
// and yarn audit (version 1) print as JSON.
//
// The reports do not name their project: name the asset when you bring one. A
// report of an error, as it is printed where the registry cannot be reached, is
// refused.
package npmaudit

import (
	"context"
	"encoding/json"
	"path"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads audits of npm's packages.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "npm-audit", Title: "npm, pnpm or yarn audit (JSON)", Extensions: []string{".json", ".jsonl"},
		Gives:  "vulnerabilities in the JavaScript packages of a project",
		Stream: "import/npm-audit",
	}
}

// Recognize looks for advisories as each version writes them.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	switch {
	case s.Has("auditReportVersion", "vulnerabilities"), s.Has("metadata.vulnerabilities", "advisories") && s.Any("actions", "muted"):
		return 96
	case s.Has("actions[].resolves[].path", "actions[].module"): // the advisories may begin behind the head
		return 96
	case s["type"] == "auditAdvisory" || s["type"] == "auditSummary", s.Has("data.advisory.module_name"):
		return 96
	case s.Has("error.code", "error.summary"):
		return 94
	}
	// Before its advisories yarn prints what it thinks of package.json.
	if (s["type"] == "warning" || s["type"] == "error" || s["type"] == "info") && s.Has("data") && len(s) <= 3 {
		return 60
	}
	return 0
}

type parser struct {
	*reports.Scan
	host *reports.Host
	seen bool // something that an audit alone prints
}

// Parse reads an audit.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	p := &parser{Scan: reports.NewScan(in, "npm-audit", "npm audit")}
	p.Inside = true
	return p.Run(func() error {
		p.host = p.File()
		err := reports.JSONLines(ctx, in, p.document, "overview", "references", "found_by", "reported_by", "description")
		if err == nil && !p.seen {
			err = (&reports.Node{}).Fault("it holds no audit", "run npm audit --json again")
		}
		return err
	})
}

func (p *parser) document(n *reports.Node) error {
	if n.Has("error") {
		why := n.Str("error", "summary")
		if why == "" {
			why = n.Str("error", "message")
		}
		if why == "" {
			why = n.Str("error")
		}
		return n.Fault("npm reports an error: "+reports.Shorten(why, 200), "run the audit again where the registry can be reached")
	}
	switch n.Str("type") {
	case "error":
		return n.Fault("yarn reports an error: "+reports.Shorten(n.Str("data"), 200), "run the audit again where the registry can be reached")
	case "auditAdvisory":
		p.seen = true
		return p.advisory(n.At("data", "advisory"))
	case "auditSummary":
		p.seen = true
		return nil
	case "warning", "info", "auditAction":
		return nil
	}
	if n.Has("auditReportVersion") {
		p.seen = true
		for name, v := range n.At("vulnerabilities").Members {
			if err := p.seven(name, v); err != nil {
				return err
			}
		}
		return nil
	}
	if n.Has("advisories") {
		p.seen = true
		for _, a := range n.At("advisories").Members {
			if err := p.advisory(a); err != nil {
				return err
			}
		}
	}
	return nil
}

// advisory reads one of npm 6 and of yarn, with each version that is installed.
func (p *parser) advisory(a *reports.Node) error {
	f := reports.Found{
		ID: a.Str("id"), Title: a.Str("title"), Severity: reports.Severity(a.Str("severity")), Names: append(a.Strs("cves"), a.Str("github_advisory_id"), ghsa(a.Str("url"))),
		Component: a.Str("module_name"), Solution: a.Str("recommendation"), CWEs: cwe(a.At("cwe")), Published: a.Time("created"),
	}
	f.CVSS, _ = a.Num("cvss", "score")
	if patched := a.Str("patched_versions"); patched == "<0.0.0" {
		f.NoFix = true
	} else {
		f.Fixed = patched
	}
	found := a.All("findings")
	if len(found) == 0 {
		found = []*reports.Node{a}
	}
	for _, x := range found {
		f.Version = x.Str("version")
		f.PURL = reports.PURL("npm", "", f.Component, f.Version)
		paths := x.Strs("paths")
		where := ""
		if len(paths) > 0 {
			where = paths[0]
		}
		if err := p.FindAt(p.host, f, where); err != nil {
			return err
		}
	}
	return nil
}

// seven reads a package of npm 7 and newer. What is there only because of a package
// it depends on is no flaw of its own.
func (p *parser) seven(name string, v *reports.Node) error {
	own := 0
	for _, via := range v.All("via") {
		if !via.Has("source") && !via.Has("title") {
			continue
		}
		own++
		id := via.Str("source")
		f := reports.Found{
			ID: id, Title: via.Str("title"), Severity: reports.Severity(via.Str("severity")), Names: []string{ghsa(via.Str("url"))}, Component: name, CWEs: via.Strs("cwe"),
		}
		f.CVSS, _ = via.Num("cvss", "score")
		f.PURL = reports.PURL("npm", "", name, "")
		if v.Str("fixAvailable") == "false" {
			f.NoFix = true
		}
		where := ""
		if nodes := v.Strs("nodes"); len(nodes) > 0 {
			where = nodes[0]
		}
		if err := p.FindAt(p.host, f, where); err != nil {
			return err
		}
	}
	if own == 0 {
		return p.Leave("they are vulnerable only through a package they depend on")
	}
	return nil
}

// ghsa takes the id out of the address of an advisory of GitHub.
func ghsa(url string) string {
	if id := path.Base(url); strings.HasPrefix(id, "GHSA-") {
		return id
	}
	return ""
}

// cwe reads "CWE-79", a list of such, and the text of a list.
func cwe(n *reports.Node) []string {
	s := n.Str()
	if strings.HasPrefix(s, "[") {
		var list []string
		if json.Unmarshal([]byte(s), &list) == nil {
			return list
		}
	}
	return n.Strs()
}
