// Package syscollector reads the inventory that Wazuh's agents take of their
// machines: the messages of agents of versions 4 and 5, answers of the manager's
// interface (/syscollector/{agent}/packages and its like), and documents of the
// indexer (wazuh-states-inventory-*).
//
// Messages of agents do not name their machine, so the person does, unless the
// file brings its system or hardware too.
package syscollector

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/jsonsafe"
	"github.com/asepsis/asepsis/internal/collect/lines"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/fact"
)

// Importer reads Wazuh's inventories. It knows these options: "asset", a host
// name or another key of the machine, for files that do not name it; "distro", its
// distribution, such as debian-12, where the file does not say it.
type Importer struct{}

var _ collect.Importer = Importer{}

const (
	format = "syscollector"
	// maxMachines bounds the agents of a file.
	maxMachines = 20_000
)

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: format, Title: "Wazuh inventory (syscollector)", Extensions: []string{".json", ".log", ".gz"},
		Gives:  "machines with their software, updates, listening services, accounts, hardware and addresses",
		Stream: "import/wazuh/<kinds of inventory>",
	}
}

// Recognize looks at the first value.
func (Importer) Recognize(_ string, head []byte) int {
	h := bytes.TrimSpace(lines.Head(head))
	if len(h) == 0 || h[0] != '{' && h[0] != '[' {
		return 0
	}
	r := jsonsafe.New(bytes.NewReader(h), collect.DefaultLimits())
	s := &sniffer{parser: &parser{r: r}}
	// The head may end anywhere, so an error is no news.
	_ = s.walk(s.look)
	switch {
	case s.kind != "":
		return 93
	case strings.HasPrefix(s.top["metadata.module"], "syscollector"):
		return 95
	}
	return 0
}

// sniffer stops at the first piece of inventory.
type sniffer struct {
	*parser
	kind string
}

func (s *sniffer) look(_ int, d doc) error {
	if s.kind = kindOf(d); s.kind == "" || s.kind == "agent" {
		return nil
	}
	return errSeen
}

var errSeen = &safe.Fault{Reason: "seen", Mend: "none"}

// Parse reads an inventory.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	p := &parser{in: in, faults: safe.NewFaults(in, format), machines: make(map[string]*machine), kinds: make(map[string]bool), left: make(map[string]int)}
	if err := p.read(ctx); err != nil {
		return nil, safe.Refuse(in, format, err)
	}
	skipped, err := p.faults.Done()
	if err != nil {
		return nil, err
	}
	if len(p.order) == 0 {
		return nil, collect.Refuse(in, format, 0, "the file holds no inventory of Wazuh", "bring a message of an agent, or an answer of the manager to /syscollector")
	}
	b, err := p.batch()
	if err != nil {
		return nil, safe.Refuse(in, format, err)
	}
	return &collect.Parsed{Batch: b, Rows: p.rows, Skipped: skipped}, nil
}

// doc is a piece of inventory: its scalars by their paths. Lists are joined.
type doc map[string]string

// list separates the values of a list.
const list = "\x1f"

func (d doc) get(keys ...string) string {
	for _, k := range keys {
		if v := d[k]; v != "" {
			return v
		}
	}
	return ""
}

func (d doc) all(keys ...string) []string {
	if v := d.get(keys...); v != "" {
		return strings.Split(v, list)
	}
	return nil
}

// machine is an agent's machine.
type machine struct {
	agent string
	host  *reports.Host
	parts []fact.Component
	seen  map[string]bool
	// vendors of RPM packages, by their place among the parts.
	vendors map[int]string
	// The distribution, as its system says.
	id, distro string
	software   bool
	updates    []string
	hasUpdate  map[string]bool
}

type parser struct {
	in     collect.Input
	faults *safe.Faults
	r      *jsonsafe.Reader
	top    doc
	rows   int

	hosts    reports.Hosts
	machines map[string]*machine
	order    []*machine
	kinds    map[string]bool
	left     map[string]int // pieces of kinds that are not taken
	newest   time.Time
	changes  bool // the file holds what changed, and not all there is
	deleted  int
}

func (p *parser) read(ctx context.Context) error {
	src, err := lines.Unpacked(ctx, p.in)
	if err != nil {
		return err
	}
	p.r = jsonsafe.New(src, p.in.Limits)
	n := 0
	for {
		more, err := p.r.More()
		if err != nil {
			return err
		}
		if !more {
			if n == 0 {
				return p.r.Fault("the file is empty", "export it again")
			}
			return nil
		}
		n++
		if err := p.walk(p.take); err != nil {
			return err
		}
	}
}

// walk calls f with each piece of inventory of the next value.
func (p *parser) walk(f func(line int, d doc) error) error {
	k, err := p.r.Kind()
	if err != nil {
		return err
	}
	switch k {
	case jsonsafe.Array:
		return p.r.Array(func() error { return p.value(f) })
	case jsonsafe.Object:
		return p.value(f)
	}
	return p.r.Fault(fmt.Sprintf("%s where an inventory is due", k), "bring the file as Wazuh gives it")
}

// value reads an object: a message with items, an answer with affected items, hits
// of the indexer, or one piece of inventory.
func (p *parser) value(f func(line int, d doc) error) error {
	p.top = doc{}
	line := p.r.Line()
	lists := false
	each := func(prefix string) error {
		lists = true
		return p.r.Array(func() error {
			line := p.r.Line()
			d := doc{}
			if err := p.flatten(d, "", 0); err != nil {
				return err
			}
			return f(line, d)
		})
	}
	err := p.r.Object(func(key string) error {
		k, err := p.r.Kind()
		if err != nil {
			return err
		}
		switch {
		case key == "items" && k == jsonsafe.Array:
			return each("")
		case (key == "data" || key == "hits") && k == jsonsafe.Object:
			return p.r.Object(func(inner string) error {
				k, err := p.r.Kind()
				if err != nil {
					return err
				}
				if (inner == "affected_items" || inner == "hits") && k == jsonsafe.Array {
					return each(inner)
				}
				return p.flat(p.top, key+"."+inner, 1)
			})
		}
		return p.flat(p.top, key, 0)
	})
	if err != nil || lists {
		return err
	}
	return f(line, p.top)
}

const (
	maxKeys  = 300
	maxValue = 1024
)

// flatten reads an object into paths.
func (p *parser) flatten(d doc, prefix string, depth int) error {
	k, err := p.r.Kind()
	if err != nil {
		return err
	}
	if k != jsonsafe.Object || depth > 8 {
		return p.r.Skip()
	}
	return p.r.Object(func(key string) error { return p.flat(d, prefix+key, depth) })
}

// flat reads one value.
func (p *parser) flat(d doc, path string, depth int) error {
	k, err := p.r.Kind()
	if err != nil {
		return err
	}
	if len(d) >= maxKeys {
		return p.r.Skip()
	}
	switch k {
	case jsonsafe.Object:
		return p.flatten(d, path+".", depth+1)
	case jsonsafe.Array:
		var vs []string
		err := p.r.Array(func() error {
			k, err := p.r.Kind()
			if err != nil || k == jsonsafe.Object || k == jsonsafe.Array {
				return err
			}
			v, err := p.r.Brief(maxValue)
			if len(vs) < 100 {
				vs = append(vs, v)
			}
			return err
		})
		d[path] = strings.Join(vs, list)
		return err
	}
	v, err := p.r.Brief(maxValue)
	d[path] = v
	return err
}

// kinds of inventory by what messages, the interface and the indexer call them.
var kindNames = map[string]string{
	"packages": "packages", "program": "packages", "hotfixes": "hotfixes", "hotfix": "hotfixes", "system": "system", "osinfo": "system", "OS": "system",
	"hardware": "hardware", "hwinfo": "hardware", "interfaces": "interfaces", "network_iface": "interfaces", "networks": "networks", "network_address": "networks", "network": "legacy network",
	"ports": "ports", "port": "ports", "users": "users", "browser-extensions": "extensions", "groups": "", "processes": "", "process": "", "services": "", "protocols": "", "network_protocol": "",
}

// legacy gives what a message of the oldest form must hold, by its type.
var legacy = map[string]string{
	"program": "program.name", "hotfix": "hotfix", "hardware": "inventory.board_serial", "OS": "inventory.os_name", "network": "iface.name", "port": "port.local_port",
}

// kindOf tells what a piece of inventory is about; "" if it is none that is taken.
func kindOf(d doc) string {
	for _, key := range []string{"index", "_index"} {
		if _, rest, ok := strings.Cut(d[key], "wazuh-states-inventory-"); ok {
			for name, kind := range kindNames {
				if rest == name || strings.HasPrefix(rest, name+"-") {
					return kind
				}
			}
			return ""
		}
	}
	if name, ok := strings.CutPrefix(d["type"], "dbsync_"); ok {
		return kindNames[name]
	}
	has := func(keys ...string) bool {
		return !slices.ContainsFunc(keys, func(k string) bool { _, ok := d[k]; return !ok })
	}
	// Other tools have types and times too: nuclei calls a finding "network".
	if own, ok := legacy[d["type"]]; ok && has(own, "timestamp") {
		return kindNames[d["type"]]
	}
	scanned := has("agent_id") || has("scan.id") || has("scan.time")
	switch {
	case scanned && has("hotfix"):
		return "hotfixes"
	case scanned && has("name", "version", "format"):
		return "packages"
	case scanned && has("board_serial"):
		return "hardware"
	case scanned && has("os.name"), scanned && has("hostname", "os.version"):
		return "system"
	case scanned && has("mac", "name"):
		return "interfaces"
	case scanned && has("address", "iface"):
		return "networks"
	case scanned && has("local.port"):
		return "ports"
	case has("id", "name", "lastKeepAlive"), has("id", "name", "registerIP"):
		return "agent"
	}
	return ""
}

// take takes a piece of inventory.
func (p *parser) take(line int, d doc) error {
	if p.rows++; p.rows > p.in.Limits.Items {
		return &safe.Fault{Line: line, Reason: fmt.Sprintf("there are more than %d pieces of inventory", p.in.Limits.Items), Mend: "bring fewer machines at a time"}
	}
	kind := kindOf(d)
	if kind == "" {
		p.left[shortKind(d)]++
		return nil
	}
	op := strings.ToLower(d.get("operation"))
	if strings.HasPrefix(op, "delete") {
		p.deleted++
		p.changes = true
		return nil
	}
	if op != "" && p.top["metadata.option"] != "VDFirst" {
		p.changes = true
	}
	p.stamp(d.get("data.state.modified_at", "_source.state.modified_at", "scan.time", "timestamp", "data.scan_time"))
	id := d.get("_source.agent.id", "agent_id", "agent.id")
	if kind == "agent" {
		id = d["id"]
	}
	m := p.machine(id)
	if len(p.order) > maxMachines {
		return &safe.Fault{Line: line, Reason: fmt.Sprintf("there are more than %d machines", maxMachines), Mend: "bring fewer machines at a time"}
	}
	if n := d.get("_source.agent.name", "_source.agent.host.hostname"); n != "" {
		m.host.Name(n)
	}
	if kind != "agent" {
		p.kinds[kind] = true
	}
	m.take(kind, d)
	return nil
}

func shortKind(d doc) string {
	_, name, _ := strings.Cut(d.get("index", "_index"), "wazuh-states-inventory-")
	if name == "" {
		name = d["type"]
	}
	if name == "" {
		name = "unknown"
	}
	return reports.Shorten(name, 40)
}

func (p *parser) stamp(s string) {
	for _, layout := range []string{time.RFC3339Nano, "2006/01/02 15:04:05", "2006-01-02T15:04:05-07:00"} {
		t, err := time.Parse(layout, s)
		if err != nil || t.Year() < 2000 {
			continue
		}
		if t = t.UTC(); t.After(p.in.Now) {
			t = p.in.Now
		}
		if t.After(p.newest) {
			p.newest = t
		}
		return
	}
}

func (p *parser) machine(agent string) *machine {
	m := p.machines[agent]
	if m == nil {
		ref := "machine"
		if agent != "" {
			ref = "agent " + reports.Shorten(agent, 60)
		}
		h, _ := p.hosts.Get(ref)
		m = &machine{agent: agent, host: h, seen: make(map[string]bool), vendors: make(map[int]string)}
		p.machines[agent] = m
		p.order = append(p.order, m)
	}
	return m
}

func (p *parser) batch() (*fact.Batch, error) {
	b := &fact.Batch{Assurance: fact.Imported, ObservedAt: p.in.Observed(p.newest)}
	kinds := slices.Sorted(maps.Keys(p.kinds))
	named := p.in.Options["asset"]
	switch {
	case named == "":
	case len(p.order) != 1:
		return nil, &safe.Fault{Reason: fmt.Sprintf("the file is of %d machines, and one was named", len(p.order)), Mend: "leave out the option asset"}
	case !p.order[0].host.Named(named):
		return nil, &safe.Fault{Reason: fmt.Sprintf("%.60q names no asset", named), Mend: "give a host name, or a key such as serial:4711, as the option asset"}
	}
	if len(kinds) == 0 {
		b.Stream = fact.Stream{ID: "import/wazuh/agents", Title: "agents of Wazuh"}
	} else if p.changes {
		b.Stream = fact.Stream{ID: "import/wazuh/changes", Title: "changes of Wazuh's inventory"}
	} else {
		sum := sha256.Sum256([]byte(strings.Join(kinds, "\n")))
		b.Stream = fact.Stream{ID: "import/wazuh/" + hex.EncodeToString(sum[:4]), Title: "Wazuh: " + strings.Join(kinds, ", "), PerAsset: true}
	}
	for _, m := range p.order {
		m.host.ObservedAt = b.ObservedAt
		m.finish(p.in.Options["distro"], !p.changes)
	}
	p.hosts.Deliver(b)
	there := make(map[string]bool)
	for _, s := range b.Sightings {
		there[s.Ref] = true
	}
	if len(there) == 0 && named == "" {
		return nil, &safe.Fault{Reason: "the file does not say which machine it is of", Mend: "name the machine when you bring it: --option asset=HOSTNAME"}
	}
	for _, m := range p.order {
		if there[m.host.Ref] {
			b.Components = append(b.Components, m.parts...)
		}
	}
	note := func(what, why string) { b.Notes = append(b.Notes, fact.Note{What: what, Why: why}) }
	if p.changes {
		note("changes", "the file holds what changed and not all there is; what it takes away is not taken back. Bring the manager's answer to /syscollector for the whole")
	}
	if p.deleted > 0 {
		note(reports.Count(p.deleted, "piece")+" left out", "taken away on the machine")
	}
	for _, k := range slices.Sorted(maps.Keys(p.left)) {
		note(reports.Count(p.left[k], "piece")+" left out", "about "+k+", which says nothing we take")
	}
	return b, nil
}
