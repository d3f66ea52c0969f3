// Package qualys reads reports of Qualys: the asset report (XML, CSV), the scan
// report of the older interface (XML), and the CSV of a PCI scan.
//
// Severity 5 of Qualys is critical, 4 high, 3 medium, 2 low and 1 info. What it
// only gathers (type Ig) is no vulnerability; a potential one (Practice) is taken.
package qualys

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/xmlsafe"
)

// Importer reads Qualys reports.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "qualys", Title: "Qualys report (XML, CSV)", Extensions: []string{".xml", ".csv"},
		Gives:  "vulnerabilities of devices that Qualys scanned or its agent watches",
		Stream: "import/qualys",
	}
}

var (
	assetHeaders = []string{"IP", "DNS", "QID", "Title", "Type", "Severity", "Last Detected"}
	pciHeaders   = []string{"IP", "HOSTNAME", "LAST SCAN", "QID", "VULN TITLE", "TYPE", "SEVERITY"}
)

// Recognize looks for the root elements of its reports, or their columns.
func (Importer) Recognize(_ string, head []byte) int {
	if _, xml := reports.Begins(head); xml {
		switch _, name := xmlsafe.Sniff(head); name {
		case "ASSET_DATA_REPORT":
			return 95
		case "SCAN":
			return 80
		}
		return 0
	}
	return reports.Sure(reports.Headers(head, assetHeaders...) != nil || reports.Headers(head, pciHeaders...) != nil)
}

// detail is what the glossary says of a QID.
type detail struct {
	title, severity, solution string
	names                     []string
	cvss                      float64
}

type pending struct {
	host *reports.Host
	f    reports.Found
}

type parser struct {
	*reports.Scan
	glossary map[string]detail
	pending  []pending
}

// Parse reads a report.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	p := &parser{Scan: reports.NewScan(in, "qualys", "Qualys"), glossary: map[string]detail{}}
	return p.Run(func() error {
		head, err := in.Head()
		if err != nil {
			return err
		}
		if _, xml := reports.Begins(head); !xml {
			if reports.Headers(head, pciHeaders...) != nil {
				return reports.CSV(ctx, in, pciHeaders, nil, p.pci)
			}
			return reports.CSV(ctx, in, assetHeaders, nil, p.row)
		}
		root, err := reports.XML(ctx, in, "ASSET_DATA_REPORT|SCAN", reports.Entries{
			"ASSET_DATA_REPORT/HOST_LIST/HOST": p.host, "ASSET_DATA_REPORT/GLOSSARY/VULN_DETAILS_LIST/VULN_DETAILS": p.detail, "SCAN/IP": p.ip,
		}, "RESULT", "THREAT", "IMPACT", "DIAGNOSIS", "CONSEQUENCE", "APPENDICES", "CORRELATION")
		if err != nil {
			return err
		}
		p.At(root.Time("HEADER", "GENERATION_DATETIME"))
		for _, k := range root.All("HEADER", "KEY") {
			switch k.Str("@value") {
			case "DATE":
				p.At(k.Time())
			case "STATUS":
				if s := k.Str(); s != "FINISHED" {
					p.Partial(nil, "the scan's state is "+s)
				}
			}
		}
		if e := root.Str("ERROR"); e != "" {
			return root.Fault("Qualys reports an error: "+reports.Shorten(e, 200), "ask it for the report again")
		}
		return p.settle()
	})
}

// host reads a host of the asset report, whose glossary follows all hosts.
func (p *parser) host(n *reports.Node) error {
	h := p.Machine(n.Str("IP"), n.Str("DNS"), n.Str("NETBIOS"))
	h.Set("os_name", reports.Shorten(n.Str("OPERATING_SYSTEM"), 200))
	if strings.Contains(n.Str("TRACKING_METHOD"), "AGENT") {
		h.Set("scan_credentialed", true)
	}
	for _, v := range n.All("VULN_INFO_LIST", "VULN_INFO") {
		p.HostAt(h, v.Time("LAST_FOUND"))
		switch {
		case v.Str("TYPE") == "Ig":
			if err := p.Leave("Qualys gathers them and does not call them vulnerabilities"); err != nil {
				return err
			}
			continue
		case strings.EqualFold(v.Str("VULN_STATUS"), "Fixed"):
			if err := p.Leave("Qualys says that they are fixed"); err != nil {
				return err
			}
			continue
		}
		f := reports.Found{ID: v.Str("QID"), Transport: v.Str("PROTOCOL"), KeyTail: v.Str("INSTANCE")}
		f.Port, _ = strconv.Atoi(v.Str("PORT"))
		p.pending = append(p.pending, pending{h, f})
	}
	return p.Room(len(p.pending))
}

func (p *parser) detail(n *reports.Node) error {
	d := detail{title: n.Str("TITLE"), severity: severity(n.Str("SEVERITY")), solution: n.Str("SOLUTION")}
	for _, c := range n.All("CVE_ID_LIST", "CVE_ID") {
		d.names = append(d.names, c.Str("ID"))
	}
	for _, path := range [][]string{{"CVSS3_SCORE", "CVSS3_BASE"}, {"CVSS_SCORE", "CVSS_BASE"}} {
		if v, ok := n.Num(path...); ok && v > 0 && d.cvss == 0 {
			d.cvss = v
		}
	}
	p.glossary[n.Str("QID")] = d
	return p.Room(len(p.glossary))
}

func (p *parser) settle() error {
	for _, x := range p.pending {
		d := p.glossary[x.f.ID]
		x.f.Title, x.f.Severity, x.f.Solution, x.f.Names, x.f.CVSS = d.title, d.severity, d.solution, d.names, d.cvss
		if x.f.Title == "" {
			x.f.Title = "QID " + x.f.ID
		}
		if err := p.Find(x.host, x.f); err != nil {
			return err
		}
	}
	return nil
}

// ip reads a host of the older scan report.
func (p *parser) ip(n *reports.Node) error {
	name := n.Str("@name")
	if strings.Contains(name, " ") {
		name = ""
	}
	h := p.Machine(n.Str("@value"), name, n.Str("NETBIOS_HOSTNAME"))
	h.Set("os_name", reports.Shorten(n.Str("OS"), 200))
	for _, kind := range [][2]string{{"VULNS", "VULN"}, {"PRACTICES", "PRACTICE"}, {"INFOS", "INFO"}, {"SERVICES", "SERVICE"}} {
		for _, cat := range n.All(kind[0], "CAT") {
			for _, v := range cat.All(kind[1]) {
				if kind[0] == "INFOS" || kind[0] == "SERVICES" {
					if err := p.Leave("Qualys gathers them and does not call them vulnerabilities"); err != nil {
						return err
					}
					continue
				}
				f := reports.Found{ID: v.Str("@number"), Title: v.Str("TITLE"), Severity: severity(v.Str("@severity")), Solution: v.Str("SOLUTION"), Transport: cat.Str("@protocol")}
				f.Names = strings.Split(v.Str("@cveid"), ",")
				for _, c := range v.All("CVE_ID_LIST", "CVE_ID") {
					f.Names = append(f.Names, c.Str("ID"))
				}
				for _, k := range []string{"CVSS3_BASE", "CVSS_BASE"} {
					if s, ok := v.Num(k); ok && s > 0 && f.CVSS == 0 {
						f.CVSS = s
					}
				}
				f.Port, _ = strconv.Atoi(cat.Str("@port"))
				if err := p.Find(h, f); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// row reads a row of the asset report.
func (p *parser) row(n *reports.Node) error {
	if n.Str("QID") == "" {
		// A host on which nothing was found has a row without QID.
		if n.Str("IP") != "" && strings.Contains(strings.ToLower(n.Str("IP Status")), "not") {
			p.Partial(p.Machine(n.Str("IP"), n.Str("DNS"), n.Str("NetBIOS")), n.Str("IP Status"))
		}
		return nil
	}
	h := p.Machine(n.Str("IP"), n.Str("DNS"), n.Str("NetBIOS"))
	h.Set("os_name", reports.Shorten(n.Str("OS"), 200))
	if strings.Contains(n.Str("Tracking Method"), "AGENT") {
		h.Set("scan_credentialed", true)
	}
	p.HostAt(h, n.Time("Last Detected"))
	switch {
	case n.Str("Type") == "Ig":
		return p.Leave("Qualys gathers them and does not call them vulnerabilities")
	case strings.EqualFold(n.Str("Vuln Status"), "Fixed"):
		return p.Leave("Qualys says that they are fixed")
	}
	f := reports.Found{
		ID: n.Str("QID"), Title: n.Str("Title"), Severity: severity(n.Str("Severity")), Names: split(n.Str("CVE ID")), Solution: n.Str("Solution"),
		Transport: n.Str("Protocol"), KeyTail: n.Str("Instance"),
	}
	f.Names = append(f.Names, split(n.Str("Vendor Reference"))...)
	f.Port, _ = strconv.Atoi(n.Str("Port"))
	f.CVSS = base(cmp.Or(n.Str("CVSS3 Base"), n.Str("CVSS3.1 Base"), n.Str("CVSS Base")))
	return p.Find(h, f)
}

// pci reads a row of a PCI scan, whose severity is a word and Qualys's own beside it.
func (p *parser) pci(n *reports.Node) error {
	h := p.Machine(n.Str("IP"), n.Str("HOSTNAME"))
	h.Set("os_name", reports.Shorten(n.Str("OPERATING SYSTEM"), 200))
	f := reports.Found{
		ID: n.Str("QID"), Title: n.Str("VULN TITLE"), Severity: cmp.Or(severity(n.Str("Q_SEVERITY")), reports.Severity(n.Str("SEVERITY"))),
		Names: split(n.Str("CVEID")), Solution: n.Str("SOLUTION"), Transport: n.Str("PROTOCOL"),
	}
	f.Port, _ = strconv.Atoi(n.Str("PORT"))
	f.CVSS, _ = n.Num("CVSS_BASE")
	if strings.EqualFold(n.Str("TYPE"), "IG") {
		return p.Leave("Qualys gathers them and does not call them vulnerabilities")
	}
	return p.Find(h, f)
}

func severity(level string) string {
	return map[string]string{"5": "critical", "4": "high", "3": "medium", "2": "low", "1": "info"}[level]
}

func split(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '\n' })
}

// base reads "8.1 (AV:N/…)".
func base(s string) float64 {
	s, _, _ = strings.Cut(strings.TrimSpace(s), " ")
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0
	}
	return f
}
