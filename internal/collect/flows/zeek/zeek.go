// Package zeek reads the connection logs of the network monitor Zeek: conn and
// conn_long, as text with its headers and as JSON lines, packed with gzip or not.
// Formats seen: Zeek 2.5 to 8, Corelight's JSON, and JSON with the ends of a
// connection as an object of their own.
package zeek

import (
	"bytes"
	"context"
	"net/netip"
	"strconv"
	"time"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/flows"
	"github.com/asepsis/asepsis/internal/collect/lines"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/segment"
)

// Reader reads connection logs of Zeek.
type Reader struct{}

var _ flows.Reader = Reader{}

const format = "flows/zeek"

// Format describes the format.
func (Reader) Format() collect.Format {
	return collect.Format{
		ID: format, Title: "Zeek connection log (conn.log, TSV or JSON, also .gz)", Extensions: []string{".log", ".json", ".gz"},
		Gives: "which network zones talk to which, on what", Stream: "flows/zeek/<sensor>",
	}
}

// The fields that are read.
const (
	ts = iota
	uid
	origH
	origP
	respH
	respP
	proto
	duration
	origBytes
	respBytes
	state
	history
	origPkts
	respPkts
	vlan
	ipProto
	path
	fields
)

var names = [fields]string{
	"ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "duration", "orig_bytes", "resp_bytes",
	"conn_state", "history", "orig_pkts", "resp_pkts", "vlan", "ip_proto", "_path",
}

// field returns the number of a field, or -1.
func field(name []byte) int {
	for i := range names {
		if names[i] == string(name) {
			return i
		}
	}
	return -1
}

type record [fields][]byte

// Recognize looks at the first lines.
func (Reader) Recognize(_ string, head []byte) int {
	h := lines.Head(head)
	if bytes.HasPrefix(h, []byte("#separator ")) {
		if bytes.Contains(h, []byte("\n#path\tconn\n")) || bytes.Contains(h, []byte("\n#path\tconn_long\n")) {
			return 97
		}
		return 0
	}
	line, _, _ := bytes.Cut(bytes.TrimSpace(h), []byte{'\n'})
	var rec record
	if len(line) == 0 || line[0] != '{' || !rec.json(line) {
		return 0
	}
	if p := string(rec[path]); p == "conn" || p == "conn_long" || p == "" && rec[state] != nil && rec[origH] != nil && rec[proto] != nil {
		return 97
	}
	return 0
}

// Read reads a log.
func (Reader) Read(ctx context.Context, in collect.Input, take func(*segment.Flow) error) (flows.Stats, error) {
	var p parser
	return flows.Each(ctx, in, format, false, p.line, take)
}

type parser struct {
	at    []int // field of each column, -1 where it is not read
	sep   byte
	other bool // the lines are of another log
}

func (p *parser) line(b []byte, f *segment.Flow) (bool, error) {
	var rec record
	switch {
	case b[0] == '#':
		return false, p.header(b)
	case b[0] == '{':
		if !rec.json(b) {
			return false, &safe.Fault{Reason: "the line is not well-formed JSON", Mend: "copy the log again when the sensor has closed it"}
		}
		if n := string(rec[path]); n != "" && n != "conn" && n != "conn_long" {
			return false, nil
		}
	case p.at == nil:
		return false, &safe.Fault{Reason: "the line stands below no headers", Mend: "copy the whole log, with the lines that begin with #"}
	case p.other:
		return false, nil
	default:
		if !p.cells(b, &rec) {
			return false, &safe.Fault{Reason: "the line has not the " + strconv.Itoa(len(p.at)) + " fields of the headers", Mend: "copy the log again; if it was edited, undo that"}
		}
	}
	return rec.flow(f)
}

func (p *parser) header(b []byte) error {
	if s, ok := bytes.CutPrefix(b, []byte("#separator ")); ok {
		p.sep = '\t'
		if n, err := strconv.ParseUint(string(bytes.TrimPrefix(s, []byte(`\x`))), 16, 8); err == nil && n != 0 {
			p.sep = byte(n)
		}
		p.other = false
		return nil
	}
	if p.sep == 0 {
		p.sep = '\t'
	}
	if s, ok := bytes.CutPrefix(b, append([]byte("#path"), p.sep)); ok {
		p.other = string(s) != "conn" && string(s) != "conn_long"
	}
	s, ok := bytes.CutPrefix(b, append([]byte("#fields"), p.sep))
	if !ok {
		return nil
	}
	p.at = p.at[:0]
	found := 0
	for c := range bytes.SplitSeq(s, []byte{p.sep}) {
		i := field(c)
		if i >= 0 && i <= proto || i == state {
			found++
		}
		p.at = append(p.at, i)
	}
	if !p.other && found < proto+2 {
		return &safe.Fault{Reason: "the headers lack a field that tells who talked to whom", Mend: "let Zeek write ts, uid, the ends, proto and conn_state to conn.log"}
	}
	return nil
}

func (p *parser) cells(b []byte, rec *record) bool {
	for n, i := range p.at {
		cell := b
		if at := bytes.IndexByte(b, p.sep); at >= 0 {
			if n == len(p.at)-1 {
				return false
			}
			cell, b = b[:at], b[at+1:]
		} else if n != len(p.at)-1 {
			return false
		}
		if i >= 0 && !(len(cell) == 1 && cell[0] == '-') && string(cell) != "(empty)" {
			rec[i] = cell
		}
	}
	return true
}

// flow makes a flow of a record.
func (r *record) flow(f *segment.Flow) (bool, error) {
	var ok bool
	if f.Start, ok = when(r[ts]); !ok {
		return false, flows.Bad("ts", r[ts])
	}
	from, ok := flows.Addr(r[origH])
	if !ok {
		return false, flows.Bad("id.orig_h", r[origH])
	}
	to, ok := flows.Addr(r[respH])
	if !ok {
		return false, flows.Bad("id.resp_h", r[respH])
	}
	fp, ok := flows.Port(r[origP])
	if !ok {
		return false, flows.Bad("id.orig_p", r[origP])
	}
	tp, ok := flows.Port(r[respP])
	if !ok {
		return false, flows.Bad("id.resp_p", r[respP])
	}
	var n [fields]uint64
	for _, i := range []int{origBytes, respBytes, origPkts, respPkts, vlan, ipProto} {
		if r[i] == nil {
			continue
		}
		if n[i], ok = flows.Number(r[i]); !ok {
			return false, flows.Bad(names[i], r[i])
		}
	}
	if r[duration] != nil {
		if f.Duration, ok = flows.Seconds(r[duration]); !ok {
			return false, flows.Bad("duration", r[duration])
		}
	}
	f.Out, f.Back, f.VLAN, f.Running = n[origBytes], n[respBytes], uint16(n[vlan]&0xFFF), true
	if r[uid] != nil {
		f.ID = flows.ID(r[uid])
	}
	answered := n[respBytes] > 0 || n[respPkts] > 0
	switch string(r[proto]) {
	case "tcp":
		f.Proto = segment.TCP
	case "udp":
		f.Proto = segment.UDP
	case "icmp":
		f.Proto = segment.ICMP
		if to.Is6() && !to.Is4In6() {
			f.Proto = segment.ICMPv6
		}
		fp, tp = 0, fp // Zeek has the type where the first port stands
	default:
		if n[ipProto] == 0 || n[ipProto] > 255 {
			return false, nil
		}
		f.Proto = segment.Proto(n[ipProto])
	}
	f.From, f.To = netip.AddrPortFrom(from, fp), netip.AddrPortFrom(to, tp)
	switch {
	case f.Proto == segment.TCP:
		return r.tcp(f, n[origPkts], n[respPkts])
	case answered:
		f.Outcome = segment.Answered
	case f.Proto == segment.UDP || f.Proto != segment.ICMP && f.Proto != segment.ICMPv6:
		f.Outcome = segment.OneWay
	default:
		f.Outcome = segment.Unanswered
	}
	return true, nil
}

// tcp tells how far a connection got (docs.zeek.org, base/protocols/conn). Capital
// letters of the history are the caller's packets: S a request, A an
// acknowledgment, D data.
func (r *record) tcp(f *segment.Flow, out, back uint64) (bool, error) {
	h := r[history]
	went := h == nil || bytes.ContainsAny(h, "AD") || f.Out > 0
	switch string(r[state]) {
	case "SF", "S1", "S2", "S3", "RSTO", "RSTR":
		f.Outcome = segment.Answered
		if !went {
			f.Outcome = segment.HalfOpen
		}
	case "REJ":
		f.Outcome = segment.Refused
	case "S0", "SH", "RSTOS0":
		f.Outcome = segment.Unanswered
	case "RSTRH":
		f.Outcome = segment.HalfOpen
	case "SHR": // the caller's half passed elsewhere
		f.Outcome = segment.HalfOpen
		if f.Back > 0 || f.Out > 0 {
			f.Outcome = segment.Answered
		}
	case "OTH": // the beginning was not seen
		f.Midstream = true
		data := f.Out+f.Back > 0 || bytes.ContainsAny(h, "Dd")
		switch {
		case !data:
			return false, nil
		case out > 0 && back > 0 || f.Out > 0 && f.Back > 0:
			f.Outcome = segment.Answered
		default:
			f.Outcome = segment.OneWay
		}
	default:
		return false, flows.Bad("conn_state", r[state])
	}
	return true, nil
}

// when reads a time: seconds, milliseconds, or as ISO 8601 has it.
func when(b []byte) (time.Time, bool) {
	if len(b) == 13 && bytes.IndexByte(b, '.') < 0 {
		n, ok := flows.Number(b)
		return time.UnixMilli(int64(n)), ok
	}
	if len(b) > 10 && b[4] == '-' {
		if len(b) > 40 {
			return time.Time{}, false
		}
		t, err := time.Parse(time.RFC3339Nano, string(b))
		return t, err == nil && t.Year() >= 1970 && t.Year() < 2200
	}
	d, ok := flows.Seconds(b)
	return flows.Since1970(d), ok
}
