// Package tenable reads the CSV exports of Nessus, of Tenable's cloud and of its
// security center.
//
// Nessus writes a row for each CVE of a finding; rows of one plugin on one port
// are one finding. Rows of severity None or Info are no findings. The CSV does not
// say whether the scan signed in, so it closes nothing: who has the choice brings
// the .nessus file.
package tenable

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads Tenable's CSV exports.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "tenable-csv", Title: "Nessus or Tenable export (CSV)", Extensions: []string{".csv"},
		Gives:  "vulnerabilities of devices that Nessus scanned",
		Stream: "import/tenable-csv",
	}
}

var (
	nessusHeaders = []string{"Plugin ID", "Risk", "Host", "Port", "Name", "Synopsis", "Plugin Output"}
	centerHeaders = []string{"Plugin", "Plugin Name", "Family", "Severity", "IP Address", "Port"}
)

// Recognize looks for the columns of either export.
func (Importer) Recognize(_ string, head []byte) int {
	return reports.Sure(reports.Headers(head, nessusHeaders...) != nil || reports.Headers(head, centerHeaders...) != nil)
}

// Parse reads an export.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "tenable-csv", "Nessus")
	return s.Run(func() error {
		head, err := in.Head()
		if err != nil {
			return err
		}
		want := nessusHeaders
		if reports.Headers(head, want...) == nil {
			want = centerHeaders
		}
		return reports.CSV(ctx, in, want, nil, func(n *reports.Node) error { return row(s, n) })
	})
}

func row(s *reports.Scan, n *reports.Node) error {
	id := cmp.Or(n.Str("Plugin ID"), n.Str("Plugin"))
	ip := cmp.Or(n.Str("IP Address"), n.Str("Host"))
	if id == "" || ip == "" {
		return s.Bad(n, "Plugin ID", "a row names no plugin or no host", "")
	}
	h := s.Machine(ip, n.Str("Host"), n.Str("FQDN"), n.Str("DNS Name"), netbios(cmp.Or(n.Str("NetBios"), n.Str("NetBIOS Name"))), n.Str("MAC Address"))
	h.Set("os_name", reports.Shorten(n.Str("OS"), 200))
	s.Keep(h, "the CSV does not say of which scan it is and whether it signed in; the .nessus file does")
	s.HostAt(h, n.Time("Host End"))
	s.HostAt(h, cmp.Or(n.Time("Last Observed"), n.Time("Last Found")))
	severity := reports.Severity(cmp.Or(n.Str("Severity"), n.Str("Risk")))
	// The cloud's export counts severities, and Risk has the word.
	if severity == "" {
		severity = reports.Severity(n.Str("Risk"))
	}
	if severity == "info" {
		return s.Leave("Nessus lists them for information")
	}
	if strings.EqualFold(n.Str("Vulnerability State"), "fixed") {
		return s.Leave("Tenable says that they are fixed")
	}
	f := reports.Found{
		ID: id, Title: cmp.Or(n.Str("Name"), n.Str("Plugin Name")), Severity: severity, Names: reports.CVEs(n.Str("CVE")),
		Transport: strings.ToLower(n.Str("Protocol")), Solution: cmp.Or(n.Str("Solution"), n.Str("Steps to Remediate")), Published: n.Time("Vuln Publication Date"),
	}
	f.Port, _ = strconv.Atoi(n.Str("Port"))
	for _, k := range []string{"CVSS V4 Base Score", "CVSS3 Base Score", "CVSS V3 Base Score", "CVSSv3", "CVSS v3.0 Base Score", "CVSS", "CVSS V2 Base Score", "CVSS Base Score"} {
		if v, ok := n.Num(k); ok && v > 0 && f.CVSS == 0 {
			f.CVSS = v
		}
	}
	if e := cmp.Or(n.Str("Exploit?"), n.Str("Exploit Available")); e != "" {
		yes := strings.EqualFold(e, "yes") || strings.EqualFold(e, "true")
		f.Exploit = &yes
	}
	return s.Find(h, f)
}

// netbios takes the machine out of DOMAIN\MACHINE.
func netbios(s string) string {
	if i := strings.LastIndexByte(s, '\\'); i >= 0 {
		s = s[i+1:]
	}
	return s
}
