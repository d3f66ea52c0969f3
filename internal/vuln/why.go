package vuln

import (
	"fmt"
	"slices"
	"strings"

	"github.com/asepsis/asepsis/internal/fact"
)

// Explanation says how a component stands to one flaw, and by which rule.
type Explanation struct {
	Flaw      string  `json:"flaw"`
	Verdict   Verdict `json:"verdict"`
	Reason    Reason  `json:"reason"`
	Ecosystem string  `json:"ecosystem,omitempty"`
	Package   string  `json:"package,omitempty"`   // name that was looked up
	Installed string  `json:"installed,omitempty"` // version that was compared
	BySource  bool    `json:"by_source,omitempty"` // that of the source package
	// Rules are what the advisories about the flaw say of the package: the one
	// that decided first.
	Rules []Rule `json:"rules,omitempty"`
	Say   string `json:"say"` // all of it in a sentence or two
}

// Rule is one row of an advisory that was held against the component.
type Rule struct {
	Match

	Holds  bool   `json:"holds"`            // the version lies in its range
	Reason Reason `json:"reason,omitempty"` // set where that cannot be told
}

// Why says how a component stands to a flaw, which may be given by any of its
// names. The second result is false where no advisory about the flaw names the
// component; the explanation then says what that means.
func (db *DB) Why(flaw string, c *fact.Component, products ...string) (Explanation, bool) {
	var a Answer
	db.JudgeWithin(c, products, &a)
	e := Explanation{Flaw: flaw, Ecosystem: a.Ecosystem, BySource: a.BySource, Package: c.Name, Installed: c.Version}
	about := db.About(nil, db.Flaw(flaw))
	if cve := db.sameFlaw(about); cve != 0 {
		about = db.About(about, cve)
		slices.Sort(about)
		about = slices.Compact(about)
	}
	j := judging{db: db, c: c, within: products, answer: &Answer{}, room: new(room)}
	var q questions
	identify(c, &q, nil)
	for i := range q.n {
		j.explain(&e, &q.list[i], about)
	}
	if name, ok := parseCPE(c.CPE); ok && len(e.Rules) == 0 && !q.system {
		j.cpe = &name
		j.explain(&e, name.question(c), about)
	}
	e.decide(db, &a, about)
	e.Say = e.sentence(c)
	return e, len(e.Rules) > 0
}

// sameFlaw returns the CVE that advisories are about, if it is one.
func (db *DB) sameFlaw(about []uint32) Flaw {
	var cve Flaw
	for _, a := range about {
		fs := db.Flaws(nil, a)
		if len(fs) != 1 || !fs[0].IsCVE() || cve != 0 && cve != fs[0] {
			return 0
		}
		cve = fs[0]
	}
	return cve
}

func (j *judging) explain(e *Explanation, q *question, about []uint32) {
	n, ok := j.db.byName[string(q.ecosystem)]
	if !ok {
		return
	}
	from, to := j.db.lookup(n, q.name)
	eco := &j.db.ecosystems[n]
	j.version, j.scheme, j.ordered, j.keyed = q.version, eco.scheme, eco.known, false
	for i := from; i < to; i++ {
		r := j.db.row(i)
		if _, ok := slices.BinarySearch(about, r.advisory); !ok {
			continue
		}
		likely, applies := j.applies(r)
		if !applies {
			continue
		}
		in, why := j.in(r)
		e.Rules = append(e.Rules, Rule{Match: j.db.Match(Hit{Advisory: r.advisory, Row: i, Likely: likely}), Holds: in, Reason: why})
		e.Installed, e.Package, e.BySource = q.version, string(q.name), q.bySource
	}
}

// decide takes the verdict about the flaw out of the answer about the
// component, and puts the rule that decided first.
func (e *Explanation) decide(db *DB, a *Answer, about []uint32) {
	pick := func(list []Hit) (Hit, bool) {
		for _, h := range list {
			if _, ok := slices.BinarySearch(about, h.Advisory); ok && (h.Flaw == 0 || db.Name(h.Flaw) == e.Flaw || len(db.Flaws(nil, h.Advisory)) == 1) {
				return h, true
			}
		}
		return Hit{}, false
	}
	cleared, isCleared := pick(a.Cleared)
	hit, isHit := pick(a.Hits)
	open, isOpen := pick(a.Open)
	var by Hit
	switch {
	case isCleared && (!isHit || hit.Advisory == cleared.Advisory):
		e.Verdict, e.Reason, by = NotAffected, Stated, cleared
	case isHit:
		e.Verdict, e.Reason, by = Affected, Compared, hit
	case isOpen:
		e.Reason, by = open.Reason, open
	case len(e.Rules) > 0:
		e.Verdict, e.Reason = NotAffected, Compared
		return
	default:
		e.Verdict, e.Reason = a.Verdict, a.Reason
		if a.Verdict == Affected || a.Verdict == NotAffected {
			e.Verdict, e.Reason = NotAffected, NotNamed // it was assessed, and this flaw's advisories do not name it
			if mendedOnly(baseOf(a.Ecosystem)) && !db.hasErratum(about, baseOf(a.Ecosystem)) {
				e.Verdict, e.Reason = NotAssessed, MendedOnly
			}
		}
		return
	}
	m := db.Match(by)
	i := slices.IndexFunc(e.Rules, func(r Rule) bool { return r.Advisory == m.Advisory && r.Source == m.Source && r.Range == m.Range })
	rule := Rule{Match: m, Holds: by.Reason == NoReason || by.Reason == Stated, Reason: by.Reason}
	if i >= 0 {
		e.Rules = slices.Delete(e.Rules, i, i+1)
	}
	e.Rules = slices.Insert(e.Rules, 0, rule)
}

// mendedOnly reports whether a distribution publishes errata: a flaw that it has not
// mended is in none of them, so that its absence says nothing.
func mendedOnly(base string) bool {
	switch base {
	case "AlmaLinux", "Rocky Linux", "Red Hat", "SUSE", "openSUSE", "openEuler", "Mageia", "Photon OS", "Azure Linux":
		return true
	}
	return false
}

// hasErratum reports whether one of the advisories is the distribution's own.
func (db *DB) hasErratum(about []uint32, base string) bool {
	return slices.ContainsFunc(about, func(n uint32) bool {
		_, source := db.IDOf(n)
		return strings.HasSuffix(source, "/"+base)
	})
}

func (e *Explanation) sentence(c *fact.Component) string {
	what := c.Name
	if c.Version != "" {
		what += " " + c.Version
	}
	if len(e.Rules) == 0 {
		if e.Verdict == NotAffected {
			return fmt.Sprintf("No advisory about %s names %s, and the feed holds all of %s.", e.Flaw, c.Name, e.Ecosystem)
		}
		return fmt.Sprintf("Nobody knows whether %s has %s. %s", what, e.Flaw, e.Reason.Say())
	}
	r := &e.Rules[0]
	compared := ""
	if e.BySource {
		compared = fmt.Sprintf(" Its source package %s %s was compared.", e.Package, e.Installed)
	}
	switch e.Verdict {
	case Affected:
		s := fmt.Sprintf("%s has %s: %s (%s) says that %s is affected in %s.%s", what, e.Flaw, r.Advisory, r.Source, r.Package, versions(r.Range.String()), compared)
		if r.Fixed != "" {
			s += fmt.Sprintf(" Update to %s or later.", r.Fixed)
		}
		if r.Likely && r.Needs != "" {
			s += fmt.Sprintf(" This holds together with %s.", r.Needs)
		}
		return s
	case NotAffected:
		if st := r.Statement; st != nil {
			s := fmt.Sprintf("%s does not have %s: %s (%s) states it is %s", what, e.Flaw, st.Advisory, st.Source, st.Status)
			if st.Justification != "" {
				s += ", because " + strings.ReplaceAll(st.Justification, "_", " ")
			}
			return s + "." + compared
		}
		return fmt.Sprintf("%s does not have %s: %s (%s) says that %s is affected in %s.%s", what, e.Flaw, r.Advisory, r.Source, r.Package, versions(e.ranges()), compared)
	default:
		return fmt.Sprintf("Nobody knows whether %s has %s. %s", what, e.Flaw, e.Reason.Say())
	}
}

// versions puts a range into a sentence.
func versions(s string) string {
	if strings.HasSuffix(s, "versions") && !strings.Contains(s, ",") {
		return s // all versions, listed versions
	}
	return "versions " + s
}

// ranges joins what the deciding advisory says of versions.
func (e *Explanation) ranges() string {
	var parts []string
	for i := range e.Rules {
		if s := e.Rules[i].Range.String(); e.Rules[i].Advisory == e.Rules[0].Advisory && !slices.Contains(parts, s) && len(parts) < 4 {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ", or ")
}
