// Package nexpose reads the XML export 2.0 of Nexpose and InsightVM.
//
// A test that ended vulnerable-exploited, vulnerable-version or
// vulnerable-potential is a finding. Scans that did not finish and hosts on which
// tests ended in an error close nothing.
package nexpose

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/xmlsafe"
	"github.com/asepsis/asepsis/internal/fact"
)

// Importer reads Nexpose reports.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "nexpose", Title: "Nexpose or InsightVM export (XML 2.0)", Extensions: []string{".xml"},
		Gives:  "vulnerabilities of devices and their open services",
		Stream: "import/nexpose",
	}
}

// Recognize looks for the root element.
func (Importer) Recognize(_ string, head []byte) int {
	_, name := xmlsafe.Sniff(head)
	return reports.Sure(name == "NexposeReport")
}

// definition is what the report says of a vulnerability behind all hosts.
type definition struct {
	title     string
	severity  string
	cvss      float64
	names     []string
	published time.Time
	exploit   bool
}

type pending struct {
	host *reports.Host
	f    reports.Found
}

type parser struct {
	*reports.Scan
	known   map[string]definition
	pending []pending
}

// Parse reads a report.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	p := &parser{Scan: reports.NewScan(in, "nexpose", "Nexpose"), known: map[string]definition{}}
	return p.Run(func() error {
		root, err := reports.XML(ctx, in, "NexposeReport", reports.Entries{
			"NexposeReport/nodes/node": p.node, "NexposeReport/VulnerabilityDefinitions/vulnerability": p.define,
		}, "Paragraph", "ContainerBlockElement", "UnorderedList", "OrderedList", "description", "solution", "configuration", "software")
		if err != nil {
			return err
		}
		for _, s := range root.All("scans", "scan") {
			p.At(s.Time("@endTime"))
			p.At(s.Time("@startTime"))
			if st := s.Str("@status"); st != "finished" {
				p.Partial(nil, "the scan's state is "+st)
			}
		}
		for _, x := range p.pending {
			d := p.known[strings.ToLower(x.f.ID)]
			x.f.Title, x.f.Severity, x.f.CVSS, x.f.Names, x.f.Published = d.title, d.severity, d.cvss, d.names, d.published
			if d.exploit {
				x.f.Exploit = &d.exploit
			}
			if err := p.Find(x.host, x.f); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *parser) node(n *reports.Node) error {
	h := p.Machine(n.Str("@address"))
	h.MAC(n.Str("@hardware-address"))
	if u := n.Str("@unique-id"); u != "" {
		h.Key(asset.Machine, "nexpose:"+u)
	}
	for _, x := range n.All("names", "name") {
		h.Name(x.Str())
	}
	sure := 0.0
	for _, os := range n.All("fingerprints", "os") {
		c, _ := os.Num("@certainty")
		if c > sure {
			sure = c
			if name := strings.TrimSpace(os.Str("@product") + " " + os.Str("@version")); c >= 0.8 {
				h.Set("os_name", reports.Shorten(name, 200))
			}
		}
	}
	if sure > 0 && sure < 0.8 {
		h.Lack("os_name", "Nexpose is not sure of it")
	}
	if s := n.Str("@status"); s != "alive" && s != "" {
		p.Partial(h, "the host is "+s)
	}
	p.tests(h, n.All("tests", "test"), 0, "")
	for _, e := range n.All("endpoints", "endpoint") {
		port, err := strconv.Atoi(e.Str("@port"))
		if err != nil || port < 0 || port > 65535 {
			continue
		}
		transport := e.Str("@protocol")
		var names []string
		for _, s := range e.All("services", "service") {
			names = append(names, s.Str("@name"))
			p.tests(h, s.All("tests", "test"), port, transport)
		}
		p.tests(h, e.All("tests", "test"), port, transport)
		if e.Str("@status") == "open" {
			f := h.Fact(fact.KindEndpoint, e.Str("@port")+"/"+transport)
			reports.State(f, "port", int64(port))
			reports.State(f, "transport", transport)
			if len(names) > 0 && names[0] != "" && names[0] != "<unknown>" {
				reports.State(f, "service", reports.Service(strings.ToLower(names[0]), false))
			}
		}
	}
	return p.Room(len(p.pending))
}

func (p *parser) tests(h *reports.Host, tests []*reports.Node, port int, transport string) {
	for _, t := range tests {
		switch t.Str("@status") {
		case "vulnerable-exploited", "vulnerable-version", "vulnerable-potential":
			p.pending = append(p.pending, pending{h, reports.Found{ID: t.Str("@id"), Port: port, Transport: transport, KeyTail: t.Str("@key")}})
		case "error", "unknown", "overridden-error":
			p.Partial(h, "some tests ended in an error")
		}
	}
}

func (p *parser) define(n *reports.Node) error {
	d := definition{title: n.Str("@title"), severity: severity(n), published: n.Time("@published")}
	d.cvss, _ = n.Num("@cvssScore")
	for _, r := range n.All("references", "reference") {
		if s := r.Str("@source"); s == "CVE" || s == "REDHAT" || s == "DEBIAN" || s == "UBUNTU" || s == "MS" {
			d.names = append(d.names, r.Str())
		}
	}
	d.exploit = len(n.All("exploits", "exploit")) > 0
	p.known[strings.ToLower(n.Str("@id"))] = d
	return p.Room(len(p.known))
}

// severity maps Nexpose's 0 to 10: 8 and more it calls critical, 4 to 7 severe and
// less moderate. With a CVSS score, the score decides.
func severity(n *reports.Node) string {
	if s, ok := n.Num("@cvssScore"); ok && s > 0 {
		return reports.Banded(s, true)
	}
	switch v, ok := n.Num("@severity"); {
	case !ok:
		return ""
	case v >= 8:
		return "critical"
	case v >= 4:
		return "high"
	case v > 1:
		return "medium"
	}
	return "low"
}
