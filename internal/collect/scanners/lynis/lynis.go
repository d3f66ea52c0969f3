// Package lynis reads the report file that Lynis writes of the machine it runs on
// (lynis-report.dat). A warning is of medium severity, a suggestion low, and a
// package that it calls vulnerable high.
package lynis

import (
	"bytes"
	"context"
	"strings"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/safe"
)

// Importer reads Lynis reports.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "lynis", Title: "Lynis report (.dat)", Extensions: []string{".dat"},
		Gives:  "warnings and suggestions for the settings of a Linux or Unix machine",
		Stream: "import/lynis",
	}
}

// Recognize looks for the first lines.
func (Importer) Recognize(_ string, head []byte) int {
	h := safe.Head(head)
	return reports.Sure(bytes.HasPrefix(h, []byte("# Lynis Report")) || bytes.Contains(h, []byte("\nlynis_version=")) && bytes.Contains(h, []byte("report_version_major=")))
}

type parser struct {
	*reports.Scan
	host  *reports.Host
	ended bool
	known bool
}

// Parse reads a report.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	p := &parser{Scan: reports.NewScan(in, "lynis", "Lynis")}
	p.Inside = true
	return p.Run(func() error {
		p.host = p.Ref("lynis")
		if err := reports.Lines(ctx, in, p.line); err != nil {
			return err
		}
		if !p.known {
			return (&reports.Node{}).Fault("it is not a Lynis report", "bring lynis-report.dat")
		}
		if !p.ended {
			p.Partial(p.host, "the report ends before Lynis had finished")
		}
		return nil
	})
}

func (p *parser) line(line string, _ int) error {
	key, v, ok := strings.Cut(line, "=")
	if !ok || v == "" {
		return nil
	}
	h := p.host
	switch key {
	case "lynis_version":
		p.Version, p.known = v, true
	case "report_datetime_start", "report_datetime_end":
		p.HostAt(h, reports.Moment(v))
		p.ended = p.ended || key == "report_datetime_end"
	case "finish":
		p.ended = p.ended || v == "true"
	case "hostname":
		h.Name(v)
	case "domainname":
		if name, ok := h.Values["name"].(string); ok && strings.Contains(v, ".") {
			h.Name(name + "." + v)
		}
	case "hostid2":
		h.Key(asset.Machine, "lynis:"+v)
	case "network_ipv4_address[]", "network_ipv6_address[]":
		h.Address(v)
	case "network_mac_address[]":
		h.MAC(v)
	case "os_fullname":
		h.Set("os_name", reports.Shorten(v, 200))
	case "os_version":
		h.Set("os_version", reports.Shorten(v, 60))
	case "os_kernel_version_full":
		h.Set("os_build", reports.Shorten(v, 120))
	case "os":
		if f, ok := map[string]string{"Linux": "linux", "macOS": "macos"}[v]; ok {
			h.Set("os_family", f)
		}
	case "vm":
		h.Set("virtual", v == "1")
	case "warning[]", "suggestion[]":
		return p.advice(key, v)
	case "vulnerable_package[]":
		name, version, _ := strings.Cut(v, "|")
		return p.Find(h, reports.Found{ID: "PKGS", Title: "vulnerable package " + name, Severity: "high", Component: name, Version: strings.Trim(version, "|-")})
	}
	return nil
}

// advice reads "TEST-ID|text|details|solution|".
func (p *parser) advice(key, v string) error {
	parts := append(strings.Split(v, "|"), "", "", "", "")
	f := reports.Found{ID: parts[0], Title: parts[1], Severity: "low", KeyTail: parts[1] + "\x00" + parts[2]}
	if key == "warning[]" {
		f.Severity = "medium"
	}
	if parts[2] != "-" && parts[2] != "" {
		f.Location = parts[2]
	}
	if parts[3] != "-" {
		f.Solution = strings.TrimPrefix(parts[3], "text:")
	}
	return p.Find(p.host, f)
}
