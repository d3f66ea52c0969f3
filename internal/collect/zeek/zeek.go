// Package zeek reads logs of the network monitor Zeek, as tab-separated text with
// its headers and as JSON lines, packed with gzip or not.
//
// A log says what was seen on the wire, so a host of the local network that spoke
// or answered is a device, and a port that answered is a service. Millions of
// lines become one sighting a host: what is kept of a host is bounded, whatever
// the size of the log. Addresses outside the local networks are never assets, and
// an address that was called and did not answer is none either.
package zeek

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"path"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/jsonsafe"
	"github.com/asepsis/asepsis/internal/collect/lines"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/safe"
)

// Importer reads Zeek logs. It knows these options: "local", the local networks
// between commas where they are others than the private ones (10.0.0.0/8,
// 203.0.113.0/24); "sensor", a name for the sensor where there are several.
type Importer struct{}

var _ collect.Importer = Importer{}

const (
	format  = "zeek"
	maxLine = 4 << 20
	// maxHosts is a /16 of local hosts. A sensor that sees more has been told the
	// wrong networks, or is being lied to.
	maxHosts = 1 << 16
)

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: format, Title: "Zeek log (TSV or JSON, also .gz)", Extensions: []string{".log", ".json", ".gz"},
		Gives:  "devices that spoke on the network, the services they offer and use, clear-text traffic, TLS and software versions",
		Stream: "import/zeek/<sensor>/<log>",
	}
}

// Recognize looks at the first lines.
func (Importer) Recognize(name string, head []byte) int {
	h := lines.Head(head)
	if bytes.HasPrefix(h, []byte("#separator ")) {
		return 95
	}
	line, _, _ := bytes.Cut(bytes.TrimSpace(h), []byte{'\n'})
	if len(line) == 0 || line[0] != '{' {
		return 0
	}
	r := jsonsafe.New(bytes.NewReader(line), collect.DefaultLimits())
	var rec record
	// The line may be longer than the head, so an error is no news.
	_ = rec.json(r)
	switch _, known := handlers[rec.get("_path")]; {
	case rec.get("ts") == "":
		return 0
	case known, rec.get("_path") != "" && rec.has("_write_ts"):
		return 95
	case rec.get("uid") != "" && rec.get("id.orig_h") != "" && rec.get("id.resp_h") != "":
		return 90
	case rec.guess() != "":
		return 80
	}
	return 0
}

// Parse reads a log.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	p := &parser{in: in, faults: safe.NewFaults(in, format), hosts: make(map[netip.Addr]*host), devices: make(map[string]*device), paths: make(map[string]int), certs: make(map[string]*cert), names: make(map[named]bool)}
	if err := p.read(ctx); err != nil {
		return nil, safe.Refuse(in, format, err)
	}
	skipped, err := p.faults.Done()
	if err != nil {
		return nil, err
	}
	if p.lines == 0 {
		return nil, collect.Refuse(in, format, 0, "the log has no lines", "bring a log of a time in which the sensor saw traffic")
	}
	// Lines are not kept and not bounded; the hosts they speak of are.
	hosts := len(p.hosts) + len(p.devices)
	return &collect.Parsed{Batch: p.batch(), Rows: hosts, Skipped: skipped}, nil
}

type parser struct {
	in     collect.Input
	faults *safe.Faults
	local  []netip.Prefix
	lines  int

	hosts   map[netip.Addr]*host
	devices map[string]*device // by hardware address
	names   map[named]bool
	certs   map[string]*cert // by fingerprint or file id
	paths   map[string]int   // lines of each log
	sensor  string
	newest  time.Time

	outside  int // lines between hosts of which none is local
	unheard  int // lines whose responder did not answer
	browsers int // user agents, which anybody may make up
	dynamic  int // services at ports that change from start to start
	unused   int // lines of logs that hold nothing for an inventory
}

// named is a name that a DNS answer gave an address.
type named struct {
	ip   netip.Addr
	name string
}

func (p *parser) read(ctx context.Context) error {
	for s := range strings.SplitSeq(p.in.Options["local"], ",") {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		n, err := netip.ParsePrefix(s)
		if err != nil {
			return &safe.Fault{Reason: fmt.Sprintf("local names %.40q, which is no network", s), Mend: "give the local networks like this: 10.0.0.0/8,203.0.113.0/24"}
		}
		p.local = append(p.local, n.Masked())
	}
	r, err := lines.Open(ctx, p.in, maxLine)
	if err != nil {
		return err
	}
	r.Strict()
	js := jsonsafe.New(bytes.NewReader(nil), p.in.Limits)
	src := bytes.NewReader(nil)
	var rec record
	var head tsv
	name := logName(p.in.Name)
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(bytes.TrimSpace(b)) == 0 {
			continue
		}
		if !r.Ended() && b[0] != '{' {
			return p.faults.Add(r.Line(), "", "the last line is cut off", "copy the log again when the sensor has closed it")
		}
		if b[0] == '#' {
			if err := head.header(string(b)); err != nil {
				return r.Fault(err.Error(), "copy the log again, unchanged")
			}
			continue
		}
		p.lines++
		kind := head.path
		switch {
		case b[0] == '{':
			src.Reset(b)
			js.Reset(src, r.Line())
			if err := rec.json(js); err != nil {
				f, ok := errors.AsType[*safe.Fault](err)
				if !ok {
					return err
				}
				if strings.Contains(f.Reason, "nested more") {
					return f
				}
				if err := p.faults.Add(r.Line(), "", f.Reason, "copy the log again when the sensor has closed it"); err != nil {
					return err
				}
				continue
			}
			if kind = rec.get("_path"); kind == "" {
				if kind = name; handlers[kind] == nil {
					kind = rec.guess()
				}
			}
		case head.fields == nil:
			return r.Fault("the line stands below no headers", "copy the whole log, with the lines that begin with #")
		default:
			if !rec.tsv(&head, string(b)) {
				if err := p.faults.Add(r.Line(), "", fmt.Sprintf("the line has not the %d fields of the headers", len(head.fields)), "copy the log again; if it was edited, undo that"); err != nil {
					return err
				}
				continue
			}
		}
		if err := p.line(r, kind, &rec); err != nil {
			return err
		}
	}
}

// logName finds the log's name in the file's: conn.log, conn.2026-11-25.log.gz.
func logName(file string) string {
	name, _, _ := strings.Cut(path.Base(strings.ReplaceAll(file, `\`, "/")), ".")
	return strings.ToLower(name)
}

// line takes one line of a log.
func (p *parser) line(r *lines.Reader, kind string, rec *record) error {
	if p.paths[kind] > 0 || len(p.paths) < 100 {
		p.paths[kind]++
	}
	h := handlers[kind]
	if h == nil {
		p.unused++
		return nil
	}
	at, ok := stamp(rec.get("ts"))
	if !ok {
		return p.faults.Add(r.Line(), "ts", fmt.Sprintf("the time is %.40q", rec.get("ts")), "copy the log again; if it was edited, undo that")
	}
	if at.After(p.in.Now) {
		at = p.in.Now
	}
	if at.After(p.newest) {
		p.newest = at
	}
	if p.sensor == "" {
		p.sensor = rec.get("_system_name")
	}
	h(p, &line{record: rec, at: at})
	if most := min(maxHosts, p.in.Limits.Items); len(p.hosts)+len(p.devices) > most {
		return r.Fault(fmt.Sprintf("there are more than %d local hosts", most), "name the local networks when you bring the log: --option local=10.0.0.0/8")
	}
	return nil
}

// isLocal reports an address of the local networks. What the person said counts
// before what the sensor says, and that before the private ranges.
func (p *parser) isLocal(a netip.Addr, flag string) bool {
	if !a.IsValid() || a.IsMulticast() || a.IsUnspecified() || a.IsLoopback() || a.IsLinkLocalUnicast() {
		return false
	}
	if len(p.local) > 0 {
		for _, n := range p.local {
			if n.Contains(a) {
				return true
			}
		}
		return false
	}
	switch flag {
	case "T", "true":
		return true
	case "F", "false":
		return false
	}
	return reports.Scope(a) == reports.Internal
}
