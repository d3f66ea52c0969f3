// Package fortinet reads the traffic log of FortiGate firewalls as they send it by
// syslog and save it to disk: key=value, FortiOS 5.4 to 7.6. Lines of other logs
// are counted and left out.
package fortinet

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

// Reader reads traffic logs of FortiGate. It knows the option "time_zone", of
// firewalls so old that they write neither an absolute time nor their zone.
type Reader struct{}

var _ flows.Reader = Reader{}

const format = "flows/fortinet"

// Format describes the format.
func (Reader) Format() collect.Format {
	return collect.Format{
		ID: format, Title: "FortiGate traffic log (key=value, also .gz)", Extensions: []string{".log", ".txt", ".gz"},
		Gives: "which network zones talk to which, on what, and what the firewall blocked", Stream: "flows/fortinet/<firewall>",
	}
}

// Recognize looks at the first lines.
func (Reader) Recognize(_ string, head []byte) int {
	sure := 0
	lines.First(lines.Head(head), func(line []byte) bool {
		var r record
		if r.parse(line) && r.logID != nil && r.kind != nil {
			sure = 80
			if string(r.kind) == "traffic" {
				sure = 95
			}
		}
		return sure < 95
	})
	return sure
}

// Read reads a log.
func (Reader) Read(ctx context.Context, in collect.Input, take func(*segment.Flow) error) (flows.Stats, error) {
	zone, err := flows.Zone(in)
	if err != nil {
		return flows.Stats{}, safe.Refuse(in, format, err)
	}
	return flows.Each(ctx, in, format, true, func(b []byte, f *segment.Flow) (bool, error) {
		var r record
		if !r.parse(b) {
			return false, &safe.Fault{Reason: "the line is not made of key=value", Mend: "bring the firewall's own log, unchanged"}
		}
		if string(r.kind) != "traffic" {
			return false, nil
		}
		return r.flow(f, zone)
	}, take)
}

// record holds the values that are read.
type record struct {
	kind, logID, device, vdom, date, clock, event, zone, action, session, service     []byte
	src, srcPort, dst, dstPort, natSrc, natSrcPort, natDst, natDstPort, proto, length []byte
	sent, received, receivedPackets                                                   []byte
}

func (r *record) value(key []byte) *[]byte {
	switch string(key) {
	case "type":
		return &r.kind
	case "logid", "log_id":
		return &r.logID
	case "devid":
		return &r.device
	case "vd":
		return &r.vdom
	case "date":
		return &r.date
	case "time":
		return &r.clock
	case "eventtime":
		return &r.event
	case "tz":
		return &r.zone
	case "action":
		return &r.action
	case "sessionid":
		return &r.session
	case "service":
		return &r.service
	case "srcip":
		return &r.src
	case "srcport":
		return &r.srcPort
	case "dstip":
		return &r.dst
	case "dstport":
		return &r.dstPort
	case "transip":
		return &r.natSrc
	case "transport":
		return &r.natSrcPort
	case "tranip":
		return &r.natDst
	case "tranport":
		return &r.natDstPort
	case "proto":
		return &r.proto
	case "duration":
		return &r.length
	case "sentbyte":
		return &r.sent
	case "rcvdbyte":
		return &r.received
	case "rcvdpkt":
		return &r.receivedPackets
	}
	return nil
}

// parse splits a line. What stands before the first key is syslog's.
func (r *record) parse(b []byte) bool {
	pairs := 0
	for {
		eq := bytes.IndexByte(b, '=')
		if eq < 0 {
			return pairs > 0 && len(bytes.TrimSpace(b)) == 0
		}
		key := b[:eq]
		if sp := bytes.LastIndexAny(key, " >"); sp >= 0 {
			if pairs > 0 && len(bytes.TrimSpace(key[:sp])) > 0 {
				return false
			}
			key = key[sp+1:]
		}
		b = b[eq+1:]
		var value []byte
		if len(b) > 0 && b[0] == '"' {
			end := bytes.IndexByte(b[1:], '"')
			for end >= 0 && b[end] == '\\' { // b[end] stands before the quote at b[end+1]
				more := bytes.IndexByte(b[end+2:], '"')
				if more < 0 {
					return false
				}
				end += more + 1
			}
			if end < 0 {
				return false
			}
			value, b = b[1:end+1], b[end+2:]
		} else {
			end := bytes.IndexByte(b, ' ')
			if end < 0 {
				end = len(b)
			}
			value, b = b[:end], b[end:]
		}
		pairs++
		if at := r.value(key); at != nil && *at == nil {
			*at = value
		}
	}
}

func (r *record) flow(f *segment.Flow, zone *time.Location) (bool, error) {
	p, ok := flows.Number(r.proto)
	if !ok || p > 255 {
		return false, flows.Bad("proto", r.proto)
	}
	f.Proto = segment.Proto(p)
	if f.From, ok = point(r.src, r.srcPort); !ok {
		return false, flows.Bad("srcip", r.src)
	}
	if f.To, ok = point(r.dst, r.dstPort); !ok {
		return false, flows.Bad("dstip", r.dst)
	}
	if f.Proto == segment.ICMP || f.Proto == segment.ICMPv6 {
		kind, ok := r.icmp(f.Proto)
		if !ok {
			return false, nil
		}
		f.From, f.To = netip.AddrPortFrom(f.From.Addr(), 0), netip.AddrPortFrom(f.To.Addr(), kind)
	} else {
		if f.NATFrom, ok = translated(r.natSrc, r.natSrcPort, f.From.Port()); !ok {
			return false, flows.Bad("transip", r.natSrc)
		}
		if f.NATTo, ok = translated(r.natDst, r.natDstPort, f.To.Port()); !ok {
			return false, flows.Bad("tranip", r.natDst)
		}
	}
	var packets uint64
	for _, n := range []struct {
		name string
		from []byte
		to   *uint64
	}{{"sentbyte", r.sent, &f.Out}, {"rcvdbyte", r.received, &f.Back}, {"rcvdpkt", r.receivedPackets, &packets}} {
		if n.from == nil {
			continue
		}
		if *n.to, ok = flows.Number(n.from); !ok {
			return false, flows.Bad(n.name, n.from)
		}
	}
	if r.length != nil {
		if f.Duration, ok = flows.Seconds(r.length); !ok {
			return false, flows.Bad("duration", r.length)
		}
	}
	end, ok := r.when(zone)
	if !ok {
		return false, flows.Bad("eventtime", r.event)
	}
	f.Start, f.Running = end.Add(-f.Duration), true
	if r.session != nil {
		f.ID = flows.ID(r.device, r.vdom, r.session)
	}
	f.Outcome = outcome(string(r.action), f.Proto, f.Back, packets)
	return true, nil
}

// outcome reads the action. "deny" and the like are the firewall's no; all others
// say that it let the session through and how that ended (FortiOS Log Message
// Reference, traffic logs).
func outcome(action string, p segment.Proto, back, packets uint64) segment.Outcome {
	answered := back > 0 || packets > 0
	switch {
	case action == "deny" || action == "block" || action == "blocked":
		return segment.Blocked
	case p == segment.TCP && action == "server-rst" && packets <= 1 && back <= 60:
		return segment.Refused
	case answered:
		return segment.Answered
	case p == segment.UDP || p != segment.TCP && p != segment.ICMP && p != segment.ICMPv6:
		return segment.OneWay
	}
	return segment.Unanswered
}

// icmp finds the type of message, which stands in the name of the service.
func (r *record) icmp(p segment.Proto) (uint16, bool) {
	s := string(r.service)
	if s == "PING" || s == "PING6" {
		if p == segment.ICMPv6 {
			return 128, true
		}
		return 8, true
	}
	parts := bytes.Split(r.service, []byte{'/'})
	if len(parts) < 2 {
		return 0, false
	}
	n, ok := flows.Number(parts[1])
	return uint16(n), ok && n <= 255
}

func point(addr, port []byte) (netip.AddrPort, bool) {
	a, ok := flows.Addr(addr)
	if !ok {
		return netip.AddrPort{}, false
	}
	var n uint16
	if port != nil {
		if n, ok = flows.Port(port); !ok {
			return netip.AddrPort{}, false
		}
	}
	return netip.AddrPortFrom(a, n), true
}

// translated reads what an end was made of; 0.0.0.0 is nothing.
func translated(addr, port []byte, same uint16) (netip.AddrPort, bool) {
	if addr == nil {
		return netip.AddrPort{}, true
	}
	p, ok := point(addr, port)
	if !ok || p.Addr().IsUnspecified() {
		return netip.AddrPort{}, ok
	}
	if p.Port() == 0 {
		p = netip.AddrPortFrom(p.Addr(), same)
	}
	return p, true
}

// when is when the line was written: eventtime counts seconds, since FortiOS 6.2
// nanoseconds; before there was only the firewall's own clock.
func (r *record) when(zone *time.Location) (time.Time, bool) {
	if n, ok := flows.Number(r.event); ok {
		switch {
		case len(r.event) <= 10:
			return time.Unix(int64(n), 0), true
		case len(r.event) == 13:
			return time.UnixMilli(int64(n)), true
		case len(r.event) == 16:
			return time.UnixMicro(int64(n)), true
		}
		return time.Unix(0, int64(n)), n < 1<<63
	}
	if len(r.zone) == 5 {
		if t, err := time.Parse("-0700", string(r.zone)); err == nil {
			zone = t.Location()
		}
	}
	if len(r.date) != 10 || len(r.clock) != 8 || r.event != nil {
		return time.Time{}, false
	}
	t, err := time.ParseInLocation(time.DateTime, string(r.date)+" "+string(r.clock), zone)
	return t, err == nil
}
