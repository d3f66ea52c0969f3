// Package sshaudit reads the JSON of ssh-audit. CVEs it ties to the server's
// version and algorithms it fails or warns of are findings: a failed algorithm is
// of medium severity, a warned one low.
package sshaudit

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// Importer reads results of ssh-audit.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "ssh-audit", Title: "ssh-audit result (JSON)", Extensions: []string{".json"},
		Gives:  "weaknesses of an SSH server and the algorithms it offers",
		Stream: "import/ssh-audit",
	}
}

// Recognize looks for the kinds of algorithms of an SSH server.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	return reports.Sure(s.Has("kex", "enc", "mac", "key") && s.Any("banner", "target") || s.Has("[].kex", "[].enc", "[].mac", "[].key", "[].target"))
}

// Parse reads results.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	s := reports.NewScan(in, "ssh-audit", "ssh-audit")
	s.Narrow = true
	return s.Run(func() error {
		root, err := reports.JSON(ctx, in, reports.Entries{"[]": func(n *reports.Node) error { return server(s, n) }}, "recommendations", "fingerprints")
		if err != nil || !root.Has("kex") {
			return err
		}
		return server(s, root)
	})
}

func server(s *reports.Scan, n *reports.Node) error {
	target := n.Str("target")
	host, portText := target, "22"
	if i := strings.LastIndexByte(target, ':'); i > 0 && (strings.Count(target, ":") == 1 || strings.Contains(target, "]:")) {
		host, portText = target[:i], target[i+1:]
	}
	port, err := strconv.Atoi(portText)
	if host == "" || err != nil || port < 1 || port > 65535 {
		return s.Bad(n, "target", "a result names no server", "run ssh-audit -j again")
	}
	h := s.Machine(host)
	h.Set("ssh_enabled", true)
	s.Port(h, port, "tcp")
	end := s.Endpoint(h, port, "tcp")
	reports.State(end, "service", "ssh")
	reports.State(end, "clear_text", false)
	if p := n.Str("banner", "software"); p != "" {
		reports.State(end, "product", reports.Shorten(p, 200))
	}
	for _, c := range n.All("cves") {
		f := reports.Found{ID: c.Str("name"), Title: c.Str("description"), Port: port, Component: n.Str("banner", "software")}
		f.CVSS, _ = c.Num("cvssv2")
		if err := s.Find(h, f); err != nil {
			return err
		}
	}
	weak := []string{}
	for _, kind := range []string{"kex", "key", "enc", "mac"} {
		for _, a := range n.All(kind) {
			name, fail, warn := a.Str("algorithm"), a.Strs("notes", "fail"), a.Strs("notes", "warn")
			if len(fail)+len(warn) == 0 {
				continue
			}
			f := reports.Found{ID: kind + ":" + name, Severity: "low", Port: port}
			if len(fail) > 0 {
				f.Severity = "medium"
				weak = append(weak, name)
			}
			f.Title = "weak algorithm " + name + ": " + append(fail, warn...)[0]
			if err := s.Find(h, f); err != nil {
				return err
			}
		}
	}
	slices.Sort(weak)
	h.Set("ssh_weak_algorithms", slices.Compact(weak))
	return nil
}
