// Package pingcastle reads the XML of a health check by PingCastle. The domain is
// the asset, and each rule that costs it points a finding: 30 points and more are of
// high severity, 10 medium, fewer low, and none info.
package pingcastle

import (
	"context"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/xmlsafe"
)

// Importer reads PingCastle's health checks.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "pingcastle", Title: "PingCastle health check (XML)", Extensions: []string{".xml"},
		Gives:  "risks in the settings of an Active Directory domain",
		Stream: "import/pingcastle",
	}
}

// Recognize looks for the root element.
func (Importer) Recognize(_ string, head []byte) int {
	_, name := xmlsafe.Sniff(head)
	return reports.Sure(name == "HealthcheckData")
}

// Parse reads a health check.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "pingcastle", "PingCastle")
	s.Inside, s.Narrow = true, true
	return s.Run(func() error {
		root, err := reports.XML(ctx, in, "HealthcheckData", reports.Entries{"HealthcheckData/RiskRules/HealthcheckRiskRule": func(n *reports.Node) error {
			f := reports.Found{ID: n.Str("RiskId"), Title: n.Str("Rationale"), Names: reports.CVEs(n.Str("Rationale")), Severity: "info"}
			switch p, _ := n.Num("Points"); {
			case p >= 30:
				f.Severity = "high"
			case p >= 10:
				f.Severity = "medium"
			case p > 0:
				f.Severity = "low"
			}
			return s.Hold(f)
		}}, "UserAccountData", "ComputerAccountData", "GPOInfo", "DomainControllers", "PrivilegedGroups", "AllPrivilegedMembers", "Delegations", "DomainMap", "GPPPassword", "Trusts", "LoginScript")
		if err != nil {
			return err
		}
		domain := root.Str("DomainFQDN")
		if domain == "" {
			return root.Fault("it names no domain", "run the health check again")
		}
		s.At(root.Time("GenerationDate"))
		s.Version = root.Str("EngineVersion")
		h := s.App("active-directory/" + domain)
		return s.Settle(h)
	})
}
