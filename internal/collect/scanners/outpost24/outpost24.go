// Package outpost24 reads the XML reports of Outpost24 (OUTSCAN, HIAB). The CVSS
// score decides the severity. A host whose scan was not complete closes nothing.
package outpost24

import (
	"bytes"
	"context"
	"strconv"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/collect/xmlsafe"
)

// Importer reads Outpost24's reports.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "outpost24", Title: "Outpost24 report (XML)", Extensions: []string{".xml"},
		Gives:  "vulnerabilities of devices that Outpost24 scanned",
		Stream: "import/outpost24",
	}
}

// Recognize looks for the root element with the lists of a report.
func (Importer) Recognize(_ string, head []byte) int {
	_, name := xmlsafe.Sniff(head)
	return reports.Sure(name == "main" && bytes.Contains(safe.Head(head), []byte("<reportinfo>")))
}

// Parse reads a report.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "outpost24", "Outpost24")
	return s.Run(func() error {
		root, err := reports.XML(ctx, in, "main", reports.Entries{
			"main/hostlist/host": func(n *reports.Node) error {
				h := machine(s, n)
				s.HostAt(h, n.Time("end"))
				if n.Str("completescan") == "false" {
					s.Partial(h, "Outpost24 says that the scan was not complete")
				}
				return nil
			},
			"main/detaillist/detail": func(n *reports.Node) error { return detail(s, n) },
		}, "description", "information", "portlist", "cvss_vector_description")
		if err != nil {
			return err
		}
		if !root.Has("reportinfo") {
			return root.Fault("it is not a report of vulnerabilities", "export the report again")
		}
		s.At(root.Time("reportinfo", "reportdate"))
		return nil
	})
}

func machine(s *reports.Scan, n *reports.Node) *reports.Host {
	h := s.Machine(n.Str("ip"), n.Str("name"))
	h.Name(n.Str("hostname"))
	h.Set("os_name", reports.Shorten(n.Str("platform"), 200))
	return h
}

func detail(s *reports.Scan, n *reports.Node) error {
	// In a detail "name" is that of the finding.
	h := s.Machine(n.Str("ip"), n.Str("hostname"))
	if n.Str("falsepositive") == "1" {
		return s.Leave("a person marked them as false positives")
	}
	f := reports.Found{ID: n.Str("id"), Title: n.Str("name"), Solution: n.Str("solution"), Transport: strings.ToLower(n.Str("portinfo", "protocol")), KeyTail: n.Str("virtualhost")}
	for _, c := range n.All("cve") {
		f.Names = append(f.Names, c.Str("id"))
	}
	for _, k := range []string{"cvss_v3_score", "cvss_score"} {
		if v, ok := n.Num(k); ok && v > 0 && f.CVSS == 0 {
			f.CVSS = v
		}
	}
	if f.CVSS == 0 && n.Has("cvss_score") {
		f.Severity = "info"
	}
	if p, err := strconv.Atoi(n.Str("portinfo", "portnumber")); err == nil && p > 0 && p < 65536 {
		f.Port = p
	}
	return s.Find(h, f)
}
