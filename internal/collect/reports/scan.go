package reports

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/asset"
	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/fact"
)

// Scan gathers what one report of a vulnerability scanner says and makes a batch
// of it.
//
// The batch speaks of each asset as a whole: what the next report of the same
// tool leaves out of an asset is gone. Where a scan failed or saw an asset in
// part, [Scan.Partial] keeps what was known of it. A report without findings is
// a scan that has taken place.
type Scan struct {
	In     collect.Input
	Format string // id of the format: "trivy"
	Tool   string // as people call it: "Trivy"
	// Stream names what the report is of where the tool makes several reports of
	// one asset that do not replace each other, such as scans by other policies.
	Stream string
	// Version of the tool.
	Version string
	// Inside says that the tool looks at the software itself, or signed in.
	Inside bool
	// Narrow says that the tool tests one thing, such as TLS or a baseline: the asset
	// does not count as scanned for vulnerabilities.
	Narrow bool
	// Scope is what the scan is recorded as where addresses do not tell: "application".
	Scope string

	hosts  Hosts
	marks  map[*Host]*mark
	faults *safe.Faults
	notes  []fact.Note
	rows   int
	found  int
	same   int
	left   map[string]int // findings by why they are left out
	aside  map[string]int // other things by their noun
	at     time.Time
	named  *Host
	held   []Found
}

// mark is what the scan itself says of a host.
type mark struct {
	at      time.Time
	partial string   // why the scan did not see all of it
	ports   []string // the only ports it looked at; none for all of the host
	loose   bool     // called after the file: the next file of the name may be of something else
}

// NewScan begins a report of the format.
func NewScan(in collect.Input, format, tool string) *Scan {
	return &Scan{
		In: in, Format: format, Tool: tool, faults: safe.NewFaults(in, format), marks: map[*Host]*mark{}, left: map[string]int{}, aside: map[string]int{},
	}
}

// Run reads a report: read fills the scan, and its faults become a refusal.
func (s *Scan) Run(read func() error) (*collect.Parsed, error) {
	if err := read(); err != nil {
		return nil, safe.Refuse(s.In, s.Format, err)
	}
	return s.done()
}

// At says that the scan ran at a time; the newest counts.
func (s *Scan) At(t time.Time) {
	if t.After(s.In.Now) {
		t = s.In.Now // a scanner whose clock runs ahead
	}
	if t.After(s.at) {
		s.at = t
	}
}

// HostAt says when the scan of one host ended.
func (s *Scan) HostAt(h *Host, t time.Time) {
	s.At(t)
	if t.After(s.In.Now) {
		t = s.In.Now
	}
	if m := s.mark(h); t.After(m.at) {
		m.at = t
	}
}

func (s *Scan) mark(h *Host) *mark {
	m := s.marks[h]
	if m == nil {
		m = &mark{}
		s.marks[h] = m
	}
	return m
}

// Partial says that the scan did not see all of the host, and why: what it leaves
// out stays as it was. Without a host it is all of them.
func (s *Scan) Partial(h *Host, why string) {
	if m := s.mark(h); m.partial == "" {
		m.partial = why
	}
}

// Keep says that it is not known how much of the host the scan looked at: what it
// leaves out stays as it was, although the scan counts as one.
func (s *Scan) Keep(h *Host, why string) {
	s.mark(h).loose = true
	if n := (fact.Note{What: "findings of earlier reports", Why: why + "; those that it leaves out stay open"}); !slices.Contains(s.notes, n) {
		s.Note(n.What, n.Why)
	}
}

// Port says that the scan looked at this port of the host, and at no others than
// those it names so: what is known of other ports stays as it was.
func (s *Scan) Port(h *Host, port int, transport string) {
	m := s.mark(h)
	if k := portKey(port, transport); !slices.Contains(m.ports, k) && len(m.ports) < 1000 {
		m.ports = append(m.ports, k)
	}
}

// Note says what the report does not tell.
func (s *Scan) Note(what, why string) {
	if len(s.notes) < 100 {
		s.notes = append(s.notes, fact.Note{What: what, Why: why})
	}
}

// Leave counts an entry that is no finding to act on, with the reason.
func (s *Scan) Leave(why string) error {
	s.left[why]++
	return s.count()
}

// Aside counts things of the report that are no vulnerabilities and are left out.
func (s *Scan) Aside(noun string, n int) {
	if n > 0 {
		s.aside[noun] += n
	}
}

// Count counts an entry that is no vulnerability and is taken as something else.
func (s *Scan) Count() error { return s.count() }

func (s *Scan) count() error {
	if s.rows++; s.rows > s.In.Limits.Items {
		return s.tooMany()
	}
	return nil
}

func (s *Scan) tooMany() error {
	return &safe.Fault{Reason: fmt.Sprintf("there are more than %d findings", s.In.Limits.Items), Mend: "export fewer targets at a time"}
}

// Bad notes an entry that cannot be read.
func (s *Scan) Bad(n *Node, column, reason, mend string) error {
	if err := s.count(); err != nil {
		return err
	}
	return s.faults.Add(n.line, column, reason, cmp.Or(mend, "export the report again"))
}

// asked is the asset that the person named when bringing the file, if they did.
func (s *Scan) asked() *Host {
	want := s.In.Options["asset"]
	if s.named != nil || want == "" {
		return s.named
	}
	h, isNew := s.hosts.Get("asset " + want)
	if isNew && !h.Named(want) {
		s.Note("asset "+Shorten(want, 80), "this names no asset; name it by its host name, or by serial:, tag: or another key")
		h.Key(asset.Tag, "sbom:"+Slug(want))
		h.Set("name", Shorten(want, 200))
	}
	s.mark(h)
	s.named = h
	return h
}

// Machine returns the device with these names, addresses or hardware addresses;
// the first names it within the report.
func (s *Scan) Machine(names ...string) *Host {
	names = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return strings.TrimSpace(n) == "" })
	if len(names) == 0 {
		return s.File()
	}
	h, _ := s.hosts.Get(Shorten(strings.ToLower(hostOf(names[0])), 250))
	s.mark(h)
	for _, n := range names {
		n = hostOf(n)
		if !h.Address(n) && !(strings.Count(n, ":") == 5 && h.MAC(n)) {
			h.Name(n)
		}
	}
	return h
}

// Ref returns the host of that name in the report, without any key.
func (s *Scan) Ref(ref string) *Host {
	h, _ := s.hosts.Get(Shorten(ref, 250))
	s.mark(h)
	return h
}

// hostOf takes the host out of an address of the web and of host:port.
func hostOf(s string) string {
	s = strings.TrimSpace(s)
	if _, rest, ok := strings.Cut(s, "://"); ok {
		s, _, _ = strings.Cut(rest, "/")
		if i := strings.LastIndexByte(s, '@'); i >= 0 {
			s = s[i+1:]
		}
	}
	s, _, _ = strings.Cut(s, "/")
	if a, err := netip.ParseAddrPort(s); err == nil {
		return a.Addr().String()
	}
	if strings.Count(s, ":") == 1 {
		s, _, _ = strings.Cut(s, ":")
	}
	return strings.Trim(s, "[]")
}

// Image returns the application that a container image is. It is known by its
// name with tag, "image:nginx:1.27", so that the next build of the same name
// takes its place; by its digest where it has no name.
func (s *Scan) Image(name, digest string) *Host {
	ref := ImageName(name)
	if ref == "" {
		ref = ImageName(digest)
	}
	if ref == "" {
		return s.File()
	}
	h := s.app("image:"+ref, Shorten(ref, 200))
	h.Set("virtual", true)
	return h
}

// ImageName brings the name of a container image to the form in which images are
// compared: without the registry that is meant where none is given, and with the
// tag that is.
func ImageName(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	if name == "" || strings.ContainsAny(name, " \t\n") || len(name) > 240 {
		return ""
	}
	for _, p := range []string{"docker://", "docker:", "registry:", "index.docker.io/", "docker.io/", "registry-1.docker.io/", "library/"} {
		name = strings.TrimPrefix(name, p)
	}
	ref, digest, pinned := strings.Cut(name, "@")
	if i := strings.LastIndexByte(ref, ':'); i > strings.LastIndexByte(ref, '/') && !strings.HasPrefix(ref, "sha256:") {
		return ref // a tag says more to people than the digest beside it
	}
	if pinned && digest != "" {
		return ref + "@" + digest
	}
	if strings.HasPrefix(ref, "sha256:") {
		return ref
	}
	return ref + ":latest"
}

// App returns the application of a name: a project, a repository, a folder. A
// bill of materials of the same name is the same asset.
func (s *Scan) App(name string) *Host {
	name = strings.TrimSpace(name)
	if name == "" || name == "." || name == "/" {
		return s.File()
	}
	return s.app("sbom:"+Slug(name), Shorten(name, 200))
}

func (s *Scan) app(tag, name string) *Host {
	if h := s.asked(); h != nil {
		return h
	}
	h, isNew := s.hosts.Get(tag)
	if isNew {
		h.Key(asset.Tag, tag)
		h.Set("name", name)
		h.Set("class", string(asset.Application))
	}
	s.mark(h)
	return h
}

// File returns the application that is called after the file, for reports that
// do not say what they are of.
func (s *Scan) File() *Host {
	if h := s.asked(); h != nil {
		return h
	}
	base := path.Base(strings.ReplaceAll(s.In.Name, `\`, "/"))
	base = strings.TrimSuffix(base, path.Ext(base))
	if !slices.ContainsFunc(s.notes, func(n fact.Note) bool { return n.What == "what the report is of" }) {
		s.Note("what the report is of", "it does not say; its findings are on an application called after the file, and stay open if a later file leaves them out. Name the asset when you bring it")
	}
	h := s.app("sbom:"+Slug(s.Format+" "+base), Shorten(base, 200))
	s.mark(h).loose = true
	return h
}

func (s *Scan) done() (*collect.Parsed, error) {
	skipped, err := s.faults.Done()
	if err != nil {
		return nil, err
	}
	id, title := "import/"+s.Format, s.Tool
	if s.Stream != "" && s.Stream != s.Tool {
		title += " " + Shorten(s.Stream, 120)
	}
	if s.Stream != "" {
		id = id + "/" + Slug(s.Stream)
	}
	b := &fact.Batch{
		Stream: fact.Stream{ID: id, Title: title, PerAsset: true}, Assurance: fact.Imported, ObservedAt: s.In.Observed(s.at),
	}
	for _, h := range s.hosts.All() {
		s.finish(h)
	}
	s.hosts.Deliver(b)
	s.keep(b)
	b.Facts = append(b.Facts, s.activities(b)...)
	b.Notes = append(b.Notes, s.notes...)
	if len(b.Sightings) == 0 && len(s.hosts.All()) == 0 {
		b.Notes = append(b.Notes, fact.Note{What: "what was scanned", Why: "the report names nothing, so it says of no asset that it is clean"})
	}
	if s.same > 0 {
		b.Notes = append(b.Notes, fact.Note{What: Count(s.same, "finding") + " listed again", Why: "the report states them more than once in the same place"})
	}
	for _, w := range slices.Sorted(maps.Keys(s.left)) {
		b.Notes = append(b.Notes, fact.Note{What: Count(s.left[w], "entry", "entries") + " left out", Why: w})
	}
	for _, w := range slices.Sorted(maps.Keys(s.aside)) {
		b.Notes = append(b.Notes, fact.Note{What: Count(s.aside[w], w) + " left out", Why: "not a vulnerability of software"})
	}
	return &collect.Parsed{Batch: b, Rows: s.rows, Skipped: skipped}, nil
}

// undated is why it is not known when a scan ran.
const undated = "the report does not say when the scan ran"

func (s *Scan) finish(h *Host) {
	m := s.mark(h)
	if all := s.marks[nil]; all != nil {
		m.partial = cmp.Or(m.partial, all.partial)
	}
	at := m.at
	if at.IsZero() {
		at = s.at
	}
	if !at.IsZero() || !s.In.ObservedAt.IsZero() {
		h.ObservedAt = s.In.Observed(at)
	}
	switch dated := !at.IsZero() || !s.In.ObservedAt.IsZero() || !s.In.ModTime.IsZero(); {
	case s.Narrow:
	case m.partial != "":
		h.Lack("scanned_at", "the scan was not complete: "+Shorten(m.partial, 200))
	case dated:
		h.Set("scanned_at", s.In.Observed(at))
	default:
		h.Lack("scanned_at", undated)
	}
	if s.Inside {
		h.Set("scan_credentialed", true)
	}
	for i := range h.Facts {
		h.Facts[i].ObservedAt = h.ObservedAt
	}
}

// keep tells the store which assets the scan saw in part.
func (s *Scan) keep(b *fact.Batch) {
	first, n := "", 0
	for i := range b.Sightings {
		h, _ := s.hosts.Get(b.Sightings[i].Ref)
		why := s.mark(h).partial
		if why != "" {
			first, n = cmp.Or(first, why), n+1
		}
		switch m := s.mark(h); {
		case why != "" || m.loose:
			b.Sightings[i].Keeps = []fact.Kept{{}}
		case len(m.ports) > 0:
			var flaws []string
			for _, p := range m.ports {
				flaws = append(flaws, s.Format+":"+p+":")
			}
			b.Sightings[i].Keeps = []fact.Kept{{Kind: fact.KindVulnerability, Unless: flaws}, {Kind: fact.KindEndpoint, Unless: m.ports}}
		}
	}
	if n > 0 {
		b.Notes = append(b.Notes, fact.Note{
			What: "the scan of " + Count(n, "asset") + " is not complete", Why: Shorten(first, 300) + "; findings that it leaves out stay open",
		})
	}
}

// activities states that the scan took place, once for each scope.
func (s *Scan) activities(b *fact.Batch) []fact.Fact {
	if s.Narrow {
		return nil
	}
	scopes := s.hosts.Scopes()
	if o := cmp.Or(s.In.Options["scope"], s.Scope); o != "" {
		scopes = map[string]int{o: len(b.Sightings)}
	} else if len(scopes) == 0 {
		scopes = map[string]int{"application": len(b.Sightings)}
	}
	var out []fact.Fact
	for _, scope := range []string{Internal, External, "application", s.In.Options["scope"]} {
		n := scopes[scope]
		if n == 0 || s.at.IsZero() && s.In.ObservedAt.IsZero() {
			continue
		}
		delete(scopes, scope)
		f := fact.Fact{
			Kind: fact.KindActivity, Key: fmt.Sprintf("%s/%s/%s", strings.TrimPrefix(b.Stream.ID, "import/"), b.ObservedAt.Format(time.DateOnly), scope),
			Values: fact.Values{
				"type": "vulnerability_scan", "title": b.Stream.Title, "performed_at": b.ObservedAt,
				"performer": strings.TrimSpace(s.Tool + " " + Shorten(s.Version, 60)), "scope": scope, "assets": int64(n), "findings": int64(s.found),
			},
		}
		if s.Inside {
			f.Values["credentialed"] = true
		}
		out = append(out, f)
	}
	return out
}
