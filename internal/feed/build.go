package feed

import (
	"cmp"
	"context"
	"encoding/json"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/vuln"
	"github.com/asepsis/asepsis/internal/vuln/eol"
)

// secManifest is the section of the manifest.
const secManifest = "manifest"

const manifestFormat = 1

// Build reads the sources and compiles them to one file. The same sources give the
// same file, but for the time. Records and files that cannot be read are in the
// report and in the file; an error is that nothing could be built.
func Build(ctx context.Context, from Sources, o Options) (*Built, error) {
	files, err := list(from.Paths)
	if err != nil {
		return nil, err
	}
	keys, err := readProviders(o.Providers)
	if err != nil {
		return nil, err
	}
	l := newLedger(o.Now)
	b := &builder{
		ledger: l, ctx: ctx, kinds: kinds(), texts: texts(o.Now),
		beside: sidecars(files), providers: keys,
	}
	l.parts = parts()
	if err := b.readAll(files, o); err != nil {
		return nil, err
	}
	return b.compile(o)
}

// readAll reads the files: some goroutines unpack, some parse.
func (b *builder) readAll(files []file, o Options) error {
	workers := o.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	b.work = make(chan *batch, 2*workers)
	todo := make(chan file)
	var readers, parsers sync.WaitGroup
	for range workers {
		parsers.Go(b.run)
	}
	var mu sync.Mutex
	var failed error
	for range workers {
		readers.Go(func() {
			for f := range todo {
				if err := b.readFile(f); err != nil {
					mu.Lock()
					failed = cmp.Or(failed, err)
					mu.Unlock()
				}
			}
		})
	}
	for i, f := range files {
		if b.ctx.Err() != nil {
			break
		}
		if b.beside[f.path] {
			continue
		}
		todo <- f
		if o.Progress != nil {
			b.mu.Lock()
			p := Progress{File: f.name, Files: i + 1, Of: len(files), Records: b.records, Refused: len(b.refused)}
			b.mu.Unlock()
			o.Progress(p)
		}
	}
	close(todo)
	readers.Wait()
	close(b.work)
	parsers.Wait()
	if err := b.ctx.Err(); err != nil {
		return errs.New(errs.Conflict, "the build was stopped: %w", err)
	}
	return failed
}

// compile writes the sections and the manifest.
func (b *builder) compile(o Options) (*Built, error) {
	m := b.manifest()
	if m.Records == 0 {
		return nil, errs.Hint(errs.New(errs.Invalid, "no record could be read; %d were refused, %d files are no feed", m.Refused, len(m.Unused)),
			"docs/feeds.md says how to lay out a folder of sources")
	}
	for _, s := range m.Sources {
		b.compiler.AddSource(vuln.Source{Name: s.Name, Snapshot: s.Snapshot, Partial: s.Partial})
	}
	file := vuln.NewBuilder(o.Now)
	// The sections depend on nothing of one another.
	others := make(chan error, 1)
	go func() {
		var err error
		for _, p := range b.parts {
			err = cmp.Or(err, p.Finish(file))
		}
		others <- cmp.Or(err, eol.Add(file, b.cycles))
	}()
	rep, err := b.compiler.Finish(file)
	if err = cmp.Or(<-others, err); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return nil, errs.New(errs.Internal, "write manifest: %w", err)
	}
	if err := file.Add(secManifest, raw); err != nil {
		return nil, err
	}
	data, err := seal(file.Bytes(), m.Built, o.Key)
	if err != nil {
		return nil, err
	}
	return &Built{Name: fileNameOf(data), Data: data, Report: Report{Manifest: m, Compiled: rep, Refused: b.refused}}, nil
}

func (b *builder) manifest() Manifest {
	slices.SortFunc(b.unused, func(x, y Unused) int { return cmp.Or(strings.Compare(x.File, y.File), strings.Compare(x.Why, y.Why)) })
	b.summarize()
	slices.SortFunc(b.refused, func(x, y advisory.Refused) int {
		return cmp.Or(strings.Compare(x.Source, y.Source), strings.Compare(x.File, y.File), cmp.Compare(x.Line, y.Line),
			strings.Compare(x.Record, y.Record), strings.Compare(x.Why, y.Why))
	})
	m := Manifest{Format: manifestFormat, Built: b.now.UTC().Truncate(time.Second), Records: b.records, Unused: b.unused}
	for name, st := range b.stats {
		m.Refused += st.refused
		s := Source{
			Name: name, Records: st.records, Refused: st.refused, Files: len(st.files),
			Hashed: st.hashed, Signed: st.signed, Unchecked: st.unchecked,
		}
		s.Snapshot = st.newest
		if !st.dated.IsZero() {
			s.Snapshot = st.dated
		}
		if at := b.stated.of(st.files); !at.IsZero() {
			s.Snapshot = at
		}
		s.Snapshot = s.Snapshot.UTC()
		if e := b.extent(name); e.partial {
			s.Partial, s.PartialWhy = true, e.why
		} else {
			s.Limit = e.why
		}
		m.Sources = append(m.Sources, s)
	}
	slices.SortFunc(m.Sources, func(x, y Source) int { return strings.Compare(x.Name, y.Name) })
	return m
}
