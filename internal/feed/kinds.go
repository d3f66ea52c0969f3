package feed

import (
	"bytes"
	"io"
	"time"

	"github.com/asepsis/asepsis/internal/feed/csaf"
	"github.com/asepsis/asepsis/internal/feed/cve"
	"github.com/asepsis/asepsis/internal/feed/debian"
	"github.com/asepsis/asepsis/internal/feed/eol"
	"github.com/asepsis/asepsis/internal/feed/jscan"
	"github.com/asepsis/asepsis/internal/feed/msrc"
	"github.com/asepsis/asepsis/internal/feed/native"
	"github.com/asepsis/asepsis/internal/feed/nvd"
	"github.com/asepsis/asepsis/internal/feed/osv"
	"github.com/asepsis/asepsis/internal/feed/recalls"
	"github.com/asepsis/asepsis/internal/feed/record"
	"github.com/asepsis/asepsis/internal/feed/threat"
	"github.com/asepsis/asepsis/internal/feed/vex"
)

// kind is a kind of JSON document.
type kind struct {
	name string
	is   func(d *document) bool
	// read reads it; file is the base of its file's name, for the few kinds that do
	// not say themselves what they speak of. nil: known, and of no use here.
	read func(b []byte, file string, to record.Sink)
	why  string // of those of no use
}

// kinds are tried in order. What tells one from the others stands in its package.
func kinds() []kind {
	byKeys := func(name string, is func(func(string) bool) bool, read func([]byte, record.Sink)) kind {
		return kind{
			name: name,
			is:   func(d *document) bool { return is(d.has) },
			read: func(b []byte, _ string, to record.Sink) { read(b, to) },
		}
	}
	unused := func(why string, is func(d *document) bool) kind { return kind{is: is, why: why} }
	return []kind{
		byKeys("CVE record", cve.Is, cve.Read),
		byKeys("CSAF", csaf.Is, csaf.Read),
		byKeys("OpenVEX", vex.Is, vex.Read),
		byKeys("KEV", threat.IsKEV, threat.ReadKEV),
		byKeys("EPSS", threat.IsEPSS, threat.ReadEPSS),
		byKeys("RubySec", native.IsRuby, native.ReadRuby),
		byKeys("FriendsOfPHP", native.IsPHP, native.ReadPHP),
		byKeys("Node.js packages", native.IsNodeWG, native.ReadNodeWG),
		byKeys("Node.js", native.IsNodeCore, native.ReadNodeCore),
		byKeys("NVD", nvd.Is, nvd.Read),
		byKeys("OSV", osv.Is, osv.Read),
		{
			name: "FDA recalls", is: func(d *document) bool { return recalls.Is(d.has, d.raw) },
			read: func(b []byte, _ string, to record.Sink) { recalls.Read(b, to) },
		},
		{name: "endoflife.date", is: func(d *document) bool { return eol.Is(d.has) }, read: eol.Read},
		unused("an index of OpenVEX documents", func(d *document) bool {
			return d.has("packages") && d.has("updated_at") || (d.has("id") && d.has("sources") || d.has("ID") && d.has("Sources")) && len(d.keys) == 2
		}),
		unused("a description of who publishes CSAF, not an advisory", func(d *document) bool {
			return d.has("canonical_url") && d.has("publisher") || d.has("aggregator") && d.has("csaf_providers") || d.has("feed") && len(d.keys) == 1 || d.has("service") && len(d.keys) == 1 || d.has("categories") && len(d.keys) == 1
		}),
		unused("a list of software, not an advisory", func(d *document) bool {
			return d.has("spdxVersion") || d.has("bomFormat")
		}),
		unused("a JSON schema, not an advisory", func(d *document) bool { return d.has("$schema") && d.has("properties") }),
		{
			name: "Debian's tracker", is: func(d *document) bool { return debian.IsTracker(len(d.keys), d.raw) },
			read: func(b []byte, _ string, to record.Sink) { debian.ReadTracker(b, to) },
		},
		{
			name: "Retire.js", is: func(d *document) bool { return native.IsRetire(d.raw) },
			read: func(b []byte, _ string, to record.Sink) { native.ReadRetire(b, to) },
		},
	}
}

// document is a JSON document of which the keys are known.
type document struct {
	keys  [][]byte
	space []byte // that the keys lie in
	raw   []byte
}

// maxKeysSeen bounds the keys that are looked at to tell what a document is.
const maxKeysSeen = 64

// look reads the keys of an object, stepping over the values.
func (d *document) look(b []byte) error {
	d.keys, d.space, d.raw = d.keys[:0], d.space[:0], b
	s := jscan.New(b)
	if s.Kind() != jscan.Object {
		s.Skip()
		return s.End()
	}
	s.Object(func(key []byte) {
		if len(d.keys) < maxKeysSeen && len(key) < 256 {
			from := len(d.space)
			d.space = append(d.space, key...)
			d.keys = append(d.keys, d.space[from:len(d.space):len(d.space)])
		}
	})
	return s.End()
}

func (d *document) has(key string) bool {
	for _, k := range d.keys {
		if string(k) == key {
			return true
		}
	}
	return false
}

// textKind is a kind of file that is not JSON.
type textKind struct {
	name string
	is   func(head []byte) bool
	read func(r io.Reader, file string, to record.Sink) error
	why  string // of those of no use
}

// texts are the kinds of files that are not JSON.
func texts(now time.Time) []textKind {
	plain := func(read func(io.Reader, record.Sink) error) func(io.Reader, string, record.Sink) error {
		return func(r io.Reader, _ string, to record.Sink) error { return read(r, to) }
	}
	return []textKind{
		{name: "EPSS", is: threat.IsEPSSFile, read: plain(threat.ReadEPSSFile)},
		{name: "Microsoft's updates", is: msrc.Is, read: plain(msrc.Read)},
		{name: "Debian's advisories", is: debian.IsList, read: plain(debian.ReadList)},
		{
			name: "Debian's ended support", is: debian.IsEnded,
			read: func(r io.Reader, file string, to record.Sink) error { return debian.ReadEnded(r, file, now, to) },
		},
		{name: "Debian's limited support", is: debian.IsLimited, read: plain(debian.ReadLimited)},
		{
			is: func(head []byte) bool {
				return bytes.Contains(head, []byte(";cpe:/")) || bytes.HasPrefix(head, []byte("#\n# Collection of CPE aliases"))
			},
			why: "names that packages have elsewhere, no advisory",
		},
	}
}
