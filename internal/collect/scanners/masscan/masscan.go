// Package masscan reads the JSON of masscan: addresses with their open ports. It
// does not say which ports it tried, so it only adds: a port that is closed today
// stays as old as its last sighting.
package masscan

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/fact"
)

// Importer reads results of masscan.
type Importer struct{}

var _ collect.Importer = Importer{}

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: "masscan", Title: "masscan result (JSON)", Extensions: []string{".json"},
		Gives:  "devices that answer and their open ports",
		Stream: "import/masscan",
	}
}

// Recognize looks for an address with ports.
func (Importer) Recognize(_ string, head []byte) int {
	s := reports.Sniff(head)
	return reports.Sure(s.Has("[].ip", "[].ports[].port", "[].ports[].proto"))
}

type parser struct {
	in     collect.Input
	faults *safe.Faults
	hosts  reports.Hosts
	rows   int
	last   time.Time
}

// Parse reads results.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	p := &parser{in: in, faults: safe.NewFaults(in, "masscan")}
	if _, err := reports.JSON(ctx, in, reports.Entries{"[]": p.record}); err != nil {
		return nil, safe.Refuse(in, "masscan", err)
	}
	skipped, err := p.faults.Done()
	if err != nil {
		return nil, err
	}
	b := &fact.Batch{Stream: fact.Stream{ID: "import/masscan", Title: "masscan"}, Assurance: fact.Imported, ObservedAt: in.Observed(p.last)}
	for _, h := range p.hosts.All() {
		h.Set("network_seen_at", in.Observed(h.ObservedAt))
		h.Set("last_seen_at", in.Observed(h.ObservedAt))
	}
	p.hosts.Deliver(b)
	if n := len(b.Sightings); n > 0 && !p.last.IsZero() {
		b.Facts = append(b.Facts, fact.Fact{
			Kind: fact.KindActivity, Key: "masscan/" + b.ObservedAt.Format(time.DateOnly),
			Values: fact.Values{"type": "network_discovery", "title": "masscan", "performed_at": b.ObservedAt, "performer": "masscan", "assets": int64(n)},
		})
	}
	return &collect.Parsed{Batch: b, Rows: p.rows, Skipped: skipped}, nil
}

func (p *parser) record(n *reports.Node) error {
	if p.rows++; p.rows > p.in.Limits.Items {
		return n.Fault(fmt.Sprintf("there are more than %d entries", p.in.Limits.Items), "scan fewer addresses at a time")
	}
	ip := n.Str("ip")
	h, isNew := p.hosts.Get(reports.Shorten(ip, 100))
	if isNew && !h.Address(ip) {
		return p.faults.Add(n.Line(), "ip", fmt.Sprintf("%.40q is no address of a host", ip), "run the scan again")
	}
	if at := n.Time("timestamp"); !at.IsZero() {
		at = p.in.Observed(at)
		if at.After(h.ObservedAt) {
			h.ObservedAt = at
		}
		if at.After(p.last) {
			p.last = at
		}
	}
	for _, x := range n.All("ports") {
		port, err := strconv.Atoi(x.Str("port"))
		if st := x.Str("status"); err != nil || port < 1 || port > 65535 || st != "" && st != "open" {
			continue
		}
		f := h.Fact(fact.KindEndpoint, fmt.Sprintf("%d/%s", port, reports.Shorten(x.Str("proto"), 10)))
		f.ObservedAt = h.ObservedAt
		reports.State(f, "port", int64(port))
		reports.State(f, "transport", reports.Shorten(x.Str("proto"), 10))
		reports.State(f, "address", ip)
		reports.State(f, "exposed", true)
		if p.in.Options["scope"] == reports.External {
			reports.State(f, "internet_facing", true)
		}
		reports.Lack(f, "service", "masscan does not ask the service what it is")
		if s := x.Str("service", "name"); s != "" && s != "unknown" {
			reports.State(f, "service", reports.Service(s, false))
		}
	}
	return nil
}
