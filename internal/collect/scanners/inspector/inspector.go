// Package inspector reads the findings of Amazon Inspector 2, as its command line
// lists them. An instance, an image in the registry and a function are each an
// asset. Findings that are closed or suppressed are left out.
package inspector

import (
	"cmp"
	"context"
	"strings"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads Inspector's findings.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "aws-inspector2", Title: "Amazon Inspector findings (JSON)", Extensions: []string{".json"},
		Gives:  "vulnerabilities of instances, container images and functions at AWS",
		Stream: "import/aws-inspector2",
	}
}

// Recognize looks for the name of a finding at AWS.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	return reports.Sure(s.Has("findings[].findingArn", "findings[].resources") || s.Has("findings") && len(s) == 2)
}

// Parse reads findings.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "aws-inspector2", "Amazon Inspector")
	s.Inside = true
	return s.Run(func() error {
		root, err := reports.JSON(ctx, in, reports.Entries{"findings[]": func(n *reports.Node) error { return finding(s, n) }}, "description", "tags")
		if err != nil {
			return err
		}
		if !root.Has("findings") {
			return root.Fault("there are no findings in it", "list the findings again")
		}
		if root.Str("nextToken") != "" {
			s.Partial(nil, "the file holds a page of the findings, not all of them")
		}
		return nil
	})
}

func finding(s *reports.Scan, n *reports.Node) error {
	for _, r := range n.All("resources") {
		if st := n.Str("status"); st != "" && st != "ACTIVE" {
			if err := s.Leave("Inspector says that they are " + strings.ToLower(st)); err != nil {
				return err
			}
			continue
		}
		h := resource(s, r)
		s.HostAt(h, n.Time("lastObservedAt"))
		d := n.At("packageVulnerabilityDetails")
		f := reports.Found{
			ID: cmp.Or(d.Str("vulnerabilityId"), n.Str("codeVulnerabilityDetails", "detectorId"), n.Str("title")), Title: n.Str("title"), Names: d.Strs("relatedVulnerabilities"),
			Severity: reports.Severity(n.Str("severity")), CWEs: append(n.Strs("cwes"), n.Strs("codeVulnerabilityDetails", "cwes")...), Published: d.Time("vendorCreatedAt"),
			Location: n.Str("codeVulnerabilityDetails", "filePath", "filePath"), KeyTail: n.Str("networkReachabilityDetails", "networkPath"), NoFix: n.Str("fixAvailable") == "NO",
		}
		f.CVSS, _ = n.Num("inspectorScore")
		if c := d.All("cvss"); len(c) > 0 {
			f.CVSS, _ = c[0].Num("baseScore")
		}
		f.EPSS, _ = n.Num("epss", "score")
		if e := n.Str("exploitAvailable"); e != "" {
			yes := e == "YES"
			f.Exploit = &yes
		}
		if p := d.All("vulnerablePackages"); len(p) > 0 {
			f.Component, f.Version, f.Fixed, f.Location = p[0].Str("name"), p[0].Str("version"), p[0].Str("fixedInVersion"), cmp.Or(f.Location, p[0].Str("filePath"))
			if f.Fixed == "NotAvailable" {
				f.Fixed, f.NoFix = "", true
			}
			if rel := p[0].Str("release"); rel != "" && p[0].Str("packageManager") == "OS" {
				f.Version += "-" + rel
			}
			f.PURL = reports.PURL(p[0].Str("packageManager"), "", f.Component, f.Version)
		}
		if f.Location == "" {
			// Findings of code have no package; the lines tell them apart.
			f.KeyTail += n.Str("codeVulnerabilityDetails", "filePath", "startLine")
		}
		if err := s.Find(h, f); err != nil {
			return err
		}
	}
	return nil
}

func resource(s *reports.Scan, r *reports.Node) *reports.Host {
	id, d := r.Str("id"), r.At("details")
	switch r.Str("type") {
	case "AWS_EC2_INSTANCE":
		e := d.At("awsEc2Instance")
		h := s.Ref(id)
		h.Key(asset.Cloud, id)
		h.Set("virtual", true)
		for _, a := range append(e.Strs("ipV4Addresses"), e.Strs("ipV6Addresses")...) {
			h.Address(a)
		}
		for _, t := range []string{"Name", "name"} {
			h.Name(r.Str("tags", t))
		}
		h.Set("os_name", strings.ReplaceAll(e.Str("platform"), "_", " "))
		return h
	case "AWS_ECR_CONTAINER_IMAGE", "AWS_ECR_REPOSITORY":
		e := d.At("awsEcrContainerImage")
		name := e.Str("repositoryName")
		if name == "" {
			return s.App(id)
		}
		name = e.Str("registry") + ".dkr.ecr." + r.Str("region") + ".amazonaws.com/" + name
		if tags := e.Strs("imageTags"); len(tags) > 0 {
			name += ":" + tags[0]
		} else {
			name += "@" + e.Str("imageHash")
		}
		return s.Image(name, e.Str("imageHash"))
	case "AWS_LAMBDA_FUNCTION":
		return s.App("aws-lambda/" + cmp.Or(d.Str("awsLambdaFunction", "functionName"), id))
	}
	return s.App(id)
}
