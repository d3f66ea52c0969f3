package vuln

import (
	"encoding/binary"
	"encoding/json"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/pkgver"
)

// blockDocs is how many documents are packed together. More pack better and
// cost more to read one of.
const blockDocs = 128

// maxBlock bounds what a block unpacks to.
const maxBlock = 4 << 20

// packDocuments packs the documents in the order of the advisories, which puts
// alike beside alike. Blocks are packed side by side; each depends on nothing
// but its own documents, so the bytes are the same on any machine. What it returns
// waits until all are packed.
func packDocuments(items []item) func() ([][]byte, error) {
	n := (len(items) + blockDocs - 1) / blockDocs
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithEncoderCRC(false))
	if err != nil {
		return func() ([][]byte, error) { return nil, errs.New(errs.Internal, "pack documents: %w", err) }
	}
	packed := make([][]byte, n)
	var wait sync.WaitGroup
	workers := min(runtime.GOMAXPROCS(0), 8)
	for k := range workers {
		wait.Go(func() {
			var raw []byte
			for i := k; i < n; i += workers {
				raw = raw[:0]
				for j := i * blockDocs; j < min((i+1)*blockDocs, len(items)); j++ {
					raw = binary.AppendUvarint(raw, uint64(len(items[j].doc)))
					raw = append(raw, items[j].doc...)
				}
				packed[i] = enc.EncodeAll(raw, nil)
			}
		})
	}
	return func() ([][]byte, error) {
		wait.Wait()
		return packed, enc.Close()
	}
}

// documents writes the packed documents.
func (w *writer) documents(wait func() ([][]byte, error)) error {
	packed, err := wait()
	if err != nil {
		return err
	}
	var docs, starts []byte
	for _, p := range packed {
		starts = binary.LittleEndian.AppendUint32(starts, w.place(docs))
		docs = append(docs, p...)
	}
	starts = binary.LittleEndian.AppendUint32(starts, w.place(docs))
	w.sections[secDocs], w.sections[secBlocks] = docs, starts
	return nil
}

// coverage counts what each source says of each ecosystem, and writes what was
// refused.
func (w *writer) coverage() {
	type key struct{ source, ecosystem string }
	count := make(map[key]*Coverage)
	get := func(k key) *Coverage {
		c := count[k]
		if c == nil {
			s := w.sources[k.source]
			c = &Coverage{Source: k.source, Ecosystem: k.ecosystem, Snapshot: s.Snapshot, Partial: s.Partial || !namesAll(k.source, k.ecosystem)}
			count[k] = c
		}
		return c
	}
	for i := range w.items {
		it := &w.items[i]
		last := "\x00"
		if len(it.rows) == 0 {
			c := get(key{it.source, ""})
			c.record(it.modified)
			if it.withdrawn {
				c.Withdrawn++
			}
		}
		for j := range it.rows {
			c := get(key{it.source, it.rows[j].ecosystem})
			c.Rows++
			if it.rows[j].ecosystem != last {
				last = it.rows[j].ecosystem
				c.record(it.modified)
			}
		}
	}
	for _, r := range w.refused {
		get(key{r.Source, ""}).Refused++
	}
	list := make([]Coverage, 0, len(count))
	for _, c := range count {
		list = append(list, *c)
	}
	slices.SortFunc(list, compareCoverage)
	w.sections[secCoverage] = w.json(list)
	w.sections[secRefused] = w.json(w.refused)
	w.sections[secEcosystems] = w.ecosystemSection(list)
}

// namesAll reports whether a source that is whole may be so of an ecosystem. Records of
// a package collection name a few CPE names beside (RubySec those of Ruby itself),
// and the list of all CPE names is NVD's alone: by others, what no record
// bears would be called not affected.
func namesAll(source, ecosystem string) bool {
	if !strings.HasPrefix(ecosystem, cpeEcosystem) {
		return true
	}
	kind, _, _ := strings.Cut(source, "/")
	return kind == "nvd"
}

func (c *Coverage) record(modified time.Time) {
	c.Records++
	if modified.After(c.Newest) {
		c.Newest = modified.UTC()
	}
}

func (w *writer) json(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		w.fail(errs.New(errs.Internal, "write what was covered: %w", err))
	}
	return b
}

// What the flag before the name of an ecosystem says.
const (
	ecoPart   = 0
	ecoWhole  = 1 // some source holds the whole of it
	ecoFrozen = 2 // a release of which nobody writes any more
)

// frozenAfter is how long a release of a distribution may be without a record, while
// its source goes on with others, before it counts as one that nobody looks after. A
// release in support gets some every week, by all of the sources that are read.
const frozenAfter = 365 * 24 * time.Hour

// ecosystemSection is the name of each ecosystem with a flag before it. Statements
// about products never cover.
func (w *writer) ecosystemSection(list []Coverage) []byte {
	newest := make(map[string]time.Time) // by source
	for _, c := range list {
		if c.Newest.After(newest[c.Source]) {
			newest[c.Source] = c.Newest
		}
	}
	flags := make(map[string]byte)
	for _, c := range list {
		switch {
		case c.Partial || isStatement(c.Source):
		case isRelease(c.Ecosystem) && newest[c.Source].Sub(c.Newest) > frozenAfter:
			if flags[c.Ecosystem] == ecoPart {
				flags[c.Ecosystem] = ecoFrozen
			}
		default:
			flags[c.Ecosystem] = ecoWhole
		}
	}
	var b []byte
	for _, e := range w.ecosystems {
		b = appendText(append(b, flags[e]), e)
	}
	return b
}

// isRelease reports whether an ecosystem is a release of a distribution.
func isRelease(e string) bool {
	if baseOf(e) == e {
		return false
	}
	switch newEncoder(e).scheme {
	case pkgver.Deb, pkgver.RPM, pkgver.APK:
		return true
	}
	return false
}
