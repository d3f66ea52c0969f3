package vuln

import (
	"encoding/binary"

	"github.com/asepsis/asepsis/internal/advisory"
)

// Names of the sections this package writes. Others add their own beside them.
const (
	secEcosystems = "ecosystems"
	secPackages   = "packages"
	secBuckets    = "buckets"
	secPrints     = "prints"
	secRows       = "rows"
	secBounds     = "bounds"
	secSets       = "sets"
	secExtras     = "extras"
	secStrings    = "strings"
	secAdvisories = "advisories"
	secFlaws      = "flaws"
	secIndex      = "index"
	secDocs       = "docs"
	secBlocks     = "blocks"
	secRefused    = "refused"
	secSources    = "sources"
	secCoverage   = "coverage"
	secExploited  = "kev"
	secEPSS       = "epss"
	secPoints     = "ssvc"
)

// A package is 16 bytes: hash, place of its name in strings, first row. The
// rows of a package end where the next one's begin; a last entry closes the table.
const pkgLen = 16

// A row is 16 bytes: advisory, lower bound, upper bound, flags with the number
// of its extra. Bounds are places in the section of bounds, 0 for none. With rowSet
// the two bounds are the first element of a set and their number.
const rowLen = 16

type row struct {
	advisory, low, high uint32
	flags               uint32
}

const (
	rowStatus    = 7      // the advisory.Status
	rowLowOut    = 1 << 3 // the lower bound itself is outside
	rowHighIn    = 1 << 4 // the upper bound itself is inside
	rowSet       = 1 << 5 // versions are listed
	rowStatement = 1 << 6 // somebody states it of a product (VEX)
	rowUnread    = 1 << 7 // versions given in words or commits
	rowNeeds     = 1 << 8 // holds only together with something else
	rowWithin    = 1 << 9 // holds only inside of a product
	extraShift   = 10
	maxExtras    = 1<<(32-extraShift) - 1
)

// status returns what the row states. One that no status has, in a file that
// lies, counts as being looked into: that neither clears nor convicts.
func (r row) status() advisory.Status {
	if s := advisory.Status(r.flags & rowStatus); s <= advisory.Unsupported {
		return s
	}
	return advisory.UnderInvestigation
}

func (r row) put(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, r.advisory)
	b = binary.LittleEndian.AppendUint32(b, r.low)
	b = binary.LittleEndian.AppendUint32(b, r.high)
	return binary.LittleEndian.AppendUint32(b, r.flags)
}

func readRow(b []byte) row {
	_ = b[rowLen-1]
	return row{
		binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:]),
		binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:]),
	}
}

// An advisory is 16 bytes: its name, first of its flaws, source with flags, time
// of its last change in seconds. A last entry closes the list of flaws.
const advLen = 16

const (
	advSource    = 1<<16 - 1
	advWithdrawn = 1 << 16
)

type adv struct {
	id       Flaw
	flaws    uint32
	source   uint32
	modified uint32
}

func (a adv) put(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(a.id))
	b = binary.LittleEndian.AppendUint32(b, a.flaws)
	b = binary.LittleEndian.AppendUint32(b, a.source)
	return binary.LittleEndian.AppendUint32(b, a.modified)
}

// u32 returns element i of a section of 32-bit numbers, or 0 beyond its end:
// a damaged file gives wrong answers, which its signature would have told, but
// never a panic.
func u32(b []byte, i uint32) uint32 {
	at := uint64(i) * 4
	if at+4 > uint64(len(b)) {
		return 0
	}
	return binary.LittleEndian.Uint32(b[at:])
}

// appendText writes a text with its length before it.
func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// text reads what appendText wrote and returns what follows; nothing where
// the bytes end too early.
func text(b []byte) (s, rest []byte) {
	n, w := binary.Uvarint(b)
	if w <= 0 || n > uint64(len(b)-w) {
		return nil, nil
	}
	return b[w : w+int(n)], b[w+int(n):]
}

// textAt reads a text at a place.
func textAt(b []byte, at uint32) []byte {
	if uint64(at) >= uint64(len(b)) {
		return nil
	}
	s, _ := text(b[at:])
	return s
}

// A bound is a key, empty where the version cannot be encoded, and the version
// as the advisory writes it.
func boundAt(b []byte, at uint32) (key, version []byte) {
	if at == 0 || uint64(at) >= uint64(len(b)) {
		return nil, nil
	}
	key, rest := text(b[at:])
	version, _ = text(rest)
	return key, version
}

// extra is what few rows have.
type extra struct {
	module, arch, within    string
	justification, remedy   string
	unread, needs           string
	update, edition, target string
	basis                   string // where the row was read, if not from the list of products
}

func (e *extra) fields() [11]*string {
	return [...]*string{
		&e.module, &e.arch, &e.within, &e.justification, &e.remedy, &e.unread, &e.needs, &e.update, &e.edition, &e.target, &e.basis,
	}
}

// maxExtra bounds each text of an extra; the document has the rest.
const maxExtra = 400

func (e *extra) encode() string {
	if *e == (extra{}) {
		return ""
	}
	var b []byte
	for _, f := range e.fields() {
		b = appendText(b, shorten(*f, maxExtra))
	}
	return string(b)
}

func decodeExtra(b []byte) (e extra) {
	for _, f := range e.fields() {
		var s []byte
		s, b = text(b)
		*f = string(s)
	}
	return e
}
