// Package openvas reads reports of OpenVAS and Greenbone: the XML of a report,
// alone or inside of the answer that holds it, and the CSV.
//
// Each task is a stream of its own. A result of severity 0 is a log entry and no
// finding. A run that did not end, and hosts on which checks timed out or a sign-in
// failed, close nothing.
package openvas

import (
	"bytes"
	"cmp"
	"context"
	"strconv"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/collect/xmlsafe"
)

// Importer reads OpenVAS reports.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "openvas", Title: "OpenVAS or Greenbone report (XML, CSV)", Extensions: []string{".xml", ".csv"},
		Gives:  "vulnerabilities of devices that OpenVAS scanned, and when each was scanned",
		Stream: "import/openvas/<task>",
	}
}

var headers = []string{"IP", "Hostname", "Port", "Port Protocol", "CVSS", "Severity", "NVT Name", "NVT OID"}

// Recognize looks for a report of the Greenbone protocol, or its columns.
func (Importer) Recognize(_ string, head []byte) int {
	if _, xml := reports.Begins(head); xml {
		_, name := xmlsafe.Sniff(head)
		if name != "report" && name != "get_reports_response" {
			return 0
		}
		ok := name == "get_reports_response"
		text := safe.Head(head)
		for _, mark := range []string{"<gmp>", "<omp>", "<scan_run_status>", "<nvt oid=", "<report_format"} {
			ok = ok || bytes.Contains(text, []byte(mark))
		}
		return reports.Sure(ok)
	}
	return reports.Sure(reports.Headers(head, headers...) != nil)
}

type parser struct {
	*reports.Scan
	hosts map[string]*reports.Host // by address
	ends  map[string]string        // address → end of its scan
}

// Parse reads a report.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	p := &parser{Scan: reports.NewScan(in, "openvas", "OpenVAS"), hosts: map[string]*reports.Host{}, ends: map[string]string{}}
	return p.Run(func() error {
		head, err := in.Head()
		if err != nil {
			return err
		}
		if _, xml := reports.Begins(head); xml {
			return p.xml(ctx)
		}
		return reports.CSV(ctx, in, headers, nil, p.row)
	})
}

func (p *parser) xml(ctx context.Context) error {
	at := reports.Entries{}
	for _, path := range []string{"report", "report/report", "get_reports_response/report", "get_reports_response/report/report"} {
		at[path+"/results/result"] = p.result
		at[path+"/host"] = p.host
		at[path+"/errors/error"] = p.failed
	}
	root, err := reports.XML(ctx, p.In, "report|get_reports_response", at, "ports", "tls_certificates", "cves", "closed_cves", "apps", "os", "filters", "severity_class")
	if err != nil {
		return err
	}
	if s := root.Str("@status"); s != "" && s != "200" {
		return root.Fault("the scanner answers "+s+": "+reports.Shorten(root.Str("@status_text"), 100), "ask it for the report again")
	}
	r := root
	for r.Has("report") {
		r = r.At("report")
	}
	if !r.Has("scan_run_status") && !r.Has("results") && !r.Has("scan_start") && len(p.hosts) == 0 {
		return root.Fault("there are no results in it", "export the report of a scan")
	}
	p.Stream = cmp.Or(r.Str("task", "name"), root.Str("task", "name"))
	end := r.Time("scan_end")
	if end.IsZero() {
		end = r.Time("scan_start")
	}
	p.At(end)
	if s := r.Str("scan_run_status"); s != "" && s != "Done" {
		p.Partial(nil, "the scan's state is "+s)
	}
	return nil
}

// at returns the host with the address.
func (p *parser) at(ip, name string) *reports.Host {
	h := p.hosts[ip]
	if h == nil {
		h = p.Machine(ip)
		p.hosts[ip] = h
	}
	if name != "" {
		h.Name(name)
	}
	return h
}

// result reads one result.
func (p *parser) result(n *reports.Node) error {
	ip := n.Str("host")
	if ip == "" {
		return p.Bad(n, "host", "a result names no host", "")
	}
	host := p.at(ip, n.Str("host", "hostname"))
	nvt := n.At("nvt")
	f := reports.Found{
		ID: nvt.Str("@oid"), Title: cmp.Or(nvt.Str("name"), n.Str("name")), Severity: threat(n.Str("threat")), Solution: nvt.Str("solution"),
	}
	f.CVSS, _ = n.Num("severity")
	if f.CVSS <= 0 {
		f.CVSS, _ = nvt.Num("cvss_base")
	}
	if sev, ok := n.Num("severity"); ok && sev <= 0 || !ok && n.Str("threat") == "Log" {
		return p.Leave("OpenVAS logs them, with severity 0")
	}
	f.Names = strings.Split(nvt.Str("cve"), ",")
	for _, r := range nvt.All("refs", "ref") {
		if t := r.Str("@type"); t == "cve" || t == "dfn-cert" || t == "cert-bund" {
			f.Names = append(f.Names, r.Str("@id"))
		}
	}
	f.EPSS, _ = nvt.Num("epss", "max_severity", "score")
	f.Port, f.Transport = port(n.Str("port"))
	return p.Find(host, f)
}

// host reads what the report says of a host after its results.
func (p *parser) host(n *reports.Node) error {
	ip := n.Str("ip")
	if ip == "" {
		return nil
	}
	h := p.at(ip, "")
	switch end := n.Time("end"); {
	case !end.IsZero():
		p.HostAt(h, end)
	case n.Has("start"):
		p.Partial(h, "the scan of the host did not end")
	}
	signedIn := map[string]bool{}
	for _, d := range n.All("detail") {
		v := d.Str("value")
		switch d.Str("name") {
		case "best_os_txt":
			h.Set("os_name", reports.Shorten(v, 200))
		case "hostname":
			h.Name(v)
		case "MAC":
			h.MAC(v)
		case "Auth-SSH-Success", "Auth-SMB-Success", "Auth-ESXi-Success", "Auth-SNMP-Success":
			signedIn["yes"] = true
		case "Auth-SSH-Failure", "Auth-SMB-Failure", "Auth-ESXi-Failure", "Auth-SNMP-Failure":
			signedIn["failed"] = true
		}
	}
	switch {
	case signedIn["yes"]:
		h.Set("scan_credentialed", true)
	case signedIn["failed"]:
		h.Set("scan_credentialed", false)
		p.Partial(h, "the scan could not sign in")
	}
	return nil
}

func (p *parser) failed(n *reports.Node) error {
	if ip := n.Str("host"); ip != "" {
		p.Partial(p.at(ip, ""), "a check ended in an error: "+reports.Shorten(n.Str("description"), 100))
	}
	return nil
}

func (p *parser) row(n *reports.Node) error {
	ip := n.Str("IP")
	if ip == "" {
		return p.Bad(n, "IP", "a row names no host", "")
	}
	host := p.at(ip, n.Str("Hostname"))
	p.HostAt(host, n.Time("Timestamp"))
	if p.Stream == "" {
		p.Stream = n.Str("Task Name")
	}
	f := reports.Found{
		ID: n.Str("NVT OID"), Title: n.Str("NVT Name"), Severity: threat(n.Str("Severity")), Names: strings.Split(n.Str("CVEs"), ","), Solution: n.Str("Solution"), Transport: n.Str("Port Protocol"),
	}
	f.CVSS, _ = n.Num("CVSS")
	f.EPSS, _ = n.Num("Max Severity EPSS score")
	f.Names = append(f.Names, strings.FieldsFunc(n.Str("CERTs"), func(r rune) bool { return r == ',' })...)
	if f.CVSS <= 0 && (f.Severity == "info" || f.Severity == "") {
		return p.Leave("OpenVAS logs them, with severity 0")
	}
	f.Port, _ = strconv.Atoi(n.Str("Port"))
	return p.Find(host, f)
}

// threat maps OpenVAS's words; a false positive has none.
func threat(word string) string { return reports.Severity(word) }

// port reads "443/tcp"; "general/tcp" is none.
func port(s string) (int, string) {
	number, transport, _ := strings.Cut(s, "/")
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n > 65535 {
		return 0, ""
	}
	return n, transport
}
