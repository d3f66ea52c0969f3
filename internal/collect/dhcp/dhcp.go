// Package dhcp reads what DHCP servers know of their clients: ISC's
// dhcpd.leases, Kea's lease files and lease-get-all answers, dnsmasq's leases,
// and the exports and audit logs of Windows Server.
//
// A lease is proof that a device was there when it began, and no proof that it
// is there now. So each sighting has the time at which the server last heard of
// the client; a lease that has run out makes an older sighting, never a fresh
// one. An address belongs to the client that had it last.
package dhcp

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/lines"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/fact"
)

// Importer reads leases. It knows these options: "server", a name for the server
// where there are several, so that each has a stream of its own; "lease_hours",
// how long a lease is, for files that say only when it ends.
type Importer struct{}

var _ collect.Importer = Importer{}

const (
	format  = "dhcp"
	maxLine = 64 << 10
)

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: format, Title: "DHCP leases (ISC, Kea, dnsmasq, Windows)", Extensions: []string{".leases", ".csv", ".json", ".xml", ".log", ".txt"},
		Gives:  "devices that asked for an address, with their hardware address, name and when they were last there",
		Stream: "import/dhcp/<server>",
	}
}

// dialect is one form of file.
type dialect struct {
	name  string // of the server's software, which names the stream where the person does not
	title string
	known func(head []byte) int
	read  func(*parser, context.Context) error
}

var dialects = []dialect{
	{"isc", "ISC DHCP", knownISC, (*parser).isc},
	{"kea", "Kea", knownKeaCSV, (*parser).keaCSV},
	{"kea", "Kea", knownKeaJSON, (*parser).keaJSON},
	{"windows", "Windows Server", knownWindowsXML, (*parser).windowsXML},
	{"windows", "Windows Server", knownAudit, (*parser).audit},
	{"windows", "Windows Server", knownWindowsCSV, (*parser).windowsCSV},
	{"windows", "Windows Server", knownNetsh, (*parser).netsh},
	{"dnsmasq", "dnsmasq", knownDnsmasq, (*parser).dnsmasq},
}

func detect(head []byte) (d *dialect, sure int) {
	for i := range dialects {
		if n := dialects[i].known(head); n > sure {
			d, sure = &dialects[i], n
		}
	}
	return d, sure
}

// Recognize looks at the first lines.
func (Importer) Recognize(_ string, head []byte) int {
	_, sure := detect(lines.Head(head))
	return sure
}

// Parse reads the leases of a server.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	head, err := in.Head()
	if err != nil {
		return nil, err
	}
	p := &parser{in: in, faults: safe.NewFaults(in, format), byAddress: make(map[netip.Addr]*client), clients: make(map[string]*client)}
	if err := p.read(ctx, lines.Head(head)); err != nil {
		return nil, safe.Refuse(in, format, err)
	}
	skipped, err := p.faults.Done()
	if err != nil {
		return nil, err
	}
	return &collect.Parsed{Batch: p.batch(), Rows: p.rows, Skipped: skipped}, nil
}

// lease is what a file says of one lease.
type lease struct {
	ip          netip.Addr
	mac         string
	client      string // the client's own identifier, hexadecimal digits in pairs
	name        string
	vendorClass string
	fingerprint string
	seen        time.Time // when the server last heard of the client; zero if not known
	ends        time.Time // zero: never, or not known
	over        bool      // released, expired or declined, as the file says
	why         string    // why seen is not known
}

// client is a device as all its leases show it.
type client struct {
	mac, id     string
	name        string
	vendorClass string
	fingerprint string
	seen        time.Time
	ends        time.Time
	why         string
	addresses   map[netip.Addr]bool
	line        int
}

type parser struct {
	in     collect.Input
	faults *safe.Faults
	d      *dialect
	rows   int

	clients   map[string]*client
	order     []*client
	byAddress map[netip.Addr]*client // who had an address last
	newest    time.Time
	hours     time.Duration // of a lease, as the person says

	reserved int // set aside for a device that was not seen
	idle     int // addresses that nobody has
	declined int // addresses that a client found in use
	nobody   int // leases that name no client
}

func (p *parser) read(ctx context.Context, head []byte) error {
	if _, err := safe.Bytes(ctx, p.in); err != nil {
		return err
	}
	if p.d, _ = detect(head); p.d == nil {
		return &safe.Fault{Line: 1, Reason: "this is no list of leases that is known", Mend: "bring the lease file of ISC DHCP, Kea or dnsmasq, or an export of Windows Server, unchanged"}
	}
	if s := p.in.Options["lease_hours"]; s != "" {
		n, err := strconv.ParseFloat(s, 64)
		if err != nil || n <= 0 || n > 24*366 {
			return &safe.Fault{Reason: fmt.Sprintf("lease_hours is %.20q", s), Mend: "give the length of a lease in hours, such as 192 for eight days"}
		}
		p.hours = time.Duration(n * float64(time.Hour))
	}
	if err := p.d.read(p, ctx); err != nil {
		return err
	}
	if p.rows == 0 {
		return &safe.Fault{Reason: "the file holds no leases", Mend: "export it from a server that has given out addresses; an empty list is not taken as an empty network"}
	}
	return nil
}

// row counts a lease or a reservation.
func (p *parser) row(line int) error {
	if p.rows++; p.rows > p.in.Limits.Items {
		return &safe.Fault{Line: line, Reason: fmt.Sprintf("there are more than %d leases", p.in.Limits.Items), Mend: "bring the leases of fewer scopes at a time"}
	}
	return nil
}

// take adds a lease to what is known of its client. Later lines of a file win.
func (p *parser) take(line int, l lease) {
	mac, ok := asset.NewKey(asset.MAC, l.mac)
	key := mac.Value
	if !ok {
		if l.client == "" {
			p.nobody++
			return
		}
		if m := macOf(l.client); m != "" {
			mac, ok = asset.NewKey(asset.MAC, m)
			key = mac.Value
		}
		if !ok {
			key = "client " + l.client
		}
	}
	c := p.clients[key]
	if c == nil {
		c = &client{mac: mac.Value, addresses: make(map[netip.Addr]bool), line: line}
		p.clients[key] = c
		p.order = append(p.order, c)
	}
	newer := c.seen.IsZero() || !l.seen.Before(c.seen)
	if l.client != "" && c.id == "" {
		c.id = l.client
	}
	for _, f := range [...]struct {
		to   *string
		from string
	}{{&c.name, l.name}, {&c.vendorClass, l.vendorClass}, {&c.fingerprint, l.fingerprint}} {
		if f.from != "" && (*f.to == "" || newer) {
			*f.to = f.from
		}
	}
	if l.seen.After(p.in.Now) {
		l.seen = time.Time{}
		l.why = "the server's clock was ahead: the lease begins in the future"
	}
	if !l.seen.IsZero() && newer {
		c.seen, c.why = l.seen, ""
	}
	if c.seen.IsZero() && l.why != "" {
		c.why = l.why
	}
	if l.ends.After(c.ends) {
		c.ends = l.ends
	}
	if l.seen.After(p.newest) {
		p.newest = l.seen
	}
	if l.ip.IsValid() {
		if before := p.byAddress[l.ip]; before != nil && before != c {
			delete(before.addresses, l.ip)
		}
		p.byAddress[l.ip] = c
		if l.over || !l.ends.IsZero() && l.ends.Before(p.in.Now) {
			delete(c.addresses, l.ip) // it was the client's, and may be another's soon
		} else {
			c.addresses[l.ip] = true
		}
	}
}

// fromEnd works out when a lease began from when it ends.
func (p *parser) fromEnd(ends time.Time) (seen time.Time, why string) {
	switch {
	case ends.IsZero():
		return time.Time{}, "the lease never ends, and the file does not say when it began"
	case p.hours == 0:
		return time.Time{}, "the file says only when the lease ends; say how long a lease is: --option lease_hours=192"
	}
	return ends.Add(-p.hours), ""
}

func (p *parser) batch() *fact.Batch {
	name := reports.Shorten(p.in.Options["server"], 60)
	if name == "" {
		name = p.d.name
	}
	b := &fact.Batch{
		Stream:    fact.Stream{ID: "import/dhcp/" + reports.Slug(name), Title: "DHCP leases of " + name},
		Assurance: fact.Imported, ObservedAt: p.in.Observed(p.newest),
	}
	if name == p.d.name {
		b.Stream.Title = "DHCP leases (" + p.d.title + ")"
	}
	var hosts reports.Hosts
	ended, random := 0, 0
	for _, c := range p.order {
		ref := c.mac
		if ref == "" {
			ref = "client " + c.id
		}
		h, _ := hosts.Get(ref)
		h.MAC(c.mac)
		if randomized(c.mac) {
			random++
		}
		for _, ip := range sorted(c.addresses) {
			h.Address(ip.String())
		}
		h.Name(c.name)
		h.Set("dhcp_vendor_class", reports.Shorten(c.vendorClass, 200))
		h.Set("dhcp_fingerprint", c.fingerprint)
		switch {
		case !c.seen.IsZero():
			at := p.in.Observed(c.seen)
			if !p.in.ObservedAt.IsZero() {
				at = c.seen // the file knows better than the person when each was there
			}
			h.ObservedAt = at
			h.Set("network_seen_at", at)
			h.Set("last_seen_at", at)
		default:
			// It was there before the lease ended, and that is all that is known.
			h.ObservedAt = b.ObservedAt
			if !c.ends.IsZero() && c.ends.Before(b.ObservedAt) {
				h.ObservedAt = c.ends
			}
			if c.why != "" {
				h.Lack("network_seen_at", c.why)
			}
		}
		if len(c.addresses) == 0 {
			ended++
		}
	}
	at := make(map[string]time.Time)
	for _, h := range hosts.All() {
		at[h.Ref] = h.ObservedAt
	}
	hosts.Deliver(b)
	// Of a scan, hours do not matter. Of a lease they do: it may have ended since.
	for i := range b.Sightings {
		b.Sightings[i].ObservedAt = at[b.Sightings[i].Ref]
	}
	note := func(n int, what, plural, why string) {
		if n > 0 {
			b.Notes = append(b.Notes, fact.Note{What: reports.Count(n, what, plural), Why: why})
		}
	}
	note(ended, "device", "devices", "their leases have ended or moved on; they keep no address, and count as seen when they last asked")
	note(p.reserved, "reservation", "reservations", "set aside for a device that the file does not show as seen; not taken as a device on the network")
	note(p.idle, "address", "addresses", "free, and never given out; not taken as devices")
	note(p.nobody, "lease", "leases", "name no client")
	note(p.declined, "address", "addresses", "a client found them in use by another device; that device is not known to the server")
	note(random, "hardware address", "hardware addresses", "made up by the device for privacy; a phone or laptop may show another one on another network")
	return b
}

// randomized reports a hardware address that its device made up: the bit that
// says so is the second lowest of the first byte (IEEE 802, 8.4).
func randomized(mac string) bool {
	return len(mac) > 1 && strings.IndexByte("26ae", mac[1]) >= 0
}
