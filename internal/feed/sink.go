package feed

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/feed/record"
	"github.com/asepsis/asepsis/internal/vuln"
)

// part compiles a section of its own from what the readers read. Its methods may be
// called from many goroutines, and keep nothing of what they are given.
type part interface {
	Add(a *advisory.Advisory)
	Finish(b *vuln.Builder) error
}

// stat is what is known of a source.
type stat struct {
	records, refused int
	files            map[string]bool
	newest           time.Time // last change of a record
	dated            time.Time // as its documents state
	checks
}

// container is what was published as one: an archive, a file of lines, a folder of
// documents. Whether it is the whole of an ecosystem is told by what all of its
// records have in common.
type container struct {
	total    int
	count    map[string]int // records by source
	families map[family]int // advisories by source and the letters their ids begin with
	refused  int
	broken   bool // it could not be read to its end
}

// family is the part of an id that names who gave it, of a source: GHSA, PYSEC.
type family struct{ source, name string }

// ledger counts for all readers.
type ledger struct {
	now        time.Time
	compiler   *vuln.Compiler
	parts      []part
	cycles     []advisory.Cycle
	stats      map[string]*stat
	containers map[string]*container
	refused    []advisory.Refused
	records    int
	unused     []Unused
	listed     map[string]int    // refused records that are listed, by file
	unlisted   map[[2]string]int // and those that are only counted, by source and file
	stated     stated
	mu         sync.Mutex
}

func newLedger(now time.Time) *ledger {
	return &ledger{
		now: now, compiler: vuln.NewCompiler(), stats: make(map[string]*stat), containers: make(map[string]*container),
		listed: make(map[string]int), unlisted: make(map[[2]string]int),
	}
}

func (l *ledger) stat(source string) *stat {
	s := l.stats[source]
	if s == nil {
		s = &stat{files: make(map[string]bool)}
		l.stats[source] = s
	}
	return s
}

// sink takes what one reader reads of one file, and hands the counts over when
// the reader is done with a batch. It is used by one goroutine.
type sink struct {
	l         *ledger
	file      string // for people
	container string
	line      int    // of the document
	name      string // of the document within its archive

	current []string // sources of the advisories since the last record was counted
	count   map[string]*tally
	total   int

	families map[family]int
	refusals int  // records that were refused
	broken   bool // what the container is could not be read to its end

	exploited  []advisory.Exploited
	likelihood []advisory.Likelihood
	points     []advisory.Points
	cycles     []advisory.Cycle
	refused    []advisory.Refused
	hadKEV     bool
	checks     checks
}

// tally counts a batch.
type tally struct {
	checks
	done, refused, contained int
	newest, dated            time.Time
}

func (s *sink) tally(source string) *tally {
	t := s.count[source]
	if t == nil {
		if s.count == nil {
			s.count = make(map[string]*tally)
		}
		t = new(tally)
		s.count[source] = t
	}
	return t
}

var _ record.Sink = (*sink)(nil)

func (s *sink) Advisory(a *advisory.Advisory) {
	if !slices.Contains(s.current, a.Source) {
		s.current = append(s.current, a.Source)
	}
	if name, _, ok := strings.Cut(a.ID, "-"); ok && len(name) <= 10 && strings.HasPrefix(a.Source, "osv/") {
		if s.families == nil {
			s.families = make(map[family]int)
		}
		s.families[family{a.Source, name}]++
	}
	t := s.tally(a.Source)
	// A date of the future is a mistake: it must not make a source look fresh.
	if a.Modified.After(t.newest) && !a.Modified.After(s.l.now) {
		t.newest = a.Modified
	}
	s.l.compiler.Add(a)
	for _, p := range s.l.parts {
		p.Add(a)
	}
}

func (s *sink) Exploited(e advisory.Exploited)   { s.exploited = append(s.exploited, e) }
func (s *sink) Likelihood(l advisory.Likelihood) { s.likelihood = append(s.likelihood, l) }
func (s *sink) Points(p advisory.Points)         { s.points = append(s.points, p) }
func (s *sink) Cycle(c advisory.Cycle)           { s.cycles = append(s.cycles, c) }

func (s *sink) Dated(source string, at time.Time) {
	if source == record.KEV {
		s.hadKEV = true // an empty catalog is a catalog
	}
	if t := s.tally(source); at.After(t.dated) && !at.After(s.l.now) {
		t.dated = at
	}
}

func (s *sink) Done(source string) {
	t := s.tally(source)
	t.done++
	t.checks.add(s.checks)
	s.total++
	for _, c := range s.current {
		s.tally(c).contained++
	}
	s.current = s.current[:0]
}

func (s *sink) Refuse(source string, line int, id, why string) {
	s.tally(source).refused++
	s.total++
	s.refusals++
	s.current = s.current[:0]
	switch {
	case s.line > 0 && line > 0:
		line += s.line - 1
	case s.line > 0:
		line = s.line
	}
	file := s.file
	if s.name != "" {
		file += ":" + s.name
	}
	s.refused = append(s.refused, advisory.Refused{
		Source: source, File: file, Line: line, Record: record.Cut(id, 200), Why: record.Cut(why, 400),
	})
}

// maxListed bounds the refused records of one file that are listed one by one. A table
// of the wrong form would fill the feed with its lines.
const maxListed = 5000

// refuse lists a record. The caller holds the lock.
func (l *ledger) refuse(r advisory.Refused) {
	l.refused = append(l.refused, r)
	l.compiler.Refuse(r)
}

// summarize lists how many records were refused beyond those that are listed.
func (l *ledger) summarize() {
	for k, n := range l.unlisted {
		l.refuse(advisory.Refused{Source: k[0], File: k[1], Why: fmt.Sprintf("%d more records of this file were refused; the first %d are listed", n, maxListed)})
	}
	if extra := len(l.unused) - maxUnused; extra > 0 {
		l.unused = append(l.unused[:maxUnused], Unused{Records: extra, Why: "further files that are no feed, not listed one by one"})
	}
}

// maxUnused bounds the files that are listed as no feed, as of a folder of programs
// that somebody named by mistake.
const maxUnused = 2000

// flush hands the counts over.
func (s *sink) flush() {
	l := s.l
	if len(s.exploited) > 0 || s.hadKEV {
		l.compiler.Exploited(record.KEV, s.exploited)
	}
	if len(s.likelihood) > 0 {
		l.compiler.Likelihood(record.EPSS, s.likelihood)
	}
	if len(s.points) > 0 {
		l.compiler.Points(record.SSVC, s.points)
	}
	l.mu.Lock()
	l.cycles = append(l.cycles, s.cycles...)
	for _, r := range s.refused {
		if l.listed[s.file]++; l.listed[s.file] > maxListed {
			l.unlisted[[2]string{r.Source, s.file}]++
			continue
		}
		l.refuse(r)
	}
	c := l.containers[s.container]
	if c == nil {
		c = &container{count: make(map[string]int), families: make(map[family]int)}
		l.containers[s.container] = c
	}
	c.total += s.total
	c.refused += s.refusals
	c.broken = c.broken || s.broken
	for f, n := range s.families {
		c.families[f] += n
	}
	for source, t := range s.count {
		st := l.stat(source)
		st.records += max(t.done, t.contained)
		st.checks.add(t.checks)
		st.refused += t.refused
		l.records += t.done
		st.files[s.file] = true
		c.count[source] += t.contained
		if t.newest.After(st.newest) {
			st.newest = t.newest
		}
		if t.dated.After(st.dated) {
			st.dated = t.dated
		}
	}
	l.mu.Unlock()
	*s = sink{l: l, file: s.file, container: s.container, current: s.current[:0], checks: s.checks}
}
