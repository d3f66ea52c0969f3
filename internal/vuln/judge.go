package vuln

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/pkgver"
)

// Rules numbers the rules by which Judge answers. It is raised with every change
// that may give another answer from the same file, so that who keeps answers
// asks again.
const Rules = 5

// Judge says how a component stands to the advisories of the file. It writes the
// answer to dst and uses the room dst has, so that one Answer can serve for
// many components without allocating.
func (db *DB) Judge(c *fact.Component, dst *Answer) { db.JudgeWithin(c, nil, dst) }

// JudgeWithin is Judge for a component inside of products, given as package
// URLs: statements that hold inside of a product only are heard too.
func (db *DB) JudgeWithin(c *fact.Component, products []string, dst *Answer) {
	*dst = Answer{Hits: dst.Hits[:0], Cleared: dst.Cleared[:0], Open: dst.Open[:0], room: dst.room}
	j := judging{db: db, c: c, within: products, answer: dst, room: &dst.room, statements: dst.room.statements[:0]}
	var q questions
	dst.room.names = identify(c, &q, dst.room.names[:0])
	j.place(&q)
	for i := range q.n {
		j.ask(&q.list[i])
	}
	if !j.whole && !q.system && c.CPE != "" {
		j.byCPE()
	}
	j.weigh()
	j.conclude()
	dst.room.statements = j.statements
}

// room is memory that is used again for the next component.
type room struct {
	names, key []byte
	statements []uint32
}

// judging is one component being judged.
type judging struct {
	db     *DB
	c      *fact.Component
	within []string
	answer *Answer

	version string
	scheme  pkgver.Scheme
	ordered bool // the ecosystem's order is known
	key     []byte
	keyed   bool // key was tried
	commit  bool // the version is a commit's name
	day     bool // the version is a day
	room    *room
	cpe     *cpe

	reason  Reason // why nothing can be said of it
	unnamed Reason // why it means nothing if nobody names it
	other   bool   // not the distribution's own package
	whole   bool   // the feed holds the whole of its ecosystem

	found      bool     // some row names it
	byName     bool     // a row names its CPE
	statements []uint32 // rows of statements that hold for it
	sort       bool
}

// place says of which ecosystem the component is and whether the feed speaks of
// that.
func (j *judging) place(q *questions) {
	j.reason, j.answer.Ecosystem = q.reason, q.ecosystem
	j.unnamed, j.other = q.unnamed, q.other
	if q.n == 0 {
		return
	}
	eco := q.list[0].ecosystem
	if e, ok := j.db.byName[string(eco)]; ok {
		j.answer.Ecosystem, j.whole = j.db.ecosystems[e].name, j.db.ecosystems[e].whole
		switch {
		case j.db.ecosystems[e].frozen:
			j.reason = ReleaseNotInFeed
		case !j.whole:
			j.reason = PartOfEcosystem
		case j.other:
			j.reason = OtherMaker
		}
		return
	}
	j.reason = NoEcosystem
	if !q.system {
		return
	}
	j.answer.Ecosystem = string(eco)
	switch base := baseOf(j.answer.Ecosystem); {
	case !j.db.bases[base]:
	case base == j.answer.Ecosystem:
		j.reason = ReleaseUnknown
	default:
		j.reason = ReleaseNotInFeed
	}
}

func (j *judging) ask(q *question) {
	eco, ok := j.db.byName[string(q.ecosystem)]
	if !ok {
		return
	}
	from, to := j.db.lookup(eco, q.name)
	if from == to {
		return
	}
	e := &j.db.ecosystems[eco]
	j.version, j.scheme, j.ordered, j.keyed = q.version, e.scheme, e.known, false
	before := len(j.answer.Hits) + len(j.answer.Open)
	if before > 0 {
		j.sort = true
	}
	if !q.statements {
		j.found = true
	}
	j.rows(from, to, q.statements)
	if q.bySource && len(j.answer.Hits)+len(j.answer.Open) >= before {
		j.answer.BySource = true
	}
}

func (j *judging) rows(from, to uint32, statementsOnly bool) {
	a := j.answer
	for i := from; i < to; i++ {
		r := j.db.row(i)
		if statementsOnly && r.flags&rowStatement == 0 {
			continue
		}
		likely, applies := j.applies(r)
		if !applies {
			continue
		}
		in, open := j.in(r)
		if !in && open == NoReason {
			if !standIn(j.version) || j.cpe != nil {
				continue
			}
			open = VersionUnread
		}
		likely = likely || j.other
		h := Hit{Advisory: r.advisory, Row: i, Reason: open, CPE: j.cpe != nil, Likely: likely}
		switch status := r.status(); {
		case open != NoReason:
			if status == advisory.Affected || status == advisory.Unsupported {
				j.open(h)
			}
		case status == advisory.Affected || status == advisory.Unsupported:
			if n := len(a.Hits); n == 0 || a.Hits[n-1].Advisory != r.advisory || a.Hits[n-1].Likely && !likely {
				if n > 0 && a.Hits[n-1].Advisory == r.advisory {
					a.Hits = a.Hits[:n-1]
				}
				a.Hits = append(a.Hits, h)
			}
			if r.flags&rowStatement != 0 {
				j.statements = append(j.statements, i)
			}
		case status == advisory.UnderInvestigation:
			h.Reason = Investigating
			j.open(h)
			j.statements = append(j.statements, i)
		default:
			j.statements = append(j.statements, i)
		}
	}
}

// open notes an advisory that could not be decided, once.
func (j *judging) open(h Hit) {
	if n := len(j.answer.Open); n == 0 || j.answer.Open[n-1].Advisory != h.Advisory {
		j.answer.Open = append(j.answer.Open, h)
	}
}

// in reports whether the version lies in what the row says, or why that cannot
// be told.
func (j *judging) in(r row) (bool, Reason) {
	switch {
	case r.flags&rowUnread != 0:
		return false, RangeUnread
	case r.low == 0 && r.high == 0:
		return true, NoReason // all versions, or a list of none
	case j.version == "":
		return false, NoVersion
	case r.flags&rowSet != 0:
		return j.inSet(r)
	}
	if !j.keyed {
		j.makeKey()
	}
	if r.low != 0 {
		c, why := j.compare(r.low)
		if why != NoReason || c < 0 || c == 0 && r.flags&rowLowOut != 0 {
			return false, why
		}
	}
	if r.high != 0 {
		c, why := j.compare(r.high)
		if why != NoReason || c > 0 || c == 0 && r.flags&rowHighIn == 0 {
			return false, why
		}
	}
	return true, NoReason
}

func (j *judging) makeKey() {
	j.keyed, j.key = true, nil
	j.commit, j.day = isCommit(j.version), isDay(j.version)
	if !j.ordered || j.commit {
		return
	}
	if k, err := pkgver.AppendKey(j.room.key[:0], j.scheme, j.version); err == nil {
		j.key, j.room.key = k, k
	}
}

// compare holds the version against a bound: by keys where both have one, else
// by the slow way, and where that fails by the letter.
func (j *judging) compare(at uint32) (int, Reason) {
	key, version := boundAt(j.db.bounds, at)
	switch {
	case j.commit && string(version) != j.version, j.day && !isDated(string(version)):
		return 0, VersionUnread
	case len(key) > 0 && len(j.key) > 0:
		return bytes.Compare(j.key, key), NoReason
	case string(version) == j.version:
		return 0, NoReason
	case !j.ordered:
		return 0, RangeUnread
	}
	c, err := pkgver.Compare(j.scheme, j.version, string(version))
	switch {
	case err == nil:
		return c, NoReason
	case len(j.key) == 0:
		return 0, VersionUnread
	}
	return 0, RangeUnread
}

// inSet reports whether the version is listed, by its key or by the letter. One that
// the order does not know may be any of them, under another name.
func (j *judging) inSet(r row) (bool, Reason) {
	if !j.keyed {
		j.makeKey()
	}
	n := min(r.high, uint32(len(j.db.sets)/4))
	other := j.day // of all that are listed, none is a day
	for i := range n {
		key, version := boundAt(j.db.bounds, u32(j.db.sets, r.low+i))
		if len(j.key) > 0 && bytes.Equal(key, j.key) || string(version) == j.version {
			return true, NoReason
		}
		other = other && !isDated(string(version))
	}
	if j.ordered && len(j.key) == 0 || other {
		return false, VersionUnread
	}
	return false, NoReason
}

// applies holds what a row asks beyond the version against the component.
func (j *judging) applies(r row) (likely, ok bool) {
	if r.flags>>extraShift == 0 {
		return false, j.cpe != nil || !isModule(j.version) || r.high == 0 || j.moduleBound(r)
	}
	x := j.db.extraBytes(r.flags)
	field := func() []byte {
		var s []byte
		s, x = text(x)
		return s
	}
	module, arch, within := field(), field(), field()
	if len(arch) > 0 && j.c.Arch != "" && j.c.Arch != "noarch" && j.c.Arch != "all" && string(arch) != j.c.Arch {
		return false, false
	}
	if r.flags&rowWithin != 0 && !j.inside(string(within)) {
		return false, false
	}
	if j.cpe == nil {
		return j.module(r, string(module))
	}
	_, _, _, needs := field(), field(), field(), field()
	update, edition, target := field(), field(), field()
	likely = len(needs) > 0
	for _, p := range [...]struct {
		want []byte
		have string
	}{{update, j.cpe.update}, {edition, j.cpe.edition}, {target, j.cpe.target}} {
		switch {
		case len(p.want) == 0 || string(p.want) == p.have:
		case p.have == "":
			likely = true
		default:
			return false, false
		}
	}
	return likely, true
}

// module holds the module stream of an RPM row against the component's. A package
// of a module is never held against one that is of none: they are other builds.
func (j *judging) module(r row, want string) (likely, ok bool) {
	built := isModule(j.version)
	if want == "" {
		return false, !built || r.high == 0 || j.moduleBound(r)
	}
	have := moduleOf(j.c.PURL)
	switch {
	case have != "":
		return false, strings.EqualFold(have, want)
	case built:
		return true, true
	}
	return false, false
}

// isModule reports whether a version is that of an RPM built for a module.
func isModule(v string) bool {
	return strings.Contains(v, ".module+el") || strings.Contains(v, ".module_el")
}

func (j *judging) moduleBound(r row) bool {
	_, version := boundAt(j.db.bounds, r.high)
	return isModule(string(version))
}

// moduleOf returns name and stream of the module an RPM is of, from the
// qualifiers that tools write: nodejs:18:8070020221109… is nodejs:18.
func moduleOf(purl string) string {
	m := qualifier(purl, "rpmmod")
	if m == "" {
		m = qualifier(purl, "modularitylabel")
	}
	if m == "" {
		return ""
	}
	m = unpercent(m)
	name, rest, ok := strings.Cut(m, ":")
	if !ok {
		return m
	}
	stream, _, _ := strings.Cut(rest, ":")
	return name + ":" + stream
}

// inside reports whether a product is one that the component is in. A product
// without a version stands for all of its versions, and one without a repository
// for those of every repository: the images of two registries may bear one name.
func (j *judging) inside(product string) bool {
	want, version := cutPURL(product)
	from := repository(product)
	for _, p := range j.within {
		have, v := cutPURL(p)
		if strings.EqualFold(want, have) && (version == "" || version == v) && (from == "" || from == repository(p)) {
			return true
		}
	}
	return false
}

// repository returns where a package URL says that its package is kept.
func repository(p string) string {
	p, _, _ = strings.Cut(p, "#")
	_, q, _ := strings.Cut(p, "?")
	for pair := range strings.SplitSeq(q, "&") {
		if k, v, _ := strings.Cut(pair, "="); strings.EqualFold(k, "repository_url") {
			v = strings.ToLower(unpercent(v))
			if _, rest, ok := strings.Cut(v, "://"); ok {
				v = rest
			}
			return strings.TrimRight(v, "/")
		}
	}
	return ""
}

// cutPURL splits a package URL before its version and drops qualifiers.
func cutPURL(p string) (name, version string) {
	p, _, _ = strings.Cut(p, "#")
	p, _, _ = strings.Cut(p, "?")
	if i := strings.LastIndexByte(p, '@'); i > strings.LastIndexByte(p, '/') {
		return unpercent(p[:i]), unpercent(p[i+1:])
	}
	return unpercent(p), ""
}

// byCPE looks the component up by its CPE name, where no ecosystem speaks for
// it. Packages of operating systems are left out: their versions carry fixes
// that a CPE's version does not tell of.
func (j *judging) byCPE() {
	name, ok := parseCPE(j.c.CPE)
	if !ok {
		return
	}
	eco := cpeEcosystem + string(rune(name.part))
	e, ok := j.db.byName[eco]
	if !ok {
		return
	}
	was := j.found
	j.found, j.cpe = false, &name
	j.ask(name.question(j.c))
	j.byName = j.found
	j.found = j.found || was
	if j.byName || j.reason == NoIdentity {
		j.answer.Ecosystem, j.whole, j.reason = eco, j.db.ecosystems[e].whole, NoReason
		switch {
		case !j.byName:
			j.reason = CPENotNamed
		case !j.whole:
			j.reason = PartOfEcosystem
		}
	}
}

// question is what to look up for a CPE: its version is the component's where
// the name has none.
func (n *cpe) question(c *fact.Component) *question {
	version := n.version
	if anyAsEmpty(version) == "" {
		version = c.Version
	}
	return &question{ecosystem: []byte(cpeEcosystem + string(rune(n.part))), name: []byte(cpeName(n.vendor, n.product)), version: version}
}

// conclude makes the three answers out of what was found.
func (j *judging) conclude() {
	a := j.answer
	switch {
	case len(a.Hits) > 0:
		a.Verdict, a.Reason = Affected, Compared
	case len(a.Open) > 0:
		a.Reason = a.Open[0].Reason
	case j.reason != NoReason:
		a.Reason = j.reason
	case len(a.Cleared) > 0:
		a.Verdict, a.Reason = NotAffected, Stated
	case j.found:
		a.Verdict, a.Reason = NotAffected, Compared
	case j.unnamed != NoReason:
		a.Reason = j.unnamed
	default:
		a.Verdict, a.Reason = NotAffected, NotNamed
	}
	if j.sort {
		for _, list := range [...][]Hit{a.Hits, a.Cleared, a.Open} {
			slices.SortStableFunc(list, func(a, b Hit) int { return cmp.Compare(a.Advisory, b.Advisory) })
		}
		a.Hits = slices.CompactFunc(a.Hits, func(a, b Hit) bool { return a.Advisory == b.Advisory })
	}
}
