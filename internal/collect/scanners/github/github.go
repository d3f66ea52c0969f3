// Package github reads alerts that GitHub's interfaces answer: vulnerabilities of
// one repository or of those that a search found (GraphQL), and lists of alerts of
// Dependabot and of code scanning (REST). Alerts that are
// fixed or dismissed are left out; a page of an answer closes nothing.
package github

import (
	"cmp"
	"context"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads GitHub's vulnerability alerts.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "github", Title: "GitHub vulnerability alerts (JSON)", Extensions: []string{".json"},
		Gives:  "vulnerabilities that Dependabot sees in repositories",
		Stream: "import/github",
	}
}

// Recognize looks for alerts below a repository.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	return reports.Sure(s.Any("data.search.nodes[].vulnerabilityAlerts", "data.repository.vulnerabilityAlerts", "data.repository.search.nodes[].vulnerabilityAlerts") ||
		s.Has("[].number", "[].html_url", "[].state") && s.Any("[].security_advisory.ghsa_id", "[].rule.security_severity_level", "[].rule.severity"))
}

// Parse reads an answer.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "github", "GitHub")
	s.Inside = true
	return s.Run(func() error {
		root, err := reports.JSON(ctx, in, reports.Entries{
			"data.search.nodes[]": func(n *reports.Node) error { return repository(s, n) },
			"data.repository":     func(n *reports.Node) error { return repository(s, n) },
			"[]":                  func(n *reports.Node) error { return rest(s, n) },
		}, "description", "references")
		if err != nil {
			return err
		}
		if errs := root.All("errors"); len(errs) > 0 {
			return root.Fault("GitHub reports an error: "+reports.Shorten(errs[0].Str("message"), 200), "ask it again")
		}
		return nil
	})
}

func repository(s *reports.Scan, n *reports.Node) error {
	var h *reports.Host
	if name := cmp.Or(n.Str("nameWithOwner"), n.Str("name")); name != "" {
		h = s.App("github.com/" + name)
	} else {
		h = s.File()
	}
	// A search inside of a repository answers with alerts that name none.
	lists := []*reports.Node{n.At("vulnerabilityAlerts")}
	for _, x := range n.All("search", "nodes") {
		lists = append(lists, x.At("vulnerabilityAlerts"))
	}
	for _, alerts := range lists {
		if err := page(s, h, alerts); err != nil {
			return err
		}
	}
	return nil
}

func page(s *reports.Scan, h *reports.Host, alerts *reports.Node) error {
	if alerts.Yes("pageInfo", "hasNextPage") || alerts.Yes("pageInfo", "hasPreviousPage") {
		s.Partial(h, "the file holds a page of its alerts, not all of them")
	}
	for _, a := range alerts.All("nodes") {
		if err := alert(s, h, a); err != nil {
			return err
		}
	}
	return nil
}

func alert(s *reports.Scan, h *reports.Host, a *reports.Node) error {
	switch {
	case a.Has("dismissedAt") || a.Str("state") == "DISMISSED" || a.Str("state") == "AUTO_DISMISSED":
		return s.Leave("a person has dismissed them")
	case a.Str("state") == "FIXED" || a.Has("fixedAt"):
		return s.Leave("GitHub says that they are fixed")
	}
	v := a.At("securityVulnerability")
	adv := v.At("advisory")
	f := reports.Found{
		Title: adv.Str("summary"), Severity: reports.Severity(v.Str("severity")), Component: v.Str("package", "name"), Fixed: v.Str("firstPatchedVersion", "identifier"),
		Location: a.Str("vulnerableManifestPath"), Published: adv.Time("publishedAt"), Version: "",
	}
	f.CVSS, _ = adv.Num("cvss", "score")
	f.EPSS, _ = adv.Num("epss", "percentage")
	for _, i := range adv.All("identifiers") {
		f.Names = append(f.Names, i.Str("value"))
		f.ID = cmp.Or(f.ID, i.Str("value"))
	}
	for _, c := range adv.All("cwes", "nodes") {
		f.CWEs = append(f.CWEs, c.Str("cweId"))
	}
	f.ID = cmp.Or(f.ID, a.Str("id"))
	f.PURL = reports.PURL(v.Str("package", "ecosystem"), "", f.Component, "")
	return s.Find(h, f)
}

// rest reads an alert of Dependabot or of code scanning.
func rest(s *reports.Scan, n *reports.Node) error {
	_, repo, _ := strings.Cut(cmp.Or(n.Str("html_url"), n.Str("url")), "github.com/")
	repo = strings.TrimPrefix(repo, "repos/") // of the interface's own address
	parts := strings.SplitN(repo, "/", 3)
	h := s.File
	if len(parts) == 3 {
		h = func() *reports.Host { return s.App("github.com/" + parts[0] + "/" + parts[1]) }
	}
	host := h()
	s.Keep(host, "the file may hold one page of the alerts")
	switch n.Str("state") {
	case "open":
	case "fixed":
		return s.Leave("GitHub says that they are fixed")
	default:
		return s.Leave("a person has dismissed them")
	}
	adv, r := n.At("security_advisory"), n.At("rule")
	f := reports.Found{
		ID: cmp.Or(adv.Str("ghsa_id"), r.Str("id")), Title: cmp.Or(adv.Str("summary"), r.Str("description")), Names: []string{adv.Str("cve_id"), adv.Str("ghsa_id")},
		Severity: reports.Severity(cmp.Or(adv.Str("severity"), r.Str("security_severity_level"), r.Str("severity"))), Component: n.Str("dependency", "package", "name"),
		Fixed: n.Str("security_vulnerability", "first_patched_version", "identifier"), Published: adv.Time("published_at"), CWEs: reports.CWEs(strings.Join(r.Strs("tags"), " ")),
		PURL: reports.PURL(n.Str("dependency", "package", "ecosystem"), "", n.Str("dependency", "package", "name"), ""), KeyTail: n.Str("number"),
	}
	f.CVSS, _ = adv.Num("cvss", "score")
	for _, c := range adv.All("cwes") {
		f.CWEs = append(f.CWEs, c.Str("cwe_id"))
	}
	return s.FindAt(host, f, cmp.Or(n.Str("dependency", "manifest_path"), n.Str("most_recent_instance", "location", "path")))
}
