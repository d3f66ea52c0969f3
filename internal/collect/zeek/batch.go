package zeek

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/pkgdb"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/fact"
)

func (p *parser) batch() *fact.Batch {
	sensor := cmp.Or(strings.TrimSpace(p.in.Options["sensor"]), p.sensor, "zeek")
	kinds := slices.Sorted(maps.Keys(p.paths))
	kind := "mixed"
	if len(kinds) == 1 && kinds[0] != "" {
		kind = kinds[0]
	}
	b := &fact.Batch{
		Stream:    fact.Stream{ID: "import/zeek/" + reports.Slug(sensor) + "/" + reports.Slug(kind), Title: fmt.Sprintf("Zeek's log %s of %s", kind, sensor)},
		Assurance: fact.Imported, ObservedAt: p.in.Observed(p.newest),
	}
	p.join()
	var out reports.Hosts
	refs := make(map[string]*reports.Host)
	ips := slices.SortedFunc(maps.Keys(p.hosts), func(a, b netip.Addr) int { return a.Compare(b) })
	for _, ip := range ips {
		h := p.hosts[ip]
		o, _ := out.Get(ip.String())
		refs[o.Ref] = o
		p.state(o, ip, h)
	}
	for _, mac := range slices.Sorted(maps.Keys(p.devices)) {
		d := p.devices[mac]
		o, _ := out.Get(mac)
		refs[o.Ref] = o
		o.ObservedAt = d.last
		o.MAC(mac)
		if d.ip.IsValid() {
			o.Address(d.ip.String())
		}
		for _, n := range d.names {
			o.Name(n)
		}
		o.Set("dhcp_vendor_class", reports.Shorten(d.class, 200))
		o.Set("network_seen_at", d.last)
		o.Set("last_seen_at", d.last)
	}
	out.Deliver(b)
	there := make(map[string]bool, len(b.Sightings))
	for _, s := range b.Sightings {
		there[s.Ref] = true
	}
	for _, ip := range ips {
		if !there[ip.String()] {
			continue
		}
		for _, s := range slices.SortedFunc(maps.Keys(p.hosts[ip].software), func(a, b soft) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.version, b.version)) }) {
			b.Components = append(b.Components, fact.Component{
				Asset: ip.String(), Ecosystem: "generic", Name: s.name, Version: s.version, PURL: pkgdb.PURL("generic", "", s.name, s.version, "", ""),
			})
		}
	}
	p.notes(b)
	return b
}

// join gives each device that asked for an address what was seen at that address,
// and each host the names that answers of DNS gave it.
func (p *parser) join() {
	latest := make(map[netip.Addr]*device)
	for _, d := range p.devices {
		if have := latest[d.ip]; d.ip.IsValid() && (have == nil || d.last.After(have.last)) {
			latest[d.ip] = d
		}
	}
	for _, mac := range slices.Sorted(maps.Keys(p.devices)) {
		d := p.devices[mac]
		if latest[d.ip] != d {
			d.ip = netip.Addr{} // another device has the address since
			continue
		}
		h := p.hosts[d.ip]
		if h == nil {
			continue
		}
		h.macs = append([]string{mac}, h.macs...)
		h.names = append(slices.Clone(d.names), h.names...)
		h.class = d.class
		if d.last.After(h.last) {
			h.last = d.last
		}
		delete(p.devices, mac)
	}
	for _, n := range slices.SortedFunc(maps.Keys(p.names), func(a, b named) int { return cmp.Or(a.ip.Compare(b.ip), cmp.Compare(a.name, b.name)) }) {
		if h := p.hosts[n.ip]; h != nil {
			h.name(n.name)
		}
	}
}

// state states what is known of a host.
func (p *parser) state(o *reports.Host, ip netip.Addr, h *host) {
	o.ObservedAt = h.last
	o.Address(ip.String())
	for _, m := range h.macs {
		o.MAC(m)
	}
	for _, n := range h.names {
		o.Name(n)
	}
	o.Set("dhcp_vendor_class", reports.Shorten(h.class, 200))
	o.Set("network_seen_at", h.last)
	o.Set("last_seen_at", h.last)
	if h.rdp {
		if h.rdpPlain {
			o.Set("rdp_nla", false)
		} else {
			o.Lack("rdp_nla", "every sign-in that was seen used it; whether the machine asks for it was not tried")
		}
	}
	if h.internet {
		o.Set("internet_facing", true)
	}
	clear := []string{}
	for _, key := range slices.SortedFunc(maps.Keys(h.services), func(a, b string) int {
		x, y := h.services[a], h.services[b]
		return cmp.Or(cmp.Compare(x.port, y.port), cmp.Compare(x.transport, y.transport))
	}) {
		s := h.services[key]
		f := o.Fact(fact.KindEndpoint, key)
		if p.endpoint(f, ip, s) {
			clear = append(clear, s.name)
		}
		o.Runs(s.name)
	}
	if len(clear) > 0 {
		slices.Sort(clear)
		o.Set("clear_text_services", slices.Compact(clear))
	}
}

const watched = "Zeek only watches: it sees what clients asked for, not all that the server would accept"

// endpoint states a service and reports whether it is in clear text.
func (p *parser) endpoint(f *fact.Fact, ip netip.Addr, s *service) bool {
	reports.State(f, "port", int64(s.port))
	reports.State(f, "transport", s.transport)
	reports.State(f, "address", ip.String())
	reports.State(f, "exposed", true)
	if s.outside {
		reports.State(f, "internet_facing", true)
	}
	if s.product != "" {
		reports.State(f, "product", reports.Shorten(s.product, 200))
	}
	if s.name == "" {
		reports.Lack(f, "service", "Zeek did not recognize what is spoken there")
	} else {
		reports.State(f, "service", reports.Service(s.name, false))
	}
	if s.tls {
		reports.State(f, "tls", true)
		p.tls(f, s)
	}
	is, why := reports.Clear(s.name, s.tls && !s.starts)
	switch {
	case s.starts:
		reports.Lack(f, "clear_text", reports.Offers)
	case is != nil:
		reports.State(f, "clear_text", *is)
		return *is
	case why != "":
		reports.Lack(f, "clear_text", why)
	case s.name == "":
		reports.Lack(f, "clear_text", "the service is not known")
	}
	return false
}

// tls states what handshakes showed. What was not seen may still be accepted, so
// nothing good is concluded from it.
func (p *parser) tls(f *fact.Fact, s *service) {
	have := reports.TLSVersions(s.versions)
	old := slices.ContainsFunc(have, func(v string) bool { return v != "1.2" && v != "1.3" })
	if old {
		reports.State(f, "tls_oldest", have[0])
	} else {
		reports.Lack(f, "tls_oldest", watched)
	}
	reports.Lack(f, "tls_versions", watched)
	if s.cipher != "" {
		reports.State(f, "tls_cipher", s.cipher)
	}
	if len(s.weak) > 0 {
		slices.Sort(s.weak)
		reports.State(f, "tls_weak_ciphers", s.weak)
	} else {
		reports.Lack(f, "tls_weak_ciphers", watched)
	}
	c := p.certs[s.chain]
	if c == nil {
		if s.subject != "" {
			c = &cert{subject: s.subject, issuer: s.issuer}
		} else {
			return
		}
	}
	reports.State(f, "cert_subject", reports.Shorten(c.subject, 300))
	if c.issuer != "" {
		reports.State(f, "cert_issuer", reports.Shorten(c.issuer, 300))
		reports.State(f, "cert_self_signed", c.issuer == c.subject)
	}
	if len(c.names) > 0 {
		reports.State(f, "cert_names", c.names)
	}
	if !c.notAfter.IsZero() {
		reports.State(f, "cert_not_after", c.notAfter)
	}
	if c.keyType != "" {
		reports.State(f, "cert_key_type", strings.ToLower(c.keyType))
	}
	if c.bits > 0 {
		reports.State(f, "cert_key_bits", c.bits)
	}
	if c.signature != "" {
		reports.State(f, "cert_signature", c.signature)
	}
	if s.valid == "ok" {
		reports.State(f, "cert_chain_valid", true)
	}
}

func (p *parser) notes(b *fact.Batch) {
	note := func(n int, what, plural, why string) {
		if n > 0 {
			b.Notes = append(b.Notes, fact.Note{What: reports.Count(n, what, plural), Why: why})
		}
	}
	note(p.lines, "line", "lines", "read, in one sighting for each local host")
	note(p.outside, "line", "lines", "between hosts of which none is in the local networks; addresses outside are never devices of the hospital")
	note(p.unheard, "connection", "connections", "nobody answered; the address that was called is not taken as a device for that")
	note(p.browsers, "user agent", "user agents", "what a client calls itself is not taken as software: scanners and attackers make it up")
	note(p.dynamic, "line", "lines", "of services at ports that change with each start; not taken as services")
	note(p.unused, "line", "lines", "of logs that say nothing about devices or services: "+p.others())
	if len(p.hosts) == 0 && len(p.devices) == 0 {
		why := "no line of it names a local host"
		if p.paths["x509"] > 0 && len(p.paths) == 1 {
			why = "certificates alone name no host; put the logs ssl and x509 into one file as JSON lines, or bring ssl alone"
		}
		b.Notes = append(b.Notes, fact.Note{What: "devices", Why: why})
	}
}

// others names the logs that were left out.
func (p *parser) others() string {
	var names []string
	for _, k := range slices.Sorted(maps.Keys(p.paths)) {
		if handlers[k] == nil {
			names = append(names, cmp.Or(reports.Shorten(k, 40), "unknown"))
		}
	}
	const most = 5
	if n := len(names); n > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), n-most)
	}
	return strings.Join(names, ", ")
}
