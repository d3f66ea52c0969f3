// Package trivy reads the JSON reports of Trivy: of images, folders and bills of
// materials (schema 2), the list of results that versions before 0.20 wrote, and
// reports of a Kubernetes cluster.
//
// An image is one asset, a folder or bill of materials another, and in a cluster
// each workload. Vulnerabilities are taken; misconfigurations, secrets and
// licenses are counted and left out.
package trivy

import (
	"context"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads Trivy reports.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "trivy", Title: "Trivy report (JSON)", Extensions: []string{".json"},
		Gives:  "vulnerabilities in container images, folders and clusters, with the version that mends them",
		Stream: "import/trivy",
	}
}

// Recognize looks for the names only Trivy gives its results.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	switch {
	case s.Has("SchemaVersion", "ArtifactName"), s.Has("SchemaVersion", "ArtifactType"), s.Has("SchemaVersion", "Results[].Target"):
		return 96
	case s.Has("[].Target") && s.Any("[].Type", "[].Vulnerabilities", "[].Class"):
		return 94
	}
	return reports.Sure(s.Has("ClusterName") && s.Any("Resources[].Kind", "Vulnerabilities[].Kind", "Misconfigurations[].Kind", "Findings[].Kind"))
}

// result is what is kept of one result until it is known what it is of.
type result struct {
	target string
	found  []reports.Found
}

type parser struct {
	*reports.Scan
	results []result
	held    int
}

// Parse reads a report.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	p := &parser{Scan: reports.NewScan(in, "trivy", "Trivy")}
	p.Inside = true
	return p.Run(func() error {
		workload := func(n *reports.Node) error { return p.workload(n) }
		root, err := reports.JSON(ctx, in, reports.Entries{
			"Results[]": p.result, "[]": p.result,
			"Resources[]": workload, "Vulnerabilities[]": workload, "Misconfigurations[]": workload, "Findings[]": workload,
		}, "Description", "References", "Code", "ImageConfig", "Packages", "Custom")
		if err != nil {
			return err
		}
		if root.Has("error") && len(p.results) == 0 {
			return root.Fault("Trivy reports an error: "+reports.Shorten(root.Str("error"), 200), "run the scan again")
		}
		p.At(root.Time("CreatedAt"))
		p.Version = root.Str("Trivy", "Version")
		if root.Has("ClusterName") || root.Has("Resources") {
			return nil
		}
		return p.place(root)
	})
}

// result reads one result of an image or folder.
func (p *parser) result(n *reports.Node) error {
	p.count(n)
	r := result{target: n.Str("Target")}
	for _, v := range n.All("Vulnerabilities") {
		r.found = append(r.found, finding(n, v))
	}
	p.results = append(p.results, r)
	p.held += 1 + len(r.found)
	return p.Room(p.held)
}

func (p *parser) count(n *reports.Node) {
	for key, what := range map[string]string{"Misconfigurations": "misconfiguration", "Secrets": "secret", "Licenses": "license"} {
		p.Aside(what, len(n.All(key)))
	}
}

// place puts the results on what the report is of.
func (p *parser) place(root *reports.Node) error {
	name := root.Str("ArtifactName")
	image := root.Str("ArtifactType") == "container_image"
	digest := root.Str("Metadata", "ImageID")
	if tags := root.Strs("Metadata", "RepoTags"); image && len(tags) > 0 {
		name = tags[0]
	}
	// The oldest form names the image in its results alone: "nginx:1.19 (debian 10.8)".
	for _, r := range p.results {
		if t, _, ok := strings.Cut(r.target, " ("); name == "" && ok {
			name, image = t, true
		}
	}
	h := p.App
	if image {
		h = func(name string) *reports.Host { return p.Image(name, digest) }
	}
	host := h(name)
	if os := root.At("Metadata", "OS"); os.Has("Family") {
		host.Set("os_name", strings.TrimSpace(os.Str("Family")+" "+os.Str("Name")))
		host.Set("os_version", os.Str("Name"))
	}
	for _, r := range p.results {
		for _, f := range r.found {
			if err := p.Find(host, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// workload reads one resource of a cluster.
func (p *parser) workload(n *reports.Node) error {
	name := strings.Join([]string{n.Str("Namespace"), n.Str("Kind"), n.Str("Name")}, "/")
	var host *reports.Host
	for _, r := range n.All("Results") {
		p.count(r)
		vulns := r.All("Vulnerabilities")
		if len(vulns) == 0 && r.Str("Class") != "os-pkgs" && r.Str("Class") != "lang-pkgs" {
			continue // a result of settings alone says nothing of software
		}
		if host == nil {
			host = p.App("kubernetes/" + strings.Trim(name, "/"))
			host.Set("virtual", true)
		}
		for _, v := range vulns {
			f := finding(r, v)
			f.KeyTail = r.Str("Target")
			if err := p.Find(host, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// sources are those whose score is taken first where several give one.
var sources = []string{"nvd", "ghsa", "redhat"}

func finding(r, v *reports.Node) reports.Found {
	f := reports.Found{
		ID: v.Str("VulnerabilityID"), Title: v.Str("Title"), Names: v.Strs("VendorIDs"), Severity: reports.Severity(v.Str("Severity")),
		Component: v.Str("PkgName"), Version: v.Str("InstalledVersion"), Fixed: v.Str("FixedVersion"), CWEs: v.Strs("CweIDs"),
		Published: v.Time("PublishedDate"), PURL: v.Str("PkgIdentifier", "PURL"), Location: v.Str("PkgPath"),
	}
	if f.Location == "" && r.Str("Class") != "os-pkgs" {
		f.Location = r.Str("Target")
	}
	if ref := v.Str("Ref"); f.PURL == "" && strings.HasPrefix(ref, "pkg:") {
		f.PURL = ref
	}
	if f.PURL == "" {
		ns := ""
		if r.Str("Class") == "os-pkgs" || reports.PURLType(r.Str("Type")) == "deb" || reports.PURLType(r.Str("Type")) == "apk" || reports.PURLType(r.Str("Type")) == "rpm" {
			ns = strings.ToLower(r.Str("Type"))
		}
		f.PURL = reports.PURL(r.Str("Type"), ns, f.Component, f.Version)
	}
	switch v.Str("Status") {
	case "will_not_fix", "end_of_life", "fix_deferred", "affected":
		f.NoFix = f.Fixed == ""
	}
	f.CVSS = score(v.At("CVSS"), v.Str("SeveritySource"))
	return f
}

// score takes the newest version of CVSS of the best source.
func score(cvss *reports.Node, source string) float64 {
	for _, version := range []string{"V40Score", "V3Score", "V2Score"} {
		for _, src := range append([]string{source}, sources...) {
			if f, ok := cvss.Num(src, version); ok && f > 0 {
				return f
			}
		}
		for _, c := range cvss.Members {
			if f, ok := c.Num(version); ok && f > 0 {
				return f
			}
		}
	}
	return 0
}
