// Package clair reads reports on images by Clair: of clair-scanner, of Klar, and
// the report of Clair 4. Klar does not name the image: name it when you bring the
// report. Defcon1 is critical.
package clair

import (
	"cmp"
	"context"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads Clair's reports.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "clair", Title: "Clair report (JSON)", Extensions: []string{".json"},
		Gives:  "vulnerabilities in the packages of container images",
		Stream: "import/clair",
	}
}

// Recognize looks for the names of each.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	return reports.Sure(s.Has("image", "unapproved", "vulnerabilities") || s.Has("LayerCount", "Vulnerabilities") || s.Has("manifest_hash") && s.Any("package_vulnerabilities", "packages", "distributions"))
}

// Parse reads a report.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "clair", "Clair")
	s.Inside = true
	return s.Run(func() error {
		root, err := reports.JSON(ctx, in, reports.Entries{"vulnerabilities[]": func(n *reports.Node) error {
			return s.Hold(scanner(n))
		}}, "description", "Description", "links", "environments", "repository")
		if err != nil {
			return err
		}
		var h *reports.Host
		switch {
		case root.Has("manifest_hash"):
			h = s.Image("", root.Str("manifest_hash"))
			for _, f := range four(root) {
				if err := s.Hold(f); err != nil {
					return err
				}
			}
		case root.Has("LayerCount"):
			h = s.File()
			for word, list := range root.At("Vulnerabilities").Members {
				for _, n := range list.All() {
					if err := s.Hold(klar(word, n)); err != nil {
						return err
					}
				}
			}
		default:
			h = s.Image(root.Str("image"), "")
		}
		return s.Settle(h)
	})
}

func severity(word string) string {
	if strings.EqualFold(word, "Defcon1") {
		return "critical"
	}
	return reports.Severity(word)
}

func finding(id, word, component, version, fixed, namespace string) reports.Found {
	distro, _, _ := strings.Cut(namespace, ":")
	return reports.Found{
		ID: id, Title: id + " in " + component, Severity: severity(word), Component: component, Version: version, Fixed: fixed, NoFix: fixed == "", PURL: reports.PURL(distro, distro, component, version),
	}
}

func scanner(n *reports.Node) reports.Found {
	return finding(n.Str("vulnerability"), n.Str("severity"), n.Str("featurename"), n.Str("featureversion"), n.Str("fixedby"), n.Str("namespace"))
}

func klar(word string, n *reports.Node) reports.Found {
	return finding(n.Str("Name"), cmp.Or(n.Str("Severity"), word), n.Str("FeatureName"), n.Str("FeatureVersion"), n.Str("FixedBy"), n.Str("NamespaceName"))
}

// four reads a report of Clair 4, which names packages and vulnerabilities by numbers.
func four(root *reports.Node) []reports.Found {
	index := func(key string) map[string]*reports.Node {
		m := map[string]*reports.Node{}
		for id, n := range root.At(key).Members {
			m[id] = n
		}
		return m
	}
	packages, flaws := index("packages"), index("vulnerabilities")
	var out []reports.Found
	for id, list := range root.At("package_vulnerabilities").Members {
		told := map[string]bool{} // a number is a few bytes, what it stands for is hundreds
		for _, v := range list.Strs() {
			p, n := packages[id], flaws[v]
			if p == nil || n == nil || told[v] {
				continue
			}
			told[v] = true
			// The name may carry the advisory's: "CVE-2021-1 on Ubuntu 20.04 LTS".
			name, _, _ := strings.Cut(n.Str("name"), " ")
			f := finding(name, cmp.Or(n.Str("normalized_severity"), n.Str("severity")), p.Str("name"), p.Str("version"), n.Str("fixed_in_version"), n.Str("dist", "did"))
			f.Published = n.Time("issued")
			out = append(out, f)
		}
	}
	return out
}
