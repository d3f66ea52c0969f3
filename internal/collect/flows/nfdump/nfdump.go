// Package nfdump reads NetFlow and IPFIX as nfdump exports it with -o csv: the long
// form of nfdump 1.6 (ts,te,td,sa,…) and the short one of 1.7 (firstSeen,duration,
// proto,…), each direction by itself or both in a line (-b, -B).
package nfdump

import (
	"bytes"
	"context"
	"net/netip"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/flows"
	"github.com/asepsis/asepsis/internal/collect/lines"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/segment"
)

// Reader reads what nfdump exports. nfdump writes the local time of where it runs:
// the option "time_zone" names the zone, and without it the time is UTC.
type Reader struct{}

var _ flows.Reader = Reader{}

const format = "flows/nfdump"

// Format describes the format.
func (Reader) Format() collect.Format {
	return collect.Format{
		ID: format, Title: "NetFlow, exported by nfdump -o csv (also .gz)", Extensions: []string{".csv", ".gz"},
		Gives: "which network zones talk to which, on what", Stream: "flows/nfdump/<exporter>",
	}
}

const (
	first = iota
	length
	proto
	src
	sport
	dst
	dport
	out
	back
	flags
	vlan
	columns
)

// headers are the names of the columns in the two forms.
var headers = [columns]string{
	"ts|firstSeen", "td|duration", "pr|proto", "sa|srcAddr", "sp|srcPort", "da|dstAddr", "dp|dstPort", "ibyt|bytes|inBytes", "obyt|outBytes", "flg|flags", "svln|srcVlan",
}

// Recognize looks at the first line.
func (Reader) Recognize(_ string, head []byte) int {
	line, _, _ := bytes.Cut(lines.Head(head), []byte{'\n'})
	if _, ok := header(line); ok {
		return 95
	}
	return 0
}

func header(line []byte) ([]int, bool) {
	if len(line) > 4096 {
		return nil, false
	}
	at := lines.Columns(strings.Split(string(line), ","), headers[:]...)
	for i := first; i <= out; i++ {
		if at[i] < 0 {
			return nil, false
		}
	}
	return at, true
}

// Read reads an export.
func (Reader) Read(ctx context.Context, in collect.Input, take func(*segment.Flow) error) (flows.Stats, error) {
	zone, err := flows.Zone(in)
	if err != nil {
		return flows.Stats{}, safe.Refuse(in, format, err)
	}
	p := parser{zone: zone}
	return flows.Each(ctx, in, format, true, p.line, take)
}

type parser struct {
	zone *time.Location
	at   []int
	end  bool // the summary behind the flows began
}

func (p *parser) line(b []byte, f *segment.Flow) (bool, error) {
	if at, ok := header(b); ok {
		p.at, p.end = at, false
		return false, nil
	}
	switch {
	case p.at == nil:
		return false, &safe.Fault{Reason: "the line stands below no headers", Mend: "export the flows anew with -o csv, without -q"}
	case p.end || bytes.HasPrefix(b, []byte("Summary")):
		p.end = true
		return false, nil
	case bytes.HasPrefix(b, []byte("No matched flows")):
		return false, nil
	}
	var c [columns][]byte
	n := 0
	for cell := range bytes.SplitSeq(b, []byte{','}) {
		for i, at := range p.at {
			if at == n {
				c[i] = bytes.TrimSpace(cell)
			}
		}
		n++
	}
	if c[out] == nil {
		return false, &safe.Fault{Reason: "the line has fewer cells than the headers", Mend: "export the flows again"}
	}
	return p.flow(&c, f)
}

var protos = map[string]segment.Proto{"TCP": segment.TCP, "UDP": segment.UDP, "ICMP": segment.ICMP, "ICMP6": segment.ICMPv6, "SCTP": segment.SCTP}

func (p *parser) flow(c *[columns][]byte, f *segment.Flow) (bool, error) {
	var ok bool
	if f.Proto, ok = protos[string(c[proto])]; !ok {
		n, good := flows.Number(c[proto])
		if !good || n > 255 {
			return false, nil // a protocol by a name that has no ports
		}
		f.Proto = segment.Proto(n)
	}
	from, ok := flows.Addr(c[src])
	if !ok {
		return false, flows.Bad("source address", c[src])
	}
	to, ok := flows.Addr(c[dst])
	if !ok {
		return false, flows.Bad("destination address", c[dst])
	}
	fp, ok := flows.Port(c[sport])
	if !ok {
		return false, flows.Bad("source port", c[sport])
	}
	ping := f.Proto == segment.ICMP || f.Proto == segment.ICMPv6
	tp := uint16(0)
	if ping { // type and code, as 8.0 or as one number
		kind, _, dotted := bytes.Cut(c[dport], []byte{'.'})
		n, good := flows.Number(kind)
		if !dotted {
			n >>= 8
		}
		fp, tp, ok = 0, uint16(n), good && n <= 255
	} else {
		tp, ok = flows.Port(c[dport])
	}
	if !ok {
		return false, flows.Bad("destination port", c[dport])
	}
	f.From, f.To = netip.AddrPortFrom(from, fp), netip.AddrPortFrom(to, tp)
	if f.Out, ok = flows.Number(c[out]); !ok {
		return false, flows.Bad("bytes", c[out])
	}
	if c[back] != nil {
		if f.Back, ok = flows.Number(c[back]); !ok {
			return false, flows.Bad("bytes back", c[back])
		}
	}
	if v, good := flows.Number(c[vlan]); good {
		f.VLAN = uint16(v & 0xFFF)
	}
	if f.Duration, ok = lasted(c[length]); !ok {
		return false, flows.Bad("duration", c[length])
	}
	if f.Start, ok = when(c[first], p.zone); !ok {
		return false, flows.Bad("first seen", c[first])
	}
	f.Half = f.Back == 0 && !ping
	f.Midstream = !ping
	switch {
	case f.Back > 0 || ping && f.Out > 0 && (tp == 0 || tp == 129):
		f.Outcome = segment.Answered
	case ping:
		f.Outcome = segment.Unanswered
	case f.Proto == segment.TCP:
		f.Outcome = tcp(c[flags])
	default:
		f.Outcome = segment.OneWay
	}
	return true, nil
}

// tcp reads the flags of one direction, all packets' together: a request alone was
// not answered yet, and a reset with nothing but an acknowledgment says no.
func tcp(flags []byte) segment.Outcome {
	has := func(c byte) bool { return bytes.IndexByte(flags, c) >= 0 }
	switch {
	case len(flags) == 0:
		return segment.OneWay
	case has('S') && !has('A'):
		return segment.Unanswered
	case has('R') && !has('S') && !has('P') && !has('F'):
		return segment.Refused
	}
	return segment.OneWay
}

// lasted reads seconds, or hours, minutes and seconds.
func lasted(b []byte) (time.Duration, bool) {
	parts := bytes.Split(b, []byte{':'})
	if len(parts) == 1 {
		return flows.Seconds(b)
	}
	if len(parts) != 3 || len(b) > 20 {
		return 0, false
	}
	h, ok := flows.Number(parts[0])
	m, good := flows.Number(parts[1])
	s, fine := flows.Seconds(parts[2])
	if !ok || !good || !fine || h > 100_000 || m > 59 || s > time.Minute {
		return 0, false
	}
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + s, true
}

func when(b []byte, zone *time.Location) (time.Time, bool) {
	if len(b) < 19 || len(b) > 29 {
		return time.Time{}, false
	}
	t, err := time.ParseInLocation("2006-01-02 15:04:05", string(b), zone) // reads a fraction too
	return t, err == nil && t.Year() >= 1970 && t.Year() < 2200
}
