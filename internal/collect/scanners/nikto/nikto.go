// Package nikto reads reports of Nikto, XML and JSON. Nikto gives no severity, and
// none is made up.
package nikto

import (
	"cmp"
	"context"
	"strconv"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/xmlsafe"
)

// Importer reads Nikto's reports.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "nikto", Title: "Nikto report (XML, JSON)", Extensions: []string{".xml", ".json"},
		Gives:  "weaknesses of web servers that Nikto found",
		Stream: "import/nikto",
	}
}

// Recognize looks for the root element, or for what JSON says of a host.
func (Importer) Recognize(_ string, head []byte) int {
	if _, xml := reports.Begins(head); xml {
		_, name := xmlsafe.Sniff(head)
		return reports.Sure(name == "niktoscan" || name == "niktoscans")
	}
	s := reports.Sniff(head)
	for _, p := range []string{"", "[]."} {
		if s.Has(p+"host", p+"ip", p+"port", p+"vulnerabilities") && s.Any(p+"banner", p+"vulnerabilities[].method") {
			return 96
		}
	}
	return 0
}

// Parse reads a report.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "nikto", "Nikto")
	s.Scope = "application"
	return s.Run(func() error {
		head, err := in.Head()
		if err != nil {
			return err
		}
		if _, xml := reports.Begins(head); !xml {
			root, err := reports.JSON(ctx, in, reports.Entries{"[]": func(n *reports.Node) error { return host(s, n) }})
			if err != nil || !root.Has("vulnerabilities") {
				return err
			}
			return host(s, root)
		}
		at := reports.Entries{}
		for _, p := range []string{"niktoscan", "niktoscans/niktoscan", "niktoscan/niktoscan"} {
			at[p+"/scandetails"] = func(n *reports.Node) error { return details(s, n) }
		}
		_, err = reports.XML(ctx, in, "niktoscan|niktoscans", at)
		return err
	})
}

func details(s *reports.Scan, n *reports.Node) error {
	port, _ := strconv.Atoi(n.Str("@targetport"))
	h := s.Machine(cmp.Or(n.Str("@targethostname"), n.Str("@targetip")), n.Str("@targetip"))
	s.HostAt(h, cmp.Or(n.Time("@endtime"), n.Time("statistics", "@endtime"), n.Time("@starttime")))
	if port > 0 {
		s.Port(h, port, "tcp")
	}
	if e, ok := n.Num("@errors"); ok && e > 0 {
		s.Partial(h, "Nikto met errors")
	}
	for _, i := range n.All("item") {
		f := reports.Found{ID: i.Str("@id"), Title: i.Str("description"), Location: i.Str("uri"), Port: port, KeyTail: i.Str("@method") + "\x00" + i.Str("description")}
		f.Names = reports.CVEs(f.Title)
		if err := s.Find(h, f); err != nil {
			return err
		}
	}
	return nil
}

func host(s *reports.Scan, n *reports.Node) error {
	port, _ := strconv.Atoi(n.Str("port"))
	h := s.Machine(cmp.Or(n.Str("host"), n.Str("ip")), n.Str("ip"))
	if port > 0 {
		s.Port(h, port, "tcp")
	}
	for _, v := range n.All("vulnerabilities") {
		f := reports.Found{ID: v.Str("id"), Title: v.Str("msg"), Location: v.Str("url"), Port: port, KeyTail: v.Str("method") + "\x00" + v.Str("msg")}
		f.Names = reports.CVEs(f.Title)
		if err := s.Find(h, f); err != nil {
			return err
		}
	}
	return nil
}
