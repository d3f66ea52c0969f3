package nmap

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/collect/reports"
)

// seen is what the file says of one host.
type seen struct {
	line      int
	up        bool
	answered  bool // something came back from it
	local     bool // the scanning machine itself
	assumed   bool // taken as up by -Pn
	end       time.Time
	addresses []string
	mac       string
	vendor    string
	names     []string
	ports     []port
	os        []match
	scripts   []script
}

// port is one that is open.
type port struct {
	number    int
	transport string
	service   string
	probed    bool
	tls       bool
	offers    bool // turns to TLS when asked
	product   string
	ostype    string
	device    string
	host      string
	scripts   []script
}

// match is a guess at the operating system.
type match struct {
	name     string
	accuracy int
	classes  []class
}

type class struct{ typ, family, version string }

const (
	maxNames = 200 // addresses or names of one host
	maxPorts = 1 << 16
)

// host reads a host.
func (p *parser) host() error {
	h := seen{line: p.r.Line(), end: epoch(p.r.Attr("endtime"))}
	err := p.r.Children(func(name string) error {
		switch name {
		case "status":
			reason := p.r.Attr("reason")
			h.up = p.r.Attr("state") == "up"
			h.assumed = reason == "user-set"
			h.local = reason == "localhost-response"
			h.answered = h.up && !h.assumed
		case "address":
			if p.r.Attr("addrtype") == "mac" {
				h.mac, h.vendor, h.answered = p.r.Attr("addr"), p.r.Attr("vendor"), true
			} else if len(h.addresses) < maxNames {
				h.addresses = append(h.addresses, p.r.Attr("addr"))
			}
		case "hostnames":
			return p.r.Children(func(string) error {
				if typ := p.r.Attr("type"); (typ == "PTR" || typ == "user") && len(h.names) < maxNames {
					h.names = append(h.names, p.r.Attr("name"))
				}
				return nil
			})
		case "ports":
			return p.ports(&h)
		case "os":
			return p.system(&h)
		case "hostscript":
			return p.r.Children(func(string) error { return p.script(&h.scripts) })
		}
		return nil
	})
	if err != nil {
		return err
	}
	if p.rows++; p.rows > p.in.Limits.Items {
		return p.r.Fault(fmt.Sprintf("there are more than %d hosts", p.in.Limits.Items), "scan fewer addresses at a time")
	}
	p.take(&h)
	return nil
}

// take makes a sighting of the host, if it is one.
func (p *parser) take(h *seen) {
	switch {
	case !h.up:
		return
	case h.assumed && !h.answered:
		p.silent++
		return
	case len(h.addresses) == 0 && h.mac == "":
		p.unnamed++
		return
	}
	ref := h.mac
	if len(h.addresses) > 0 {
		ref = h.addresses[0]
		if a, err := netip.ParseAddr(ref); err == nil && a.IsLoopback() {
			p.self++
			return
		}
	}
	out, _ := p.hosts.Get(ref)
	if h.end.IsZero() {
		h.end = p.start
	}
	at := p.in.Observed(h.end)
	if at.After(p.last) {
		p.last = at
	}
	out.ObservedAt = at
	for _, a := range h.addresses {
		out.Address(a)
	}
	out.MAC(h.mac)
	out.Set("mac_vendor", reports.Shorten(h.vendor, 100))
	p.scriptsOfHost(out, h)
	for _, n := range h.names {
		out.Name(n)
	}
	out.Set("network_seen_at", at)
	out.Set("last_seen_at", at)
	h.stateSystem(out)
	p.endpoints(out, h)
	flaws(out, h.scripts, 0, "", "")
	for i := range h.ports {
		pt := &h.ports[i]
		flaws(out, pt.scripts, pt.number, pt.transport, pt.product)
	}
}

// ports reads the ports of a host and keeps those that are open.
func (p *parser) ports(h *seen) error {
	return p.r.Children(func(name string) error {
		switch name {
		case "extraports":
			if s := p.r.Attr("state"); s == "closed" || s == "unfiltered" {
				h.answered = true // a refusal is an answer
			}
		case "port":
			return p.port(h)
		}
		return nil
	})
}

func (p *parser) port(h *seen) error {
	line := p.r.Line()
	text := p.r.Attr("portid")
	n, err := strconv.Atoi(text)
	pt := port{number: n, transport: strings.ToLower(p.r.Attr("protocol"))}
	if err != nil || n < 0 || n > 65535 {
		return p.faults.Add(line, "portid", fmt.Sprintf("the port is %.20q", text), "run the scan again")
	}
	state := ""
	err = p.r.Children(func(name string) error {
		switch name {
		case "state":
			state = p.r.Attr("state")
		case "service":
			pt.service, pt.probed, pt.tls = p.r.Attr("name"), p.r.Attr("method") == "probed", p.r.Attr("tunnel") == "ssl"
			pt.product = reports.Shorten(p.r.Attr("product")+" "+p.r.Attr("version"), 200)
			pt.ostype, pt.device, pt.host = p.r.Attr("ostype"), p.r.Attr("devicetype"), p.r.Attr("hostname")
			p.versions = p.versions || pt.probed
		case "script":
			return p.script(&pt.scripts)
		}
		return nil
	})
	switch state {
	case "open":
		h.answered = true
		if p.open++; p.open > p.in.Limits.Items {
			return p.r.Fault(fmt.Sprintf("there are more than %d open ports", p.in.Limits.Items), "scan fewer addresses at a time")
		}
		if known := pt.transport == "tcp" || pt.transport == "udp" || pt.transport == "sctp"; known && len(h.ports) < maxPorts {
			h.ports = append(h.ports, pt)
		}
	case "closed", "unfiltered":
		h.answered = true
	case "open|filtered":
		p.maybe++
	}
	return err
}

func (p *parser) system(h *seen) error {
	return p.r.Children(func(name string) error {
		if name != "osmatch" {
			return nil
		}
		accuracy, err := strconv.Atoi(p.r.Attr("accuracy"))
		if err != nil {
			accuracy = 0
		}
		m := match{name: reports.Shorten(p.r.Attr("name"), 200), accuracy: accuracy}
		err = p.r.Children(func(name string) error {
			if name == "osclass" && len(m.classes) < 20 {
				m.classes = append(m.classes, class{p.r.Attr("type"), p.r.Attr("osfamily"), p.r.Attr("osgen")})
			}
			return nil
		})
		if len(h.os) < 20 {
			h.os = append(h.os, m)
		}
		return err
	})
}

// sure is the accuracy of a match that is taken as known.
const sure = 97

// types of device that nmap names and that tell a class.
var types = map[string]asset.Class{
	"router": asset.Network, "switch": asset.Network, "firewall": asset.Network, "WAP": asset.Network, "bridge": asset.Network,
	"load balancer": asset.Network, "broadband router": asset.Network, "hub": asset.Network, "proxy server": asset.Network,
	"printer": asset.Printer, "print server": asset.Printer, "phone": asset.Mobile,
	"webcam": asset.IoT, "VoIP phone": asset.IoT, "VoIP adapter": asset.IoT, "power-device": asset.IoT, "security-misc": asset.IoT, "media device": asset.IoT,
}

var families = map[string]string{"linux": "linux", "windows": "windows", "mac os x": "macos", "macos": "macos", "unix": "other", "embedded": "other", "ios": "other"}

// stateSystem states the operating system and the class where they are evident.
// A class is evident where nmap is sure and all it considers agree; the maker of
// a network card is no evidence at all.
func (h *seen) stateSystem(out *reports.Host) {
	best := match{}
	agreed := map[string]bool{}
	for _, m := range h.os {
		if m.accuracy > best.accuracy {
			best = m
		}
	}
	if best.accuracy > 0 {
		if best.accuracy < sure {
			out.Lack("os_name", fmt.Sprintf("nmap's best guess, %s, is only %d %% sure", best.name, best.accuracy))
		} else {
			out.Set("os_name", best.name)
			for _, c := range best.classes {
				agreed[c.typ] = true
				if f, ok := families[strings.ToLower(c.family)]; ok {
					out.Set("os_family", f)
				}
			}
			if strings.Contains(best.name, "Windows Server") {
				out.Set("class", string(asset.Server))
			}
		}
	}
	if len(agreed) == 1 {
		for t := range agreed {
			if c, ok := types[t]; ok {
				out.Set("class", string(c))
			}
		}
	}
	for _, pt := range h.ports {
		if !pt.probed {
			continue
		}
		if c, ok := types[pt.device]; ok {
			out.Set("class", string(c))
		}
		if f, ok := families[strings.ToLower(pt.ostype)]; ok {
			out.Set("os_family", f)
		}
	}
}
