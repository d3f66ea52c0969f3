// Package paloalto reads the traffic log of Palo Alto Networks firewalls: the
// comma-separated fields of PAN-OS 7.1 to 11, as syslog carries them and as the
// firewall's pages export them. Lines of other logs are counted and left out.
package paloalto

import (
	"bytes"
	"context"
	"net/netip"
	"time"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/flows"
	"github.com/asepsis/asepsis/internal/collect/lines"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/segment"
)

// Reader reads traffic logs of PAN-OS. They hold the firewall's own time without
// its zone: the option "time_zone" names it, and without it the time is UTC.
type Reader struct{}

var _ flows.Reader = Reader{}

const format = "flows/paloalto"

// The places of the fields that are read (PAN-OS, Traffic Log Fields). New
// releases add theirs behind the last.
const (
	serial   = 2
	kind     = 3
	subtype  = 4
	src      = 7
	dst      = 8
	natSrc   = 9
	natDst   = 10
	app      = 14
	vsys     = 15
	session  = 22
	sport    = 24
	dport    = 25
	natSport = 26
	natDport = 27
	proto    = 29
	action   = 30
	sent     = 32
	received = 33
	start    = 35
	elapsed  = 36
	gotPkts  = 45
	least    = 37 // fields that every release has
	most     = 300
)

// Format describes the format.
func (Reader) Format() collect.Format {
	return collect.Format{
		ID: format, Title: "Palo Alto traffic log (CSV or syslog, also .gz)", Extensions: []string{".csv", ".log", ".gz"},
		Gives: "which network zones talk to which, on what, and what the firewall blocked", Stream: "flows/paloalto/<firewall>",
	}
}

// Recognize looks at the first lines.
func (Reader) Recognize(_ string, head []byte) int {
	sure := 0
	lines.First(lines.Head(head), func(line []byte) bool {
		c, ok := cells(line, nil)
		if ok && len(c) >= least && string(c[kind]) == "TRAFFIC" {
			if _, ok := when(c[start], time.UTC); ok {
				sure = 95
			}
		}
		return sure == 0
	})
	return sure
}

// Read reads a log.
func (Reader) Read(ctx context.Context, in collect.Input, take func(*segment.Flow) error) (flows.Stats, error) {
	zone, err := flows.Zone(in)
	if err != nil {
		return flows.Stats{}, safe.Refuse(in, format, err)
	}
	var c [][]byte
	return flows.Each(ctx, in, format, true, func(b []byte, f *segment.Flow) (bool, error) {
		var ok bool
		if c, ok = cells(b, c[:0]); !ok {
			return false, &safe.Fault{Reason: "a quote is not closed", Mend: "bring the firewall's own log, unchanged"}
		}
		if len(c) <= kind || string(c[kind]) != "TRAFFIC" {
			return false, nil
		}
		if len(c) < least {
			return false, &safe.Fault{Reason: "the line has fewer fields than any release of PAN-OS writes", Mend: "send the default format, not one of your own"}
		}
		return flow(c, f, zone)
	}, take)
}

// cells splits a line at its commas; a quoted cell keeps doubled quotes as they are,
// since none that is read has one.
func cells(b []byte, out [][]byte) ([][]byte, bool) {
	for len(out) < most {
		if len(b) > 0 && b[0] == '"' {
			from := 1
			for {
				i := bytes.IndexByte(b[from:], '"')
				if i < 0 {
					return out, false
				}
				from += i + 1
				if from < len(b) && b[from] == '"' {
					from++
					continue
				}
				break
			}
			out = append(out, b[1:from-1])
			if from == len(b) {
				return out, true
			}
			if b[from] != ',' {
				return out, false
			}
			b = b[from+1:]
			continue
		}
		i := bytes.IndexByte(b, ',')
		if i < 0 {
			return append(out, b), true
		}
		out, b = append(out, b[:i]), b[i+1:]
	}
	return out, true
}

func flow(c [][]byte, f *segment.Flow, zone *time.Location) (bool, error) {
	switch string(c[proto]) {
	case "tcp":
		f.Proto = segment.TCP
	case "udp":
		f.Proto = segment.UDP
	case "icmp":
		f.Proto = segment.ICMP
	case "ipv6-icmp", "icmp6":
		f.Proto = segment.ICMPv6
	case "sctp":
		f.Proto = segment.SCTP
	default:
		n, ok := flows.Number(c[proto])
		if !ok || n > 255 {
			return false, nil // a protocol by a name that has no ports
		}
		f.Proto = segment.Proto(n)
	}
	var ok bool
	if f.From, ok = point(c[src], c[sport]); !ok {
		return false, flows.Bad("source address", c[src])
	}
	if f.To, ok = point(c[dst], c[dport]); !ok {
		return false, flows.Bad("destination address", c[dst])
	}
	ping := f.Proto == segment.ICMP || f.Proto == segment.ICMPv6
	if ping {
		kind := uint16(8)
		if f.Proto == segment.ICMPv6 {
			kind = 128
		}
		if a := string(c[app]); a != "ping" && a != "ping6" {
			return false, nil // which message it was is not written down
		}
		f.From, f.To = netip.AddrPortFrom(f.From.Addr(), 0), netip.AddrPortFrom(f.To.Addr(), kind)
	} else {
		if f.NATFrom, ok = translated(c[natSrc], c[natSport], f.From); !ok {
			return false, flows.Bad("NAT source IP", c[natSrc])
		}
		if f.NATTo, ok = translated(c[natDst], c[natDport], f.To); !ok {
			return false, flows.Bad("NAT destination IP", c[natDst])
		}
	}
	if f.Out, ok = flows.Number(c[sent]); !ok {
		return false, flows.Bad("bytes sent", c[sent])
	}
	if f.Back, ok = flows.Number(c[received]); !ok {
		return false, flows.Bad("bytes received", c[received])
	}
	if f.Duration, ok = flows.Seconds(c[elapsed]); !ok {
		return false, flows.Bad("elapsed time", c[elapsed])
	}
	if f.Start, ok = when(c[start], zone); !ok {
		return false, flows.Bad("start time", c[start])
	}
	got := uint64(0)
	if len(c) > gotPkts {
		got, _ = flows.Number(c[gotPkts])
	}
	f.Running = true
	if string(c[session]) != "0" {
		f.ID = flows.ID(c[serial], c[vsys], c[session])
	}
	f.Outcome = outcome(string(c[subtype]), string(c[action]), string(c[app]), f.Proto, f.Back > 0 || got > 0)
	return true, nil
}

// outcome tells how far a session got. The application is "incomplete" where the
// handshake was not, and known only after data has passed.
func outcome(subtype, action, app string, p segment.Proto, answered bool) segment.Outcome {
	named := app != "" && app != "incomplete" && app != "not-applicable" && app != "insufficient-data"
	switch {
	case subtype == "drop" || subtype == "deny" || action != "allow":
		return segment.Blocked
	case app == "incomplete" && p == segment.TCP && answered:
		return segment.HalfOpen
	case answered || subtype == "start" && named && p == segment.TCP:
		return segment.Answered
	case p == segment.TCP || p == segment.ICMP || p == segment.ICMPv6:
		return segment.Unanswered
	}
	return segment.OneWay
}

func point(addr, port []byte) (netip.AddrPort, bool) {
	a, ok := flows.Addr(addr)
	n, good := flows.Port(port)
	return netip.AddrPortFrom(a, n), ok && good
}

// translated reads what an end was made of; nothing where it is 0.0.0.0 or what it was.
func translated(addr, port []byte, was netip.AddrPort) (netip.AddrPort, bool) {
	if len(addr) == 0 {
		return netip.AddrPort{}, true
	}
	p, ok := point(addr, port)
	if !ok || p.Addr().IsUnspecified() || p == was {
		return netip.AddrPort{}, ok
	}
	if p.Port() == 0 {
		p = netip.AddrPortFrom(p.Addr(), was.Port())
	}
	return p, true
}

func when(b []byte, zone *time.Location) (time.Time, bool) {
	if len(b) != 19 {
		return time.Time{}, false
	}
	t, err := time.ParseInLocation("2006/01/02 15:04:05", string(b), zone)
	return t, err == nil && t.Year() >= 1970 && t.Year() < 2200
}
