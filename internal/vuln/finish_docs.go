package vuln

import (
	"encoding/binary"
	"encoding/json"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/asepsis/asepsis/internal/errs"
)

// blockDocs is how many documents are packed together. More pack better and
// cost more to read one of.
const blockDocs = 128

// maxBlock bounds what a block unpacks to.
const maxBlock = 4 << 20

// documents packs the documents in the order of the advisories, which puts
// alike beside alike. Blocks are packed side by side; each depends on nothing
// but its own documents, so the bytes are the same on any machine.
func (w *writer) documents() error {
	n := (len(w.items) + blockDocs - 1) / blockDocs
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithEncoderCRC(false))
	if err != nil {
		return errs.New(errs.Internal, "pack documents: %w", err)
	}
	defer enc.Close()
	packed := make([][]byte, n)
	var wait sync.WaitGroup
	workers := min(runtime.GOMAXPROCS(0), 8)
	for k := range workers {
		wait.Go(func() {
			var raw []byte
			for i := k; i < n; i += workers {
				raw = raw[:0]
				for j := i * blockDocs; j < min((i+1)*blockDocs, len(w.items)); j++ {
					raw = binary.AppendUvarint(raw, uint64(len(w.items[j].doc)))
					raw = append(raw, w.items[j].doc...)
				}
				packed[i] = enc.EncodeAll(raw, nil)
			}
		})
	}
	wait.Wait()
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
			c = &Coverage{Source: k.source, Ecosystem: k.ecosystem, Snapshot: s.Snapshot, Partial: s.Partial}
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

// ecosystemSection is the name of each ecosystem with a flag before it: 1 where
// some source holds the whole of it. Statements about products never cover.
func (w *writer) ecosystemSection(list []Coverage) []byte {
	whole := make(map[string]bool)
	for _, c := range list {
		if !c.Partial && !isStatement(c.Source) {
			whole[c.Ecosystem] = true
		}
	}
	var b []byte
	for _, e := range w.ecosystems {
		if whole[e] {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
		b = appendText(b, e)
	}
	return b
}
