// Package wazuh reads what the interface of Wazuh 4 before 4.8 answers about the
// vulnerabilities of its agents.
package wazuh

import (
	"context"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads Wazuh's vulnerabilities.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "wazuh", Title: "Wazuh vulnerabilities (JSON)", Extensions: []string{".json"},
		Gives:  "vulnerabilities in the software of machines with a Wazuh agent",
		Stream: "import/wazuh",
	}
}

// Recognize looks for affected items with a CVE.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	return reports.Sure(s.Has("data.affected_items[].cve") && s.Any("data.affected_items[].condition", "data.affected_items[].detection_time", "data.affected_items[].cvss3_score"))
}

// Parse reads an answer.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "wazuh", "Wazuh")
	s.Inside = true
	return s.Run(func() error {
		items := 0
		root, err := reports.JSON(ctx, in, reports.Entries{"data.affected_items[]": func(n *reports.Node) error {
			items++
			return item(s, n)
		}})
		if err != nil {
			return err
		}
		if e, ok := root.Num("error"); ok && e != 0 {
			if items == 0 {
				return root.Fault("Wazuh reports an error: "+reports.Shorten(root.Str("message"), 200), "ask it again")
			}
			s.Partial(nil, "Wazuh reports an error: "+root.Str("message"))
		}
		if total, ok := root.Num("data", "total_affected_items"); ok && int(total) > items {
			s.Partial(nil, "the file holds a page of the answer, not all of it")
		}
		return nil
	})
}

func item(s *reports.Scan, n *reports.Node) error {
	host := s.Machine(n.Str("agent_name"), n.Str("agent_ip"))
	s.HostAt(host, n.Time("detection_time"))
	f := reports.Found{
		ID: n.Str("cve"), Title: n.Str("title"), Severity: reports.Severity(n.Str("severity")), Component: n.Str("name"), Version: n.Str("version"),
		Published: n.Time("published"), Location: n.Str("location"), NoFix: n.Str("condition") == "Package unfixed",
	}
	for _, c := range []string{"cvss3_score", "cvss2_score"} {
		if v, ok := n.Num(c); ok && f.CVSS == 0 {
			f.CVSS = v
		}
	}
	if n.Str("status") == "OBSOLETE" || n.Str("status") == "SOLVED" {
		return s.Leave("Wazuh says that they are solved")
	}
	return s.Find(host, f)
}
