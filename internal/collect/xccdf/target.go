package xccdf

import (
	"strings"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// target is the machine a result is of.
type target struct {
	names     []string
	addresses []string
	facts     [][2]string // name and value, as the scanner gathered them
}

const (
	maxNames = 500  // names or addresses of one machine
	maxFacts = 2000 // facts about it
)

// name is what the machine is called by: its first name that is one.
func (t *target) name() string {
	for _, n := range append(t.names, append(t.values("fqdn"), t.values("host_name")...)...) {
		n = strings.TrimSuffix(strings.TrimSpace(n), ".")
		if n != "" && !strings.HasPrefix(strings.ToLower(n), "localhost") {
			return n
		}
	}
	for _, n := range append(t.names, t.addresses...) {
		if n != "" {
			return n
		}
	}
	return ""
}

func (t *target) fact(name, value string) {
	if len(t.facts) < maxFacts {
		t.facts = append(t.facts, [2]string{name, value})
	}
}

// merge adds what an ARF report says of the asset.
func (t *target) merge(o target) {
	t.names = append(t.names, o.names...)
	t.addresses = append(t.addresses, o.addresses...)
	t.facts = append(t.facts, o.facts...)
}

// values returns the facts whose name ends in one of the words. Scanners use
// urn:xccdf:fact:, urn:scap:fact: and more before them.
func (t *target) values(words ...string) []string {
	var out []string
	for _, f := range t.facts {
		name := f[0][strings.LastIndexByte(f[0], ':')+1:]
		for _, w := range words {
			if strings.EqualFold(name, w) && f[1] != "" && !strings.EqualFold(f[1], "none") {
				out = append(out, f[1])
			}
		}
	}
	return out
}

// host makes a host of the target of a result.
func (p *parser) host(hosts *reports.Hosts, res *result) *reports.Host {
	t := &res.target
	h, isNew := hosts.Get(t.name())
	at := p.in.Observed(res.end)
	if isNew || at.After(h.ObservedAt) {
		h.ObservedAt = at
	}
	for _, n := range append(t.values("fqdn"), append(t.names, t.values("host_name", "hostname")...)...) {
		h.Name(n)
	}
	for _, a := range append(t.addresses, t.values("ipv4", "ipv6")...) {
		h.Address(a)
	}
	for _, m := range t.values("mac") {
		h.MAC(m)
	}
	for _, s := range t.values("serial_number", "system_serial_number", "serial") {
		if h.Key(asset.Serial, s) {
			h.Set("serial", s)
		}
	}
	first := func(attr string, words ...string) {
		if v := t.values(words...); len(v) > 0 {
			h.Set(attr, reports.Shorten(v[0], 200))
		}
	}
	first("manufacturer", "manufacturer")
	first("model", "model")
	first("os_name", "os_name")
	first("os_version", "os_version")
	if v := strings.ToLower(strings.Join(append(t.values("os_name"), res.platforms...), " ")); v != "" {
		switch {
		case strings.Contains(v, "windows"):
			h.Set("os_family", "windows")
		case strings.Contains(v, "linux"), strings.Contains(v, "redhat"), strings.Contains(v, "ubuntu"), strings.Contains(v, "debian"), strings.Contains(v, "suse"):
			h.Set("os_family", "linux")
		case strings.Contains(v, "mac_os"), strings.Contains(v, "macos"):
			h.Set("os_family", "macos")
		}
	}
	h.Set("last_seen_at", h.ObservedAt)
	bench := p.titles[res.benchmark]
	if bench == "" {
		bench = res.benchmark
	}
	for i := range res.rules {
		// A list of missing updates is no baseline.
		if len(res.rules[i].cves) == 0 {
			h.Set("baseline", bench)
			break
		}
	}
	return h
}

// asset reads an asset of an ARF report: a computing device with its names and
// connections.
func (p *parser) asset() error {
	id := p.r.Attr("id")
	var t target
	var walk func(name string) error
	walk = func(name string) error {
		switch name {
		case "fqdn", "hostname":
			s, err := p.r.Brief(500)
			if name == "hostname" {
				name = "host_name"
			}
			t.fact(name, s)
			return err
		case "ip-v4", "ip-v6":
			s, err := p.r.Brief(500)
			if len(t.addresses) < maxNames {
				t.addresses = append(t.addresses, s)
			}
			return err
		case "mac-address":
			s, err := p.r.Brief(500)
			t.fact("mac", s)
			return err
		}
		return p.r.Children(walk)
	}
	if err := p.r.Children(walk); err != nil {
		return err
	}
	p.assets[id] = t
	return p.keep()
}
