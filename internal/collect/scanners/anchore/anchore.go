// Package anchore reads what Anchore Engine, Anchore Enterprise and anchorectl say
// of an image: its vulnerabilities, and the result of a policy, of which the checks
// of vulnerabilities are taken.
package anchore

import (
	"cmp"
	"context"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads Anchore's reports.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "anchore", Title: "Anchore image vulnerabilities (JSON)", Extensions: []string{".json"},
		Gives:  "vulnerabilities in container images",
		Stream: "import/anchore",
	}
}

// Recognize looks for the names each of them uses.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	if s.Has("imageDigest", "vulnerabilities") || s.Has("[].vuln", "[].packageName") || s.Has("vulnerabilities[].vuln", "vulnerabilities[].package_name") {
		return 96
	}
	for p := range s { // [].<digest>.<tag>[].detail.policy
		if strings.HasPrefix(p, "[].sha256:") && strings.Contains(p, "[].detail") {
			return 96
		}
	}
	return 0
}

// Parse reads a report.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "anchore", "Anchore")
	s.Inside = true
	return s.Run(func() error {
		held := false
		root, err := reports.JSON(ctx, in, reports.Entries{
			"vulnerabilities[]": func(n *reports.Node) error { return s.Hold(finding(n)) },
			"[]": func(n *reports.Node) error {
				if !n.Has("vuln") {
					return policy(s, n)
				}
				held = true
				return s.Hold(finding(n))
			},
		}, "bundle", "description", "vendor_data")
		if err != nil || !held && !root.Has("vulnerabilities") {
			return err
		}
		h := s.Image(root.Str("image"), root.Str("imageDigest"))
		return s.Settle(h)
	})
}

func finding(n *reports.Node) reports.Found {
	known := func(keys ...string) string {
		for _, k := range keys {
			if v := n.Str(k); v != "" && v != "None" {
				return v
			}
		}
		return ""
	}
	f := reports.Found{
		ID: n.Str("vuln"), Severity: reports.Severity(n.Str("severity")), Component: known("package_name", "packageName"), Version: known("package_version", "packageVersion"),
		Fixed: known("fix"), Location: known("package_path", "packagePath"),
	}
	f.NoFix = f.Fixed == "" && n.Has("fix")
	f.Title = f.ID + " in " + f.Component
	group := cmp.Or(n.Str("feed_group"), n.Str("feedGroup"))
	distro, _, _ := strings.Cut(group, ":")
	f.PURL = reports.PURL(cmp.Or(n.Str("package_type"), n.Str("packageType")), distro, f.Component, f.Version)
	if t := reports.PURLType(cmp.Or(n.Str("package_type"), n.Str("packageType"))); t != "deb" && t != "rpm" && t != "apk" {
		f.PURL = reports.PURL(t, "", f.Component, f.Version)
	}
	for _, key := range []string{"nvd_data", "nvdData"} {
		for _, d := range n.All(key) {
			f.Names = append(f.Names, d.Str("id"))
			for _, path := range [][]string{{"cvss_v3", "base_score"}, {"cvss_v2", "base_score"}, {"cvssV3", "baseScore"}, {"cvssV2", "baseScore"}} {
				if v, ok := d.Num(path...); ok && v > 0 && f.CVSS == 0 {
					f.CVSS = v
				}
			}
		}
	}
	return f
}

// policy reads the result of a policy: digest, tag, evaluations, and rows below
// the id of the image.
func policy(s *reports.Scan, n *reports.Node) error {
	for digest, tags := range n.Members {
		for tag, evaluations := range tags.Members {
			h := s.Image(tag, digest)
			for _, e := range evaluations.All() {
				s.HostAt(h, e.Time("last_evaluation"))
				for _, r := range e.At("detail", "result", "result").Members {
					if err := rows(s, h, r.At("result")); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

func rows(s *reports.Scan, h *reports.Host, r *reports.Node) error {
	at := map[string]int{}
	for i, name := range r.Strs("header") {
		at[name] = i
	}
	for _, row := range r.All("rows") {
		cell := func(name string) string {
			i, ok := at[name]
			if !ok {
				return ""
			}
			return row.Nth(i).Str()
		}
		if cell("Gate") != "vulnerabilities" {
			s.Aside("policy check", 1)
			continue
		}
		out := cell("Check_Output")
		word, _, _ := strings.Cut(out, " ")
		f := reports.Found{ID: cell("Trigger_Id"), Title: out, Names: reports.CVEs(out + " " + cell("Trigger_Id")), Severity: reports.Severity(word)}
		if i := strings.LastIndex(f.ID, "+"); i > 0 { // CVE-2019-1234+package
			f.ID, f.Component = f.ID[:i], f.ID[i+1:]
		}
		if err := s.Find(h, f); err != nil {
			return err
		}
	}
	return nil
}
