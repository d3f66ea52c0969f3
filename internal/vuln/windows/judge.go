package windows

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/pkgver"
	"github.com/asepsis/asepsis/internal/vuln"
)

// Rollups is the day from which one of several updates for a flaw is enough: the first
// month in which Microsoft shipped the same fixes as a monthly rollup and as a
// security-only update.
var Rollups = time.Date(2016, 10, 11, 0, 0, 0, 0, time.UTC)

// Answer is what the table says of a machine.
type Answer struct {
	Products []string // of the table that were judged
	// Why says why nothing could be assessed; "" where something was.
	Why     string
	Flaws   []Flaw   // every flaw of its products, sorted by id
	Missing []Update // the fewest updates that mend what can be mended, newest first
	// Unknown are installed updates that the table does not have: those without
	// security fixes, and those newer than the table.
	Unknown []string
	// MayBeNewer says that one of Unknown has a higher number than every update of the
	// product in the table. If it is a cumulative update, what is missing here may be in it.
	MayBeNewer bool
}

// Flaw is the answer for one flaw.
type Flaw struct {
	ID        string
	Verdict   vuln.Verdict
	Severity  string // as Microsoft rates it
	Published time.Time
	KBs       []string // NotAffected: what mends it here; Affected: what would
	Why       string   // a sentence
}

// Update is one update that is missing.
type Update struct {
	KB    string
	Flaws []string // those it mends here, itself or by what it replaces
	// Others name updates of the table for these flaws that need not be installed
	// because this one replaces them.
	Others []string
}

// Count returns how many flaws have each verdict.
func (a *Answer) Count() (affected, notAffected, notAssessed int) {
	for i := range a.Flaws {
		switch a.Flaws[i].Verdict {
		case vuln.Affected:
			affected++
		case vuln.NotAffected:
			notAffected++
		default:
			notAssessed++
		}
	}
	return affected, notAffected, notAssessed
}

// need is what one flaw needs on one product and component.
type need struct {
	product, component uint32
	rows               []row
}

// Judge answers for a machine.
func (t *Table) Judge(h Host) Answer {
	s, why := identify(h)
	if why != "" {
		return Answer{Why: why}
	}
	var a Answer
	needs := t.needs(s.names, &a)
	if len(a.Products) == 0 {
		a.Why = "Microsoft's table does not name “" + s.names[0] + "”. It may be too old for updates, or newer than the table."
		return a
	}
	if !h.UpdatesKnown && s.ubr < 0 {
		a.Why = "Which updates are installed is not known. Bring the list of installed updates, or the build with its revision."
	}
	j := judging{t: t, h: h, s: s, have: t.covered(h.Updates)}
	ids := make([]uint32, 0, len(needs))
	for f := range needs {
		ids = append(ids, f)
	}
	slices.Sort(ids)
	a.Flaws = make([]Flaw, 0, len(ids))
	for _, f := range ids {
		a.Flaws = append(a.Flaws, j.flaw(f, needs[f]))
	}
	a.Missing = j.updates()
	t.unknown(h, s, &a)
	return a
}

// needs gathers the rows of the products of a Windows and of what runs on it, by flaw.
func (t *Table) needs(names []string, a *Answer) map[uint32][]need {
	needs := make(map[uint32][]need)
	for p, product := range t.products {
		if !slices.ContainsFunc(names, func(n string) bool { return product == n || strings.HasSuffix(product, " on "+n) }) {
			continue
		}
		a.Products = append(a.Products, product)
		for _, r := range t.rows[p] {
			for _, f := range t.sets[r.set] {
				list := needs[f]
				i := slices.IndexFunc(list, func(n need) bool { return n.product == uint32(p) && n.component == r.component })
				if i < 0 {
					i = len(list)
					list = append(list, need{product: uint32(p), component: r.component})
				}
				list[i].rows = append(list[i].rows, r)
				needs[f] = list
			}
		}
	}
	return needs
}

func (t *Table) unknown(h Host, s system, a *Answer) {
	newest := ""
	for _, product := range a.Products {
		p, _ := slices.BinarySearch(t.products, product)
		for _, r := range t.rows[p] {
			if r.kb > 0 && later(t.kbs[r.kb-1], newest) && isNumber(t.kbs[r.kb-1]) {
				newest = t.kbs[r.kb-1]
			}
		}
	}
	for _, u := range h.Updates {
		if kb := KB(u); kb != "" && isNumber(kb) && !t.Knows(kb) && !slices.Contains(a.Unknown, kb) {
			a.Unknown = append(a.Unknown, kb)
			a.MayBeNewer = a.MayBeNewer || later(kb, newest)
		}
	}
	slices.Sort(a.Unknown)
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// later orders numbers of updates.
func later(a, b string) bool { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) > 0 }

// want is a flaw with updates any one of which mends it.
type want struct {
	flaw uint32
	kbs  []uint32
}

type judging struct {
	t     *Table
	h     Host
	s     system
	have  []bool
	wants []want
}

// mends reports whether the update of a row is in place.
func (j *judging) mends(r row) (by string, ok bool) {
	if r.kb > 0 && j.have[r.kb-1] {
		return j.t.kbs[r.kb-1], true
	}
	if build := j.t.texts[r.build]; build != "" && j.s.ubr >= 0 && sameBuild(build, j.s.build) {
		if c, err := pkgver.Compare(pkgver.Windows, j.s.dotted, build); err == nil && c >= 0 {
			return "build " + build, true
		}
	}
	return "", false
}

// sameBuild reports whether a fixed build is of the same release: revisions of two
// releases say nothing of each other.
func sameBuild(fixed string, build int) bool {
	b, _, _ := BuildOf(fixed)
	return b == build
}

// comparable reports whether anything is known to hold a row against.
func (j *judging) comparable(r row) bool {
	return j.h.UpdatesKnown || j.s.ubr >= 0 && r.build > 0 && j.t.texts[r.build] != "" && sameBuild(j.t.texts[r.build], j.s.build)
}

func (j *judging) flaw(f uint32, needs []need) Flaw {
	t := j.t
	out := Flaw{ID: t.flaws[f], Severity: t.severity[f], Published: t.at[f], Verdict: vuln.NotAffected}
	worst := func(v vuln.Verdict, why string) {
		// Affected outweighs not assessed, which outweighs not affected.
		if out.Verdict == vuln.NotAffected || v == vuln.Affected && out.Verdict == vuln.NotAssessed {
			out.Verdict, out.Why = v, why
		}
	}
	var by, lack []string
	for _, n := range needs {
		heads := t.heads(n.rows)
		if len(heads) == 0 {
			worst(vuln.NotAssessed, "Microsoft names no update for it. Read what Microsoft writes about it.")
			continue
		}
		var open []row
		var mended []string
		for _, r := range heads {
			if m, ok := j.mends(r); ok {
				mended = append(mended, m)
			} else {
				open = append(open, r)
			}
		}
		by = append(by, mended...)
		if len(open) == 0 || len(mended) > 0 && !t.at[f].Before(Rollups) {
			continue
		}
		switch part := j.part(n); {
		case part == "absent":
			continue
		case part != "":
			worst(vuln.NotAssessed, "Whether "+part+" is on the machine is not known. List what is installed on it.")
			continue
		}
		if !slices.ContainsFunc(open, j.comparable) {
			worst(vuln.NotAssessed, "Which updates are installed is not known. Bring the list of installed updates.")
			continue
		}
		lack = append(lack, j.want(f, open)...)
		worst(vuln.Affected, "None of the updates that mend it is installed, nor one that replaces them.")
	}
	if out.KBs = by; out.Verdict != vuln.NotAffected {
		out.KBs = lack
	} else if len(by) > 0 {
		out.Why = "It is mended by what is installed."
	} else {
		out.Why = "What it is in is not on the machine."
	}
	slices.Sort(out.KBs)
	out.KBs = slices.Compact(out.KBs)
	return out
}

// heads are the rows of a need that name an update and that no other of them replaces.
func (t *Table) heads(rows []row) []row {
	var named []row
	for _, r := range rows {
		if r.kb > 0 {
			named = append(named, r)
		}
	}
	if len(named) < 2 {
		return named
	}
	var heads []row
	for _, r := range named {
		if !slices.ContainsFunc(named, func(o row) bool { return o.kb != r.kb && t.replaces(o.kb-1, r.kb-1) && !t.replaces(r.kb-1, o.kb-1) }) {
			heads = append(heads, r)
		}
	}
	return heads
}

// replaces reports whether update a replaces b, directly or through others.
func (t *Table) replaces(a, b uint32) bool {
	seen := map[uint32]bool{a: true}
	for open := []uint32{a}; len(open) > 0; {
		i := open[len(open)-1]
		open = open[:len(open)-1]
		for _, old := range t.over[i] {
			if old == b {
				return true
			}
			if !seen[old] {
				seen[old] = true
				open = append(open, old)
			}
		}
	}
	return false
}

// optional begin the names of what not every Windows has, or has in another version.
var optional = [...]string{
	"microsoft .net framework", ".net framework", "internet explorer", "windows internet explorer", "microsoft internet explorer", "microsoft edge",
	"adobe flash player", "microsoft xml core services", "vbscript", "jscript", "windows media player", "raw image extension",
}

// part returns "" where a need is of Windows itself or of a part that is there, "absent"
// for one that is not, else the name of the part.
func (j *judging) part(n need) string {
	name := ""
	product := j.t.products[n.product]
	if i := strings.Index(product, " on windows"); i >= 0 {
		name = product[:i]
	} else if i := strings.Index(product, " on microsoft windows"); i >= 0 {
		name = product[:i]
	} else if c := fold(j.t.texts[n.component]); slices.ContainsFunc(optional[:], func(o string) bool { return strings.HasPrefix(c, o) }) {
		name = c
	}
	if name == "" || slices.ContainsFunc(j.h.Parts, func(p string) bool { return fold(p) == name }) {
		return ""
	}
	if j.h.PartsKnown {
		return "absent"
	}
	return name
}

// want notes what would mend a flaw: any one of the updates, or all, by its day.
func (j *judging) want(f uint32, open []row) (kbs []string) {
	any := want{flaw: f}
	for _, r := range open {
		if r.kb == 0 {
			continue
		}
		kbs = append(kbs, j.t.kbs[r.kb-1])
		if any.kbs = append(any.kbs, r.kb-1); j.t.at[f].Before(Rollups) {
			j.wants = append(j.wants, any)
			any.kbs = nil
		}
	}
	if len(any.kbs) > 0 {
		j.wants = append(j.wants, any)
	}
	return kbs
}
