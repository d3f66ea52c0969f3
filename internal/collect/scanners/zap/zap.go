// Package zap reads reports of ZAP: the XML, and the JSON of the same content.
//
// An alert of a site is one finding, however many pages have it. ZAP's High is
// high, for it calls nothing critical.
package zap

import (
	"bytes"
	"cmp"
	"context"
	"strconv"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/collect/xmlsafe"
)

// Importer reads ZAP reports.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "zap", Title: "ZAP report (XML, JSON)", Extensions: []string{".xml", ".json"},
		Gives:  "weaknesses of web sites that ZAP found",
		Stream: "import/zap",
	}
}

// Recognize looks for the root element, or for a site with alerts.
func (Importer) Recognize(_ string, head []byte) int {
	if _, xml := reports.Begins(head); xml {
		_, name := xmlsafe.Sniff(head)
		h := safe.Head(head)
		return reports.Sure(name == "OWASPZAPReport" || name == "report" && bytes.Contains(h, []byte("<alertitem>")) && bytes.Contains(h, []byte("<site ")))
	}
	s := reports.Sniff(head)
	return reports.Sure(s.Has("site", "@generated") || s.Has("site[].@host", "site[].alerts"))
}

// Parse reads a report.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "zap", "ZAP")
	s.Scope = "application"
	return s.Run(func() error {
		head, err := in.Head()
		if err != nil {
			return err
		}
		skip := []string{"desc", "otherinfo", "reference", "evidence", "requestheader", "requestbody", "responseheader", "responsebody", "request-header", "request-body", "response-header", "response-body"}
		site := func(n *reports.Node) error { return site(s, n) }
		var root *reports.Node
		if _, xml := reports.Begins(head); xml {
			root, err = reports.XML(ctx, in, "OWASPZAPReport|report", reports.Entries{"OWASPZAPReport/site": site, "report/site": site}, skip...)
		} else {
			root, err = reports.JSON(ctx, in, reports.Entries{"site[]": site}, skip...)
		}
		if err != nil {
			return err
		}
		s.At(root.Time("@generated"))
		s.Version = cmp.Or(root.Str("@version"), root.Str("@programVersion"))
		return nil
	})
}

func site(s *reports.Scan, n *reports.Node) error {
	host := s.Machine(cmp.Or(n.Str("@host"), n.Str("@name")))
	port, _ := strconv.Atoi(n.Str("@port"))
	if port > 0 {
		s.Port(host, port, "tcp")
	}
	for _, a := range append(n.All("alerts", "alertitem"), jsonAlerts(n)...) {
		f := reports.Found{
			ID: cmp.Or(a.Str("alertRef"), a.Str("pluginid")), Title: cmp.Or(a.Str("name"), a.Str("alert")), CWEs: []string{a.Str("cweid")},
			Solution: reports.Plain(a.Str("solution")), Port: port, KeyTail: a.Str("name"),
			Severity: map[string]string{"0": "info", "1": "low", "2": "medium", "3": "high"}[a.Str("riskcode")],
		}
		if a.Str("confidence") == "0" {
			if err := s.Leave("a person marked them as false positives"); err != nil {
				return err
			}
			continue
		}
		instances := append(a.All("instances", "instance"), a.All("instances")...)
		if u := a.Str("uri"); u != "" {
			f.Location = u
		}
		for _, i := range instances {
			if u := i.Str("uri"); u != "" && f.Location == "" {
				f.Location = u
			}
		}
		// Which of its pages comes first differs from run to run.
		where := f.Location
		f.Location = ""
		if err := s.FindAt(host, f, where); err != nil {
			return err
		}
	}
	return nil
}

// jsonAlerts are the alerts of a site in JSON, where they stand in a list.
func jsonAlerts(n *reports.Node) []*reports.Node {
	var out []*reports.Node
	for _, a := range n.All("alerts") {
		if a.Has("pluginid") {
			out = append(out, a)
		}
	}
	return out
}
