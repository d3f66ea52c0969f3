// Package nuclei reads the results of Nuclei: one JSON object on each line, or a
// list of them, with the names of version 2 and of version 3.
//
// Nuclei lists what it found and not what it looked at: a port of a host that is in
// the file is closed for what the file leaves out, and every other port, on which it
// may have found nothing or not looked, stays as it was.
package nuclei

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads Nuclei results.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "nuclei", Title: "Nuclei results (JSON)", Extensions: []string{".json", ".jsonl"},
		Gives:  "weaknesses of web sites and network services that Nuclei's templates found",
		Stream: "import/nuclei",
	}
}

// Recognize looks for a template with its information.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	for _, p := range []string{"", "[]."} {
		if s.Has(p+"info.severity", p+"info.name") && s.Any(p+"template-id", p+"templateID") {
			return 96
		}
	}
	return 0
}

// Parse reads results.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "nuclei", "Nuclei")
	return s.Run(func() error {
		return reports.JSONLines(ctx, in, func(n *reports.Node) error {
			for _, x := range n.All() {
				if err := item(s, x); err != nil {
					return err
				}
			}
			return nil
		}, "request", "response", "curl-command", "curl_command", "metadata")
	})
}

func item(s *reports.Scan, n *reports.Node) error {
	id := cmp.Or(n.Str("template-id"), n.Str("templateID"))
	if id == "" {
		return s.Bad(n, "template-id", "a result names no template", "export the results again")
	}
	at := cmp.Or(n.Str("matched-at"), n.Str("matched"), n.Str("url"), n.Str("host"))
	host := s.Machine(cmp.Or(n.Str("host"), at), n.Str("ip"))
	s.HostAt(host, n.Time("timestamp"))
	info := n.At("info")
	f := reports.Found{
		ID: id, Title: info.Str("name"), Severity: reports.Severity(info.Str("severity")), Names: info.Strs("classification", "cve-id"), CWEs: info.Strs("classification", "cwe-id"),
		Location: at, Solution: info.Str("remediation"),
	}
	f.KeyTail = cmp.Or(n.Str("matcher-name"), n.Str("matcher_name")) + "\x00" + n.Str("extractor-name") + "\x00" + strings.Join(n.Strs("extracted-results"), "\x00")
	f.CVSS, _ = info.Num("classification", "cvss-score")
	f.EPSS, _ = info.Num("classification", "epss-score")
	f.Names = append(f.Names, reports.CVEs(id)...)
	if port, err := strconv.Atoi(cmp.Or(n.Str("port"), portOf(at))); err == nil && port > 0 && port < 65536 {
		f.Port = port
		s.Port(host, port, "tcp")
	}
	return s.Find(host, f)
}

// portOf takes the port out of host:port or of an address of the web.
func portOf(at string) string {
	scheme := ""
	if i := strings.Index(at, "://"); i >= 0 {
		scheme, at = at[:i], at[i+3:]
	}
	at, _, _ = strings.Cut(at, "/")
	if i := strings.LastIndexByte(at, ':'); i >= 0 && strings.Count(at, ":") == 1 {
		return at[i+1:]
	}
	return map[string]string{"https": "443", "http": "80"}[scheme]
}
