// Package osquery reads what osquery found on machines: result logs in their
// differential, batch and snapshot forms, answers to distributed queries, and
// dumps of tables by osqueryi --json.
//
// It follows osquery's published schema (osquery.io/schema, 5.x) and its
// documentation of logging; no log of a real fleet was at hand. A log does not say
// which table a query asked, so the name of the query and its columns have to tell.
package osquery

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/jsonsafe"
	"github.com/asepsis/asepsis/internal/collect/lines"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/fact"
)

// Importer reads osquery's results. It knows these options: "asset", a host name
// or another key of the machine, for dumps that do not say where they were made;
// "table", the table a dump of rows is of, where its columns do not show it.
type Importer struct{}

var _ collect.Importer = Importer{}

const (
	format = "osquery"
	// maxRows bounds the rows that one answer may have. A machine with a hundred
	// thousand packages is none.
	maxRows = 100_000
	// maxMachines bounds the machines of a file; a larger fleet brings several.
	maxMachines = 20_000
	maxValue    = 512
)

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: format, Title: "osquery results (logs, osqueryi --json)", Extensions: []string{".log", ".json", ".gz"},
		Gives:  "machines with their software, updates, listening services, accounts, disk encryption and protection",
		Stream: "import/osquery/<its tables>",
	}
}

// Recognize looks at the first values.
func (Importer) Recognize(_ string, head []byte) int {
	h := bytes.TrimSpace(lines.Head(head))
	if len(h) == 0 || h[0] != '{' && h[0] != '[' {
		return 0
	}
	r := jsonsafe.New(bytes.NewReader(h), collect.DefaultLimits())
	s := sniffer{r: r}
	// The head may end anywhere, so an error is no news.
	if h[0] == '[' {
		first := true
		_ = r.Array(func() error {
			if !first {
				return nil
			}
			first = false
			return s.object()
		})
	} else {
		_ = s.object()
	}
	return s.sure()
}

// sniffer gathers what the first value shows.
type sniffer struct {
	r      *jsonsafe.Reader
	keys   []string
	cols   row
	osName bool // a key is that of a table
}

func (s *sniffer) object() error {
	s.cols = row{}
	return s.r.Object(func(key string) error {
		s.keys = append(s.keys, key)
		k, err := s.r.Kind()
		if err != nil {
			return err
		}
		switch k {
		case jsonsafe.Array:
			s.osName = s.osName || tables[key] != nil
		case jsonsafe.String:
			v, err := s.r.Brief(maxValue)
			s.cols[key] = v
			return err
		}
		return nil
	})
}

func (s *sniffer) sure() int {
	has := func(ks ...string) bool {
		return !slices.ContainsFunc(ks, func(k string) bool { return !slices.Contains(s.keys, k) })
	}
	switch {
	case has("hostIdentifier", "name") || has("hostIdentifier", "snapshot") || has("hostIdentifier", "diffResults") || has("hostIdentifier", "columns"):
		return 95
	case has("snapshot", "action") || has("diffResults"):
		return 80
	case has("queries", "statuses"):
		return 85
	case s.osName:
		return 90
	case len(s.keys) > 1 && len(s.cols) == len(s.keys) && tableOf("", s.cols) != "":
		return 70
	}
	return 0
}

// Parse reads results.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	p := &parser{in: in, faults: safe.NewFaults(in, format), machines: make(map[string]*machine), unknown: make(map[string]bool), known: make(map[string]string)}
	if err := p.read(ctx); err != nil {
		return nil, safe.Refuse(in, format, err)
	}
	skipped, err := p.faults.Done()
	if err != nil {
		return nil, err
	}
	if p.rows == 0 {
		return nil, collect.Refuse(in, format, 0, "the file holds no rows", "bring the results of queries that answered; an empty log is not taken as machines without software")
	}
	b, err := p.batch()
	if err != nil {
		return nil, safe.Refuse(in, format, err)
	}
	return &collect.Parsed{Batch: b, Rows: p.rows, Skipped: skipped}, nil
}

// row is a row of a table: the columns that are known, as text.
type row map[string]string

// machine is a host as its results show it.
type machine struct {
	id      string
	names   []string
	queries map[string]*query
	order   []*query
	last    time.Time
}

// query is what a query has answered so far.
type query struct {
	name  string
	table string
	rows  map[string]bool // by what key writes
	order []string
	whole bool // its answer is known from the beginning
}

type parser struct {
	in       collect.Input
	faults   *safe.Faults
	r        *jsonsafe.Reader
	rows     int
	machines map[string]*machine
	order    []*machine
	newest   time.Time

	known   map[string]string // the table of each query
	unknown map[string]bool   // queries of no table that is taken
	removed int               // rows taken away that were never given
}

func (p *parser) read(ctx context.Context) error {
	src, err := lines.Unpacked(ctx, p.in)
	if err != nil {
		return err
	}
	p.r = jsonsafe.New(src, p.in.Limits)
	for n := 0; ; n++ {
		more, err := p.r.More()
		if err != nil {
			return err
		}
		if !more {
			if n == 0 {
				return p.r.Fault("the file is empty", "export it again")
			}
			break
		}
		if err := p.value(); err != nil {
			return err
		}
	}
	return nil
}

// value reads a log entry, a dump of several tables, an answer to distributed
// queries, or a list of rows or of entries.
func (p *parser) value() error {
	k, err := p.r.Kind()
	if err != nil {
		return err
	}
	switch k {
	case jsonsafe.Object:
		return p.entry()
	case jsonsafe.Array:
		return p.list()
	}
	return p.r.Fault(fmt.Sprintf("%s where a result is due", k), "bring osquery's result log, or a table by osqueryi --json")
}

// list reads the rows of a table, or entries of a log in brackets. A row has
// columns that are texts and no name of a host.
func (p *parser) list() error {
	var rows []row
	err := p.r.Array(func() error {
		e, err := p.object()
		if err != nil {
			return err
		}
		if e.isEntry() {
			return p.take(e)
		}
		if len(rows) >= maxRows {
			return p.tooMany()
		}
		rows = append(rows, e.own.known())
		return nil
	})
	if err != nil || len(rows) == 0 {
		return err
	}
	return p.add(p.machine(""), p.in.Options["table"], rows, true)
}

func (p *parser) tooMany() error {
	return p.r.Fault(fmt.Sprintf("an answer has more than %d rows", maxRows), "bring fewer machines or tables at a time")
}

// entry reads an object.
func (p *parser) entry() error {
	e, err := p.object()
	if err != nil {
		return err
	}
	return p.take(e)
}

// entry is an object as it was read: one of a log has the fields below, a dump
// has lists by the names of tables.
type entry struct {
	own         row // its own texts: the columns, where it is a row
	line        int
	columns     row
	snapshot    []row
	added, gone []row
	tables      map[string][]row
	decorations row
	hasSnapshot bool
	hasDiff     bool
}

func (e *entry) isEntry() bool {
	return e.columns != nil || e.hasSnapshot || e.hasDiff || len(e.tables) > 0
}

func (p *parser) object() (*entry, error) {
	e := &entry{own: row{}, line: p.r.Line()}
	err := p.r.Object(func(key string) (err error) {
		k, err := p.r.Kind()
		if err != nil {
			return err
		}
		switch {
		case key == "columns" && k == jsonsafe.Object:
			e.columns, err = p.row()
		case key == "decorations" && k == jsonsafe.Object:
			e.decorations, err = p.row()
		case key == "snapshot":
			e.hasSnapshot = true
			e.snapshot, err = p.rowList()
		case key == "diffResults" && k == jsonsafe.Object:
			e.hasDiff = true
			err = p.r.Object(func(key string) (err error) {
				switch key {
				case "added":
					e.added, err = p.rowList()
				case "removed":
					e.gone, err = p.rowList()
				}
				return err
			})
		case key == "queries" && k == jsonsafe.Object:
			err = p.r.Object(func(name string) error { return p.table(e, name) })
		case k == jsonsafe.Array:
			err = p.table(e, key)
		case k == jsonsafe.Object:
			return nil
		case len(e.own) >= 500:
			return p.r.Fault("an object has more than 500 keys", "bring osquery's results unchanged")
		default:
			e.own[key], err = p.r.Brief(maxValue)
		}
		return err
	})
	return e, err
}

func (p *parser) table(e *entry, name string) error {
	k, err := p.r.Kind()
	if err != nil || k != jsonsafe.Array {
		return err
	}
	rows, err := p.rowList()
	if err != nil || len(e.tables) >= 1000 {
		return err
	}
	if e.tables == nil {
		e.tables = make(map[string][]row)
	}
	e.tables[name] = rows
	return nil
}

// rowList reads a list of rows. An empty one may be written as an empty text.
func (p *parser) rowList() ([]row, error) {
	k, err := p.r.Kind()
	if err != nil {
		return nil, err
	}
	if k != jsonsafe.Array {
		return nil, p.r.Skip()
	}
	var rows []row
	err = p.r.Array(func() error {
		k, err := p.r.Kind()
		if err != nil || k != jsonsafe.Object {
			return err
		}
		if len(rows) >= maxRows {
			return p.tooMany()
		}
		r, err := p.row()
		rows = append(rows, r)
		return err
	})
	return rows, err
}

// row reads the columns that are known.
func (p *parser) row() (row, error) {
	r := row{}
	err := p.r.Object(func(key string) error {
		if !columns[key] {
			return nil
		}
		v, err := p.r.Brief(maxValue)
		r[key] = strings.TrimSpace(v)
		return err
	})
	return r, err
}

// machine finds or makes the host with an identifier.
func (p *parser) machine(id string) *machine {
	m := p.machines[id]
	if m == nil {
		m = &machine{id: id, queries: make(map[string]*query)}
		p.machines[id] = m
		p.order = append(p.order, m)
	}
	return m
}

// take takes an entry.
func (p *parser) take(e *entry) error {
	if !e.isEntry() {
		if len(e.own) > 0 && tableOf("", e.own) != "" { // one row, such as of system_info
			return p.add(p.machine(""), p.in.Options["table"], []row{e.own.known()}, true)
		}
		return p.faults.Add(e.line, "", "the entry holds no results", "bring osquery's result log and not its status log")
	}
	m := p.machine(e.own["hostIdentifier"])
	if len(p.order) > maxMachines {
		return p.r.Fault(fmt.Sprintf("there are more than %d machines", maxMachines), "bring the logs of fewer machines at a time")
	}
	for _, key := range []string{"hostname", "host_name", "computer_name"} {
		if n := e.decorations[key]; n != "" && !slices.Contains(m.names, n) && len(m.names) < 4 {
			m.names = append(m.names, n)
		}
	}
	if n, err := strconv.ParseInt(e.own["unixTime"], 10, 64); err == nil && n > 0 && n < 1<<34 {
		at := time.Unix(n, 0).UTC()
		if at.After(p.in.Now) {
			at = p.in.Now
		}
		if at.After(m.last) {
			m.last = at
		}
		if at.After(p.newest) {
			p.newest = at
		}
	}
	name := e.own["name"]
	// A counter of zero is the first answer, which is whole.
	first := e.own["counter"] == "0"
	switch {
	case e.hasSnapshot:
		m.forget(name)
		return p.add(m, name, e.snapshot, true)
	case e.hasDiff:
		if err := p.remove(m, name, e.gone); err != nil {
			return err
		}
		return p.add(m, name, e.added, first)
	case e.columns != nil && e.own["action"] == "removed":
		return p.remove(m, name, []row{e.columns})
	case e.columns != nil:
		return p.add(m, name, []row{e.columns}, first)
	}
	for _, table := range slices.Sorted(maps.Keys(e.tables)) {
		if err := p.add(m, table, e.tables[table], true); err != nil {
			return err
		}
	}
	return nil
}

func (m *machine) forget(name string) {
	for _, q := range m.order {
		if q.name == name {
			q.rows, q.order = make(map[string]bool), nil
		}
	}
}

// query finds or makes what a query answered about a table.
func (m *machine) query(name, table string, whole bool) *query {
	key := name + "\x00" + table
	q := m.queries[key]
	if q == nil {
		q = &query{name: name, table: table, rows: make(map[string]bool), whole: whole}
		m.queries[key] = q
		m.order = append(m.order, q)
	}
	return q
}

// tableOf is the table of a row; the rows of a query are mostly of one.
func (p *parser) tableOf(name string, r row) string {
	if t, ok := p.known[name]; ok && tables[t].fits(r) && tables[r["source"]] == nil {
		return t
	}
	t := tableOf(name, r)
	if t != "" && name != "" && len(p.known) < 1000 {
		p.known[name] = t
	}
	return t
}

func (p *parser) add(m *machine, name string, rows []row, whole bool) error {
	for _, r := range rows {
		if p.rows++; p.rows > p.in.Limits.Items {
			return p.r.Fault(fmt.Sprintf("there are more than %d rows", p.in.Limits.Items), "bring fewer machines at a time")
		}
		table := p.tableOf(name, r)
		if table == "" {
			if len(p.unknown) < 1000 {
				p.unknown[reports.Shorten(name, 80)] = true
			}
			continue
		}
		q := m.query(name, table, whole)
		k := r.key()
		if !q.rows[k] {
			q.rows[k] = true
			q.order = append(q.order, k)
		}
	}
	return nil
}

func (p *parser) remove(m *machine, name string, rows []row) error {
	for _, r := range rows {
		if p.rows++; p.rows > p.in.Limits.Items {
			return p.r.Fault(fmt.Sprintf("there are more than %d rows", p.in.Limits.Items), "bring fewer machines at a time")
		}
		table := p.tableOf(name, r)
		if table == "" {
			continue
		}
		q := m.query(name, table, false)
		k := r.key()
		if !q.rows[k] {
			p.removed++
			continue
		}
		delete(q.rows, k)
	}
	return nil
}

// known keeps the columns that are known.
func (r row) known() row {
	maps.DeleteFunc(r, func(k, _ string) bool { return !columns[k] })
	return r
}

// key writes a row as one text, which tells rows apart and takes little memory.
func (r row) key() string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(r)) {
		b.WriteString(k)
		b.WriteByte(0)
		b.WriteString(strings.ReplaceAll(r[k], "\x00", ""))
		b.WriteByte(0)
	}
	return b.String()
}

// unkey reads what key wrote.
func unkey(s string) row {
	r := row{}
	f := strings.Split(s, "\x00")
	for i := 0; i+1 < len(f); i += 2 {
		r[f[i]] = f[i+1]
	}
	return r
}

func (p *parser) batch() (*fact.Batch, error) {
	b := &fact.Batch{Assurance: fact.Imported, ObservedAt: p.in.Observed(p.newest)}
	var hosts reports.Hosts
	var parts []fact.Component
	whole := true
	asked := make(map[string]bool)
	for _, m := range p.order {
		if len(m.order) == 0 {
			continue
		}
		for _, q := range m.order {
			whole = whole && q.whole
			asked[q.table] = true
		}
		h, err := p.host(&hosts, m)
		if err != nil {
			return nil, err
		}
		h.ObservedAt = b.ObservedAt
		if !m.last.IsZero() {
			h.ObservedAt = p.in.Observed(m.last)
		}
		parts = append(parts, m.state(h)...)
	}
	tables := slices.Sorted(maps.Keys(asked))
	switch {
	case whole:
		sum := sha256.Sum256([]byte(strings.Join(tables, "\n")))
		b.Stream = fact.Stream{ID: "import/osquery/" + hex.EncodeToString(sum[:4]), Title: "osquery: " + reports.Shorten(strings.Join(tables, ", "), 120), PerAsset: true}
	default:
		b.Stream = fact.Stream{ID: "import/osquery/changes", Title: "osquery: changes"}
	}
	hosts.Deliver(b)
	there := make(map[string]bool)
	for _, s := range b.Sightings {
		there[s.Ref] = true
	}
	for _, c := range parts {
		if there[c.Asset] {
			b.Components = append(b.Components, c)
		}
	}
	note := func(what, why string) { b.Notes = append(b.Notes, fact.Note{What: what, Why: why}) }
	if !whole {
		note("changes", "the log begins in the middle: what was there before it is not known, and what it takes away is not taken back; bring snapshots, or logs from the first answer on")
	}
	if p.removed > 0 {
		note(reports.Count(p.removed, "row"), "taken away without having been given")
	}
	if n := len(p.unknown); n > 0 {
		names := slices.Sorted(maps.Keys(p.unknown))
		note(reports.Count(n, "query", "queries")+" left out", "about tables that say nothing we take, such as "+names[0])
	}
	return b, nil
}

// host names the machine.
func (p *parser) host(hosts *reports.Hosts, m *machine) (*reports.Host, error) {
	named := p.in.Options["asset"]
	ref := m.id
	if ref == "" {
		ref = "machine"
	}
	h, _ := hosts.Get(ref)
	if m.id == "" && named != "" && !h.Named(named) {
		return nil, &safe.Fault{Reason: fmt.Sprintf("%.60q names no asset", named), Mend: "give a host name, or a key such as serial:4711, as the option asset"}
	}
	for _, n := range append(slices.Clone(m.names), m.id) {
		if !uuid(n) {
			h.Name(n)
		}
	}
	if m.id == "" && named == "" && !m.asked("system_info") {
		return nil, &safe.Fault{Reason: "the rows do not say which machine they are of", Mend: "add the table system_info, or name the machine when you bring the file: --option asset=HOSTNAME"}
	}
	return h, nil
}

func (m *machine) asked(table string) bool {
	return slices.ContainsFunc(m.order, func(q *query) bool { return q.table == table && len(q.rows) > 0 })
}

// uuid reports an identifier of hardware or of a configuration, which is no name.
func uuid(s string) bool {
	return len(s) == 36 && strings.Count(s, "-") == 4 && strings.Trim(strings.ToLower(s), "0123456789abcdef-") == ""
}
