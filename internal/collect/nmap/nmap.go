// Package nmap reads the XML that nmap writes with -oX.
//
// Each recurring scan, known by its command line, is a stream of its own,
// import/nmap/<id>. A finished run that looked at ports is a snapshot of it: a
// port that has been closed since is gone. A run that only looked for hosts, or
// was interrupted, adds and updates: a device that was switched off just then is
// still a device. The command line itself is not kept, for it may hold passwords.
package nmap

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/collect/xmlsafe"
	"github.com/asepsis/asepsis/internal/fact"
)

// Importer reads nmap's XML.
type Importer struct{}

var _ collect.Importer = Importer{}

const format = "nmap"

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: format, Title: "nmap scan (XML)", Extensions: []string{".xml"},
		Gives:  "devices on the network, their open services, clear-text traffic, TLS versions and certificates",
		Stream: "import/nmap/<id of the command line>",
	}
}

// Recognize looks for the root element.
func (Importer) Recognize(_ string, head []byte) int {
	if _, name := xmlsafe.Sniff(head); name == "nmaprun" {
		return 95
	}
	return 0
}

// Parse reads a scan.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	p := &parser{in: in, faults: safe.NewFaults(in, format)}
	if err := p.read(ctx); err != nil {
		return nil, safe.Refuse(in, format, err)
	}
	skipped, err := p.faults.Done()
	if err != nil {
		return nil, err
	}
	return &collect.Parsed{Batch: p.batch(), Rows: p.rows, Skipped: skipped}, nil
}

type parser struct {
	in     collect.Input
	r      *xmlsafe.Reader
	faults *safe.Faults
	hosts  reports.Hosts

	version  string
	args     string
	start    time.Time
	end      time.Time // of the run, as its last line says
	last     time.Time // newest time of a host
	tcpPorts int
	sawPorts bool
	versions bool // services were probed, not named after their port
	finished bool

	rows    int
	open    int // open ports
	silent  int // assumed up and never answered
	self    int // seen at a loopback address
	maybe   int // ports that may be open or filtered
	unnamed int // hosts without any address
}

func (p *parser) read(ctx context.Context) error {
	r, err := xmlsafe.Open(ctx, p.in, xmlsafe.Options{Doctype: "nmaprun"})
	if err != nil {
		return err
	}
	p.r = r
	if err := r.Root(); err != nil {
		return err
	}
	if r.Name() != "nmaprun" {
		return r.Fault(fmt.Sprintf("the file begins with <%.40s>, not with <nmaprun>", r.Name()), "run nmap with -oX FILE and bring that file")
	}
	if s := r.Attr("scanner"); s != "" && s != "nmap" {
		return r.Fault(fmt.Sprintf("the scan was made by %.40q, not by nmap", s), "run nmap with -oX FILE and bring that file")
	}
	p.version, p.args, p.start = reports.Shorten(r.Attr("version"), 20), r.Attr("args"), epoch(r.Attr("start"))
	err = r.Children(p.child)
	if err != nil && r.Depth() == 1 && p.cutBetweenHosts(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return r.Finish()
}

func (p *parser) child(name string) error {
	switch name {
	case "scaninfo":
		n, err := strconv.Atoi(p.r.Attr("numservices"))
		if err == nil && p.r.Attr("protocol") == "tcp" {
			p.tcpPorts += n
		}
		p.sawPorts = true
	case "host":
		return p.host()
	case "runstats":
		return p.r.Children(func(name string) error {
			if name == "finished" {
				p.end = epoch(p.r.Attr("time"))
				p.finished = p.r.Attr("exit") != "error"
			}
			return nil
		})
	}
	return nil
}

// cutBetweenHosts reports whether the file is the beginning of a run that was
// interrupted between two hosts, and the person chose to take what there is.
func (p *parser) cutBetweenHosts(err error) bool {
	var f *safe.Fault
	if !errors.As(err, &f) || !strings.HasPrefix(f.Reason, "the file ends") || p.rows == 0 {
		return false
	}
	return p.in.OnFault == collect.SkipRows && p.faults.Add(f.Line, "", "the run was interrupted after this line", "run the scan again to its end") == nil
}

func (p *parser) batch() *fact.Batch {
	at := p.end
	if at.IsZero() {
		at = p.last
	}
	if at.IsZero() {
		at = p.start
	}
	b := &fact.Batch{
		Stream:    fact.Stream{ID: "import/nmap/" + identify(p.args), Title: title(p.args), Snapshot: p.finished && p.sawPorts || p.in.Complete},
		Assurance: fact.Imported, ObservedAt: p.in.Observed(at),
	}
	note := func(what, why string) { b.Notes = append(b.Notes, fact.Note{What: what, Why: why}) }
	if !p.finished {
		note("end of the scan", "the run did not finish; hosts behind the last one listed were not looked at")
	}
	if p.silent > 0 {
		note(reports.Count(p.silent, "address", "addresses"), "taken as up by nmap (-Pn) without any answer; not taken as devices")
	}
	if p.self > 0 {
		note(reports.Count(p.self, "loopback address", "loopback addresses"), "the scanning machine looked at itself; scan it by its network address")
	}
	if p.unnamed > 0 {
		note(reports.Count(p.unnamed, "host"), "the file gives no address")
	}
	if p.maybe > 0 {
		note(reports.Count(p.maybe, "port"), "nmap could not tell open from filtered; not taken as services")
	}
	p.hosts.Deliver(b)
	b.Facts = append(b.Facts, p.activities(b)...)
	return b
}

func (p *parser) activities(b *fact.Batch) []fact.Fact {
	scopes := p.hosts.Scopes()
	order := []string{reports.Internal, reports.External}
	if s := p.in.Options["scope"]; s != "" {
		scopes, order = map[string]int{s: len(p.hosts.All())}, []string{s}
	}
	var out []fact.Fact
	for _, scope := range order {
		n := scopes[scope]
		if n == 0 {
			continue
		}
		out = append(out, fact.Fact{
			Kind: fact.KindActivity,
			Key:  fmt.Sprintf("%s/%s/%s", strings.TrimPrefix(b.Stream.ID, "import/"), b.ObservedAt.Format("2006-01-02"), scope),
			Values: fact.Values{
				"type": "network_discovery", "title": b.Stream.Title, "performed_at": b.ObservedAt, "scope": scope,
				"performer": strings.TrimSpace("nmap " + p.version), "assets": int64(n), "credentialed": false,
			},
		})
	}
	return out
}

// identify names a recurring scan by its command line without what changes from
// run to run: where the output goes, and how much is printed.
func identify(args string) string {
	fields := strings.Fields(args)
	var kept []string
	for i := 0; i < len(fields); i++ {
		switch f := fields[i]; {
		case strings.HasPrefix(f, "-o") && len(f) == 3, f == "--stats-every", f == "--stylesheet", f == "--append-output":
			i++
		case strings.HasPrefix(f, "-v"), strings.HasPrefix(f, "-d") && strings.Trim(f, "-d0123456789") == "":
		default:
			kept = append(kept, f)
		}
	}
	if len(kept) == 0 {
		return "unknown"
	}
	sum := sha256.Sum256([]byte(strings.Join(kept, " ")))
	return hex.EncodeToString(sum[:6])
}

var octets = regexp.MustCompile(`^\d{1,3}(\.[\d,*-]{1,20}){3}(/\d{1,2})?$`)

// title names the addresses of a command line, and nothing else of it.
func title(args string) string {
	var targets []string
	for f := range strings.FieldsSeq(args) {
		_, bad := netip.ParsePrefix(f)
		_, bad2 := netip.ParseAddr(f)
		if bad == nil || bad2 == nil || octets.MatchString(f) {
			targets = append(targets, f)
		}
	}
	switch n := len(targets); {
	case n == 0:
		return "nmap scan"
	case n > 3:
		return fmt.Sprintf("nmap scan of %s and %d more", strings.Join(targets[:3], ", "), n-3)
	}
	return "nmap scan of " + strings.Join(targets, ", ")
}

func epoch(s string) time.Time {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 || n >= 1<<34 {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}
