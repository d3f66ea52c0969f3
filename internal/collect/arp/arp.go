// Package arp reads neighbor tables: which hardware address answers for which
// network address, as Linux, Windows, macOS, BSD, Cisco and Juniper list it and
// as a walk over SNMP gives it; and the address tables of switches, which say at
// which port a hardware address was seen.
//
// An entry that a machine is still waiting for is no device, and one that
// somebody typed in was not seen. Addresses that routers share among themselves
// name no device.
package arp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/jsonsafe"
	"github.com/asepsis/asepsis/internal/collect/lines"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/fact"
)

// Importer reads neighbor tables. It knows the option "device", the name of the
// router, switch or machine whose table it is, where its prompt does not show it.
type Importer struct{}

var _ collect.Importer = Importer{}

const (
	format  = "arp"
	maxLine = 4096
)

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: format, Title: "Neighbor table (ARP, switch ports)", Extensions: []string{".txt", ".log", ".json", ".walk"},
		Gives:  "devices on the network with their hardware and network addresses, and the switch port they hang on",
		Stream: "import/arp/<device whose table it is>",
	}
}

// Recognize looks for a line of a table among the first.
func (Importer) Recognize(_ string, head []byte) int {
	h := lines.Head(head)
	if looksJSON(h) {
		return 90
	}
	var f finder
	found, n := false, 0
	lines.First(h, func(b []byte) bool {
		n++
		if len(b) > maxLine {
			return false
		}
		_, found = f.find(string(b))
		return !found && n < 200
	})
	if found {
		return 85
	}
	return 0
}

// looksJSON reports the output of ip -json neigh.
func looksJSON(h []byte) bool {
	h = bytes.TrimSpace(h)
	if len(h) == 0 || h[0] != '[' {
		return false
	}
	r := jsonsafe.New(bytes.NewReader(h), collect.DefaultLimits())
	keys := map[string]bool{}
	first := true
	// The head may end anywhere, so an error is no news.
	_ = r.Array(func() error {
		if !first {
			return nil
		}
		first = false
		return r.Object(func(key string) error { keys[key] = true; return nil })
	})
	return keys["dst"] && keys["dev"] && (keys["lladdr"] || keys["state"])
}

// Parse reads a table.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	head, err := in.Head()
	if err != nil {
		return nil, err
	}
	p := &parser{in: in, faults: safe.NewFaults(in, format), byMAC: map[string]*device{}, ports: map[string]int{}, virtual: map[string]bool{}}
	read := p.text
	if h := bytes.TrimSpace(lines.Head(head)); len(h) > 0 && h[0] == '[' {
		read = p.json
	}
	if err := read(ctx); err != nil {
		return nil, safe.Refuse(in, format, err)
	}
	skipped, err := p.faults.Done()
	if err != nil {
		return nil, err
	}
	if p.rows == 0 {
		return nil, collect.Refuse(in, format, 1, "the file holds no neighbor table that is known",
			"run one of the commands that the documentation of imports names, and bring its output unchanged")
	}
	return &collect.Parsed{Batch: p.batch(), Rows: p.rows, Skipped: skipped}, nil
}

// entry is one line of a table.
type entry struct {
	ip     netip.Addr
	name   string
	mac    string
	port   string // of a switch
	state  state
	age    time.Duration
	router bool // says that it is one
}

// state says what an entry proves.
type state uint8

const (
	seen     state = iota // the device answered
	stale                 // it answered once, and nobody asked since
	waiting               // nobody answered
	typed                 // somebody typed it in
	own                   // the device's own address
	learned               // a switch saw it at a port
	ignorant              // group addresses and the like
)

// device is all that a table says of one hardware address.
type device struct {
	mac   string
	names []string
	ips   []netip.Addr
	port  string
	ports int
	fresh bool
	age   time.Duration
	own   bool
}

type parser struct {
	in     collect.Input
	faults *safe.Faults
	rows   int

	byMAC   map[string]*device
	order   []*device
	self    string          // name of the device whose table it is, by its prompt
	ports   map[string]int  // hardware addresses at each port
	virtual map[string]bool // addresses that routers share
	waiting int
	typed   int
	routers int
	tables  [2]bool // neighbors, ports
}

func (p *parser) text(ctx context.Context) error {
	r, err := lines.Open(ctx, p.in, maxLine)
	if err != nil {
		return err
	}
	var f finder
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		s := strings.TrimRight(string(b), " \t")
		if s == "" {
			continue
		}
		e, ok := f.find(s)
		switch {
		case ok && f.machine() && !r.Ended(): // a program ends every line
			err = p.faults.Add(r.Line(), "", "the last line is cut off", "copy the file again")
		case ok:
			err = p.take(r.Line(), e)
		case dataLike(s), !r.Ended() && !strings.ContainsAny(s[len(s)-1:], "#>$%"):
			err = p.faults.Add(r.Line(), "", fmt.Sprintf("the line %.60q is cut off, or of a form that is not known", s), "run the command again and bring its output unchanged")
		case p.self == "":
			p.self = prompt(s)
		}
		if err != nil {
			return err
		}
	}
}

// json reads ip -json neigh.
func (p *parser) json(ctx context.Context) error {
	r, err := jsonsafe.Open(ctx, p.in)
	if err != nil {
		return err
	}
	err = r.Array(func() error {
		line := r.Line()
		var e entry
		var dst string
		err := r.Object(func(key string) (err error) {
			switch key {
			case "dst":
				dst, err = r.Brief(100)
			case "lladdr":
				e.mac, err = r.Brief(100)
			case "router":
				e.router, err = true, r.Skip()
			case "state":
				e.state = stale
				return r.Array(func() error {
					s, err := r.Brief(40)
					e.state = neighState(s)
					return err
				})
			}
			return err
		})
		if err != nil {
			return err
		}
		var ipErr error
		if e.ip, ipErr = netip.ParseAddr(dst); ipErr != nil {
			return p.faults.Add(line, "dst", fmt.Sprintf("%.60q is no address", dst), "run ip -json neigh again and bring its output unchanged")
		}
		return p.take(line, e)
	})
	if err != nil {
		return err
	}
	return r.End()
}

func (p *parser) take(line int, e entry) error {
	if p.rows++; p.rows > p.in.Limits.Items {
		return &safe.Fault{Line: line, Reason: fmt.Sprintf("there are more than %d entries", p.in.Limits.Items), Mend: "bring the tables of fewer devices at a time"}
	}
	if e.state == learned {
		p.tables[1] = true
	} else {
		p.tables[0] = true
	}
	switch {
	case e.state == typed:
		p.typed++
		return nil
	case e.state == waiting, e.mac == "" && e.state != ignorant:
		p.waiting++
		return nil
	case e.state == ignorant:
		return nil
	}
	k, ok := asset.NewKey(asset.MAC, widen(e.mac))
	if !ok || group(k.Value) {
		return nil
	}
	if shared(k.Value) {
		p.virtual[k.Value] = true
		return nil
	}
	d := p.byMAC[k.Value]
	if d == nil {
		d = &device{mac: k.Value, age: -1}
		p.byMAC[k.Value] = d
		p.order = append(p.order, d)
	}
	if e.router {
		p.routers++
	}
	if e.state == own {
		d.own = true
	}
	if e.ip.IsValid() {
		if ip := e.ip.Unmap().WithZone(""); !slices.Contains(d.ips, ip) && len(d.ips) <= tooMany {
			d.ips = append(d.ips, ip)
		}
	}
	if e.name != "" && !slices.Contains(d.names, e.name) && len(d.names) < 10 {
		d.names = append(d.names, e.name)
	}
	if e.port != "" && d.port != e.port {
		if d.ports++; len(p.ports) < 100_000 {
			p.ports[e.port]++
		}
		d.port = e.port
	}
	if e.state != stale {
		d.fresh = true
		if d.age < 0 || e.age < d.age {
			d.age = e.age
		}
	}
	return nil
}

const (
	// tooMany is how many addresses one card may have before it counts as a
	// router that answers for others (proxy ARP).
	tooMany = 8
	// uplink is how many devices hang on a port before it counts as a link to
	// another switch or an access point: a phone with a computer behind it are two.
	uplink = 4
)

func (p *parser) batch() *fact.Batch {
	at := p.in.Observed(time.Time{})
	name := reports.Shorten(p.in.Options["device"], 100)
	if name == "" {
		name = p.self
	}
	id := "unnamed"
	if name != "" {
		id = reports.Slug(name)
	}
	b := &fact.Batch{
		Stream:    fact.Stream{ID: "import/arp/" + id, Title: "neighbor table of " + strings.TrimSpace(name+" ")},
		Assurance: fact.Imported, ObservedAt: at,
	}
	if name == "" {
		b.Stream.Title = "neighbor tables"
	}
	var hosts reports.Hosts
	proxies, old, uplinks := 0, 0, 0
	for _, d := range p.order {
		ref := d.mac
		if d.own {
			ref = "the device itself"
		}
		h, _ := hosts.Get(ref)
		h.MAC(d.mac)
		switch {
		case d.own:
			h.Set("class", string(asset.Network))
			if name != "" {
				h.Name(name)
			}
		case len(d.ips) > tooMany:
			proxies++
			d.ips, d.names = nil, nil
		}
		for _, ip := range d.ips {
			h.Address(ip.String())
		}
		for _, n := range d.names {
			h.Name(n)
		}
		if d.port != "" {
			switch {
			case d.ports > 1 || p.ports[d.port] > uplink:
				uplinks++
			default:
				h.Set("switch_port", strings.TrimSpace(name+" "+d.port))
			}
		}
		h.ObservedAt = at
		if d.fresh {
			when := at.Add(-max(d.age, 0))
			h.ObservedAt = when
			h.Set("network_seen_at", when)
			h.Set("last_seen_at", when)
		} else {
			old++
			h.Lack("network_seen_at", "the entry is stale: the device answered at some time that the table does not say")
		}
	}
	hosts.Deliver(b)
	note := func(n int, what, plural, why string) {
		if n > 0 {
			b.Notes = append(b.Notes, fact.Note{What: reports.Count(n, what, plural), Why: why})
		}
	}
	note(p.waiting, "address", "addresses", "nobody answered for them (incomplete or failed); not taken as devices")
	note(p.typed, "entry", "entries", "typed in by hand (static, permanent); not taken as seen")
	note(old, "device", "devices", "stale: they answered once, and the table does not say when")
	note(proxies, "hardware address", "hardware addresses", fmt.Sprintf("answers for more than %d addresses, as a router does for those behind it; the addresses are not taken as its own", tooMany))
	note(len(p.virtual), "hardware address", "hardware addresses", "shared by routers that stand in for each other (VRRP, HSRP, GLBP); names no device")
	note(p.routers, "entry", "entries", "says that it is a router")
	note(uplinks, "hardware address", "hardware addresses", "seen at a port that leads to another switch or an access point; the port is not taken as the device's own")
	return b
}
