// Package host reads the machine it runs on: what it is, what is installed on
// it, who may sign in, what listens, and how it is protected.
//
// The collector changes nothing on the machine. It reads files, asks the
// kernel, runs a few programs of the operating system that only print, and
// opens connections to the machine's own listening ports. Without root it reads
// what everybody may read and says what it could not see and why.
//
// Parsers are pure functions of bytes in the packages below this one; this
// package decides what to read and what it means. docs/collectors/host.md
// lists every source, the right it needs and what is never read.
package host

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/pkgdb"
	"github.com/asepsis/asepsis/internal/errs"
	"github.com/asepsis/asepsis/internal/fact"
)

// Options say how to collect. The zero value reads this machine.
type Options struct {
	// Root is the folder that stands for "/". With any other than "/", files
	// alone are read: no program is run, no connection is opened, and the
	// kernel of this machine is not asked about another.
	Root string
	// Timeout bounds the whole collection; 0 means DefaultTimeout.
	Timeout time.Duration
	// CommandTimeout bounds one program; 0 means DefaultCommandTimeout.
	CommandTimeout time.Duration
	// ProbeTimeout bounds all connections to listening ports together; 0 means DefaultProbeTimeout.
	ProbeTimeout time.Duration
	// WalkTimeout bounds the search for language packages; 0 means DefaultWalkTimeout.
	WalkTimeout time.Duration
	// NoProbe opens no connection to listening ports.
	NoProbe bool
	// Runner runs programs; nil means the operating system's own, or none with
	// a Root other than "/".
	Runner Runner
}

// The defaults of Options.
const (
	DefaultTimeout        = 60 * time.Second
	DefaultCommandTimeout = 8 * time.Second
	DefaultProbeTimeout   = 3 * time.Second
	DefaultWalkTimeout    = 3 * time.Second
)

// Collector reads this machine. It is safe for use by many goroutines.
type Collector struct{ opts Options }

var _ collect.Collector = (*Collector)(nil)

// New returns a collector. It reads nothing yet.
func New(o Options) *Collector {
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	def(&o.Timeout, DefaultTimeout)
	def(&o.CommandTimeout, DefaultCommandTimeout)
	def(&o.ProbeTimeout, DefaultProbeTimeout)
	def(&o.WalkTimeout, DefaultWalkTimeout)
	if o.Runner == nil {
		if NewTree(o.Root).Live() {
			o.Runner = commandRunner{timeout: o.CommandTimeout}
		} else {
			o.Runner = noRunner{}
		}
	}
	return &Collector{opts: o}
}

// Name implements [collect.Collector].
func (c *Collector) Name() string { return "host" }

// step is one part of the collection. Steps run side by side, each writes to a
// section of its own, and no step depends on what another found.
type step struct {
	name string
	run  func(context.Context, *machine, *section)
}

// Collect implements [collect.Collector].
func (c *Collector) Collect(ctx context.Context, now time.Time, progress func(string)) (*fact.Batch, error) {
	ctx, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	defer cancel()
	if progress == nil {
		progress = func(string) {}
	}
	m := &machine{opts: c.opts, tree: NewTree(c.opts.Root), runner: c.opts.Runner, now: now.UTC(), root: os.Geteuid() == 0}
	m.dpkg = sync.OnceValues(func() ([]pkgdb.Package, error) { return dpkgPackages(m.tree) })
	m.programs = sync.OnceValue(func() running { return programs(m.tree) })
	steps := stepsFor(m)
	sections := make([]*section, len(steps))
	var wg sync.WaitGroup
	var mu sync.Mutex // progress is called by one goroutine at a time
	slots := make(chan struct{}, 4)
	for i, s := range steps {
		sections[i] = newSection()
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			mu.Lock()
			progress(s.name)
			mu.Unlock()
			runStep(ctx, s, m, sections[i])
		})
	}
	wg.Wait()
	b, err := m.batch(sections)
	if err != nil && ctx.Err() != nil {
		return nil, fmt.Errorf("read this machine: %w", ctx.Err())
	}
	return b, err
}

// runStep keeps a fault of one step from costing the facts of all others.
func runStep(ctx context.Context, s step, m *machine, sec *section) {
	defer func() {
		if p := recover(); p != nil {
			sec.note(s.name, fmt.Sprintf("failed inside the collector: %v", p))
		}
	}()
	if err := ctx.Err(); err != nil {
		sec.note(s.name, why(err))
		return
	}
	s.run(ctx, m, sec)
}

// batch joins the sections in a fixed order, so that equal machines give equal batches.
func (m *machine) batch(sections []*section) (*fact.Batch, error) {
	all := newSection()
	for _, s := range sections {
		all.join(s)
	}
	if all.identity == "" {
		return nil, errs.Hint(errs.New(errs.Unsupported, "this machine has no machine id, serial number, hardware address or name to know it by"),
			"give it a host name, or run systemd-machine-id-setup")
	}
	name, _ := all.values["name"].(string)
	if name == "" {
		name = "this machine"
	}
	sortKeys(all.keys)
	s := fact.Sighting{Ref: ref, Keys: slices.Compact(all.keys), Values: all.values, Missing: all.missing}
	for attr := range s.Values {
		delete(s.Missing, attr)
	}
	slices.SortStableFunc(all.facts, func(a, b fact.Fact) int {
		if c := strings.Compare(string(a.Kind), string(b.Kind)); c != 0 {
			return c
		}
		return strings.Compare(a.Key, b.Key)
	})
	return &fact.Batch{
		Stream:     fact.Stream{ID: "host/" + all.identity, Title: "host collector on " + name, Snapshot: true},
		Assurance:  fact.Measured,
		ObservedAt: m.now,
		Sightings:  []fact.Sighting{s},
		Facts:      all.facts,
		Components: sortComponents(all.components),
		Notes:      dedupeNotes(all.notes),
	}, nil
}

func sortKeys(ks []asset.Key) {
	slices.SortFunc(ks, func(a, b asset.Key) int {
		if a.Type != b.Type {
			return a.Type.Rank() - b.Type.Rank()
		}
		return strings.Compare(a.Value, b.Value)
	})
}
