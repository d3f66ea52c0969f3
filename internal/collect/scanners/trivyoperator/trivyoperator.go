// Package trivyoperator reads reports of the Trivy Operator as kubectl prints them:
// one, a list of them, or lists by kind. Reports of vulnerabilities are taken, each
// on its image; reports of settings, secrets and compliance are counted and left out.
package trivyoperator

import (
	"context"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads reports of the Trivy Operator.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "trivy-operator", Title: "Trivy Operator reports (JSON)", Extensions: []string{".json"},
		Gives:  "vulnerabilities in the images of a Kubernetes cluster",
		Stream: "import/trivy-operator",
	}
}

// Recognize looks for the version of its resources.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	for _, p := range []string{"", "[].", "items[]."} {
		if strings.HasPrefix(s[p+"apiVersion"], "aquasecurity.github.io/") {
			return 96
		}
	}
	return reports.Sure(s.Any("vulnerabilityreports.aquasecurity.github.io", "configauditreports.aquasecurity.github.io"))
}

// Parse reads reports.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "trivy-operator", "Trivy")
	s.Inside = true
	return s.Run(func() error {
		each := func(n *reports.Node) error { return report(s, n) }
		root, err := reports.JSON(ctx, in, reports.Entries{
			"items[]": each, "[]": each, "vulnerabilityreports.aquasecurity.github.io[]": each, "clustervulnerabilityreports.aquasecurity.github.io[]": each,
		}, "links", "messages", "description", "annotations", "ownerReferences", "managedFields")
		if err != nil {
			return err
		}
		for key, list := range root.Members {
			if strings.HasSuffix(key, ".aquasecurity.github.io") {
				s.Aside("other report", len(list.All()))
			}
		}
		if root.Has("report") {
			return report(s, root)
		}
		return nil
	})
}

func report(s *reports.Scan, n *reports.Node) error {
	if k := n.Str("kind"); k != "VulnerabilityReport" && k != "ClusterVulnerabilityReport" {
		s.Aside("other report", 1)
		return nil
	}
	r := n.At("report")
	a := r.At("artifact")
	name := strings.Trim(r.Str("registry", "server")+"/"+a.Str("repository"), "/")
	switch {
	case a.Str("tag") != "":
		name += ":" + a.Str("tag")
	case a.Str("digest") != "":
		name += "@" + a.Str("digest")
	}
	h := s.Image(name, a.Str("digest"))
	s.HostAt(h, r.Time("updateTimestamp"))
	for _, v := range r.All("vulnerabilities") {
		f := reports.Found{
			ID: v.Str("vulnerabilityID"), Title: v.Str("title"), Severity: reports.Severity(v.Str("severity")), Component: v.Str("resource"), Version: v.Str("installedVersion"),
			Fixed: v.Str("fixedVersion"), NoFix: v.Str("fixedVersion") == "", PURL: v.Str("packagePURL"), Location: v.Str("target"), Published: v.Time("publishedDate"),
		}
		if p := v.Str("packagePath"); p != "" {
			f.Location = p
		}
		f.CVSS, _ = v.Num("score")
		if err := s.Find(h, f); err != nil {
			return err
		}
	}
	return nil
}
