package windows

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

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
	// Doubt says, of one that is Affected by the list of updates alone, why an installed
	// update that the table does not have may mend it all the same; "" where none may.
	Doubt string
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
	j := judging{t: t, h: h, s: s, have: t.covered(h.Updates), builds: t.builds(s.names)}
	for f := range j.builds {
		if _, ok := needs[f]; !ok {
			needs[f] = nil // Microsoft names a build and no update
		}
	}
	t.unknown(h, s, &a)
	j.doubt(&a)
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
	return a
}

// builds gathers the builds that mend flaws of Windows itself, by flaw.
func (t *Table) builds(names []string) map[uint32][]string {
	out := make(map[uint32][]string)
	for p, product := range t.products {
		if !slices.Contains(names, product) {
			continue
		}
		for _, r := range t.rows[p] {
			if b := t.texts[r.build]; b != "" {
				for _, f := range t.sets[r.set] {
					if !slices.Contains(out[f], b) {
						out[f] = append(out[f], b)
					}
				}
			}
		}
	}
	return out
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
			if r.kb == 0 && t.texts[r.build] != "" {
				continue // a build alone, see builds
			}
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
		if kb := KB(u); kb != "" && isNumber(kb) && !t.Knows(kb) {
			a.Unknown = append(a.Unknown, kb)
			a.MayBeNewer = a.MayBeNewer || later(kb, newest)
		}
	}
	// Of a product whose table has service packs alone nothing is newer than the table.
	a.MayBeNewer = a.MayBeNewer && newest != ""
	slices.Sort(a.Unknown)
	a.Unknown = slices.Compact(a.Unknown)
}

// cumulative is the first build whose updates each hold all before them.
const cumulative = 10240

// doubt finds out what keeps a list of updates from being the last word. Since Windows 10
// each monthly update holds all before it; those without new security fixes are not in
// Microsoft's table, and one that came with the image a machine was set up from is not
// in its list. The revision of the build would settle it.
func (j *judging) doubt(a *Answer) {
	if j.s.build < cumulative || j.s.ubr >= 0 {
		return
	}
	for _, u := range a.Unknown {
		if later(u, j.newer) {
			j.newer = u
		}
	}
	if !slices.ContainsFunc(j.h.Updates, func(u string) bool { return j.t.of(a.Products, KB(u)) }) {
		j.bare = true
	}
}

// of reports whether the table has an update for one of the products.
func (t *Table) of(products []string, kb string) bool {
	i, ok := slices.BinarySearch(t.kbs, kb)
	if !ok {
		return false
	}
	for _, product := range products {
		if strings.Contains(product, " on windows") {
			continue // of .NET or of a browser
		}
		if p, ok := slices.BinarySearch(t.products, product); ok && slices.ContainsFunc(t.rows[p], func(r row) bool { return int(r.kb) == i+1 }) {
			return true
		}
	}
	return false
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
	// builds are those that mend Windows itself, by flaw.
	builds map[uint32][]string
	newer  string // the latest installed update that the table does not have
	bare   bool   // nothing installed is of the table
}

// byBuild holds the build against those that mend a flaw. It says nothing where the
// revision is not known, or no build of the same family is named.
func (j *judging) byBuild(f uint32) (mended, known bool, fixed string) {
	if j.s.ubr < 0 {
		return false, false, ""
	}
	most := -1
	for _, b := range j.builds[f] {
		if build, ubr, _ := BuildOf(b); ubr > most && sameFamily(build, j.s.build) {
			most, fixed = ubr, b
		}
	}
	return j.s.ubr >= most, most >= 0, fixed
}

// families are builds of one code that get the same updates with the same revisions.
var families = [...][2]int{{18362, 18363}, {19041, 19045}, {22621, 22631}, {26100, 26200}}

func sameFamily(a, b int) bool {
	return a == b || slices.ContainsFunc(families[:], func(f [2]int) bool { return f[0] <= a && a <= f[1] && f[0] <= b && b <= f[1] })
}

// mends reports whether the update of a row is in place.
func (j *judging) mends(r row) (by string, ok bool) {
	if r.kb > 0 && j.have[r.kb-1] {
		return j.t.kbs[r.kb-1], true
	}
	if fixed := j.t.texts[r.build]; fixed != "" && sameBuild(fixed, j.s.build) {
		if _, ubr, _ := BuildOf(fixed); ubr >= 0 && j.s.ubr >= ubr {
			return "build " + fixed, true
		}
	}
	return "", false
}

// sameBuild reports whether a fixed build is of the same release: revisions of two
// releases say nothing of each other.
func sameBuild(fixed string, build int) bool {
	b, _, _ := BuildOf(fixed)
	return sameFamily(b, build)
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
	sure := false
	mended, known, fixed := j.byBuild(f)
	switch {
	case known && mended:
		by = append(by, "build "+fixed)
	case known:
		worst(vuln.Affected, "Its build "+strconv.Itoa(j.s.build)+"."+strconv.Itoa(j.s.ubr)+" is older than "+fixed+", which mends it.")
	case len(needs) == 0:
		worst(vuln.NotAssessed, "Which revision of the build is installed is not known. Bring the build with its revision.")
	}
	for _, n := range needs {
		if j.elsewhere(f, n, needs) {
			continue
		}
		own := j.part(n) == "" && !strings.Contains(t.products[n.product], " on ")
		if known && mended && own {
			continue
		}
		heads := t.heads(n.rows)
		if len(heads) == 0 {
			worst(vuln.NotAssessed, "Microsoft names no update for it. Read what Microsoft writes about it.")
			continue
		}
		var in, open []row
		for _, r := range heads {
			if m, ok := j.mends(r); ok {
				in, by = append(in, r), append(by, m)
			} else {
				open = append(open, r)
			}
		}
		open = j.left(f, in, open)
		if len(open) == 0 {
			if known && own && out.Verdict == vuln.Affected {
				out.Why += " The update that mends it is in the list of those installed; a restart may be due."
			}
			continue
		}
		switch part := j.part(n); {
		case part == "absent":
			continue
		case part != "":
			worst(vuln.NotAssessed, "Whether "+part+" is on the machine is not known. List what is installed on it.")
			continue
		}
		if !slices.ContainsFunc(open, j.comparable) && !(known && own) {
			worst(vuln.NotAssessed, "Which updates are installed is not known. Bring the list of installed updates.")
			continue
		}
		lack = append(lack, j.want(f, open)...)
		worst(vuln.Affected, "None of the updates that mend it is installed, nor one that replaces them.")
		if own && !known && !slices.ContainsFunc(open, func(r row) bool { return r.kb == 0 || !isNumber(t.kbs[r.kb-1]) }) {
			out.Doubt = j.says(open)
		} else {
			sure = true
		}
	}
	if sure {
		out.Doubt = "" // another part of it is lacking beyond doubt
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

// alone is the number of the first updates that Microsoft shipped as a rollup and as a
// security-only update: those of October 2016.
const alone = "3185330"

// either reports whether the update of a row is one of several any of which is enough:
// those for flaws since Rollups, and later ones for older flaws.
func (j *judging) either(f uint32, r row) bool {
	return !j.t.at[f].Before(Rollups) || r.kb > 0 && isNumber(j.t.kbs[r.kb-1]) && !later(alone, j.t.kbs[r.kb-1])
}

// left takes from the open rows those that an installed one makes needless.
func (j *judging) left(f uint32, in, open []row) []row {
	if !slices.ContainsFunc(in, func(r row) bool { return j.either(f, r) }) {
		return open
	}
	return slices.DeleteFunc(open, func(r row) bool { return j.either(f, r) })
}

// elsewhere reports whether a need that names no component is met by one that does. The
// table has a flaw of the first months of rollups twice: as the bulletin had it, with
// the security-only update alone, and by component, with the rollup too.
func (j *judging) elsewhere(f uint32, n need, needs []need) bool {
	t := j.t
	if t.texts[n.component] != "" || t.at[f].Before(Rollups) {
		return false
	}
	return slices.ContainsFunc(needs, func(o need) bool {
		if o.product != n.product || t.texts[o.component] == "" {
			return false
		}
		var in, open []row
		for _, r := range t.heads(o.rows) {
			if _, ok := j.mends(r); ok {
				in = append(in, r)
			} else {
				open = append(open, r)
			}
		}
		return len(in) > 0 && len(j.left(f, in, open)) == 0
	})
}

// says says why rows that look open may be closed, or nothing.
func (j *judging) says(open []row) string {
	switch {
	case j.bare:
		return "Its list names no monthly update of Windows. The image it was set up from may hold newer ones; the revision of its build would tell."
	case j.newer != "" && slices.ContainsFunc(open, func(r row) bool { return later(j.newer, j.t.kbs[r.kb-1]) }):
		return "KB" + j.newer + " is installed, which Microsoft's table of security updates does not have. If it is a monthly update, it holds this one; the revision of the build would tell."
	}
	return ""
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
		if j.either(f, r) {
			any.kbs = append(any.kbs, r.kb-1)
		} else {
			j.wants = append(j.wants, want{flaw: f, kbs: []uint32{r.kb - 1}})
		}
	}
	if len(any.kbs) > 0 {
		j.wants = append(j.wants, any)
	}
	return kbs
}
