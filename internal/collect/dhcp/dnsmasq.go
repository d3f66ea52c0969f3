package dhcp

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/lines"
)

// dnsmasqLine splits a lease: when it ends, the hardware address or the number of
// the association, the address, the name, the client's identifier.
func dnsmasqLine(s string) (f []string, ip netip.Addr, ok bool) {
	f = strings.Fields(s)
	if len(f) != 5 {
		return nil, ip, false
	}
	if _, valid := epoch(f[0]); !valid && f[0] != "0" {
		return nil, ip, false
	}
	ip, err := netip.ParseAddr(f[2])
	return f, ip, err == nil && (f[4] == "*" || plainID(f[4]) != "")
}

func knownDnsmasq(head []byte) int {
	sure := 0
	lines.First(head, func(b []byte) bool {
		s := strings.TrimSpace(string(b[:min(len(b), 600)]))
		if id, ok := strings.CutPrefix(s, "duid "); s == "" || ok && plainID(id) != "" {
			return true
		}
		if _, _, ok := dnsmasqLine(s); ok {
			sure = 90
		}
		return false
	})
	return sure
}

// dnsmasq reads dnsmasq.leases. It says when each lease ends, not when it began.
func (p *parser) dnsmasq(ctx context.Context) error {
	r, err := lines.Open(ctx, p.in, maxLine)
	if err != nil {
		return err
	}
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		s := strings.TrimSpace(string(b))
		if s != "" && !r.Ended() {
			return p.faults.Add(r.Line(), "", "the last line is cut off", "copy the file again")
		}
		if s == "" || strings.HasPrefix(s, "duid ") { // the server's own
			continue
		}
		if err := p.row(r.Line()); err != nil {
			return err
		}
		f, ip, ok := dnsmasqLine(s)
		if !ok {
			if err := p.faults.Add(r.Line(), "", "the line has not the five fields of a lease", "copy the file again; if it was edited, undo that"); err != nil {
				return err
			}
			continue
		}
		l := lease{ip: ip.Unmap().WithZone("")}
		if l.ends, ok = epoch(f[0]); !ok {
			l.why = "the lease never ends, and the file does not say when it began"
		}
		if ip.Is4() {
			// Another kind of network than Ethernet is put in front: 06-00:1b:….
			mac := f[1]
			if i := strings.IndexByte(mac, '-'); i >= 0 {
				mac = mac[i+1:]
			}
			l.mac = mac
		}
		if f[3] != "*" {
			l.name = text(f[3])
		}
		if f[4] != "*" {
			l.client = plainID(f[4])
		}
		if !l.ends.IsZero() {
			l.seen, l.why = p.fromEnd(l.ends)
		}
		p.take(r.Line(), l)
	}
}
