package eol

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/purl"
)

// Table is an opened section. It is not changed and may be used by many goroutines.
type Table struct {
	bySlug map[string]*product
	byID   map[string][]*product
}

type product struct {
	slug, title, category string
	cycles                []cycle // by name
}

type cycle struct {
	name, codename, latest   string
	released, ends, extended time.Time // the last days
	ended                    bool
}

// Size counts products and cycles.
func (t *Table) Size() (products, cycles int) {
	for _, p := range t.bySlug {
		cycles += len(p.cycles)
	}
	return len(t.bySlug), cycles
}

// State says whether something still gets security updates.
type State uint8

// The states. The zero value is the one that claims nothing.
const (
	NotKnown     State = iota
	Supported          // for everybody
	ExtendedOnly       // for those who pay for it
	Ended
)

var stateNames = [...]string{"not known", "supported", "extended only", "ended"}

func (s State) String() string { return stateNames[min(int(s), len(stateNames)-1)] }

// MarshalText writes the name.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Answer is what is known of the support of something.
type Answer struct {
	State   State
	Product string // slug of the table
	Title   string
	Cycle   string
	// Ends is the last moment with security updates for everybody; zero where none is
	// announced, or where it ended on a day nobody noted. Extended is that of those
	// that are paid for.
	Ends, Extended time.Time
	Latest         string // newest version of the cycle
	Why            string // a sentence
}

// lastMoment is the end of a day that is named as the last.
func lastMoment(day time.Time) time.Time {
	if day.IsZero() {
		return day
	}
	return day.AddDate(0, 0, 1).Add(-time.Second)
}

// answer judges a cycle at a time.
func (p *product) answer(c *cycle, now time.Time) Answer {
	a := Answer{Product: p.slug, Title: cmp.Or(p.title, p.slug), Cycle: c.name, Ends: lastMoment(c.ends), Extended: lastMoment(c.extended), Latest: c.latest}
	if p.slug == "debian" && a.Extended.After(a.Ends) {
		// Debian's long term support is free and reaches every machine through the archive it
		// uses already: it is no support that somebody has to buy.
		a.Ends, a.Extended = a.Extended, time.Time{}
	}
	if !a.Extended.After(a.Ends) {
		a.Extended = time.Time{}
	}
	name := a.Title + " " + c.name
	switch {
	case c.ended && a.Ends.IsZero():
		a.State, a.Why = Ended, name+" gets no security updates any more."
	case a.Ends.IsZero():
		a.State, a.Why = Supported, name+" gets security updates; no end is announced."
	case !now.After(a.Ends):
		a.State, a.Why = Supported, name+" gets security updates until "+a.Ends.Format(time.DateOnly)+"."
	case !now.After(a.Extended):
		a.State, a.Why = ExtendedOnly, name+" gets security updates only under a paid contract, until "+a.Extended.Format(time.DateOnly)+"."
	default:
		a.State, a.Why = Ended, name+" has had no security updates since "+latest(a.Ends, a.Extended).Format(time.DateOnly)+"."
	}
	return a
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// find returns the cycle of a name.
func (p *product) find(name string) *cycle {
	i, ok := slices.BinarySearchFunc(p.cycles, strings.ToLower(name), func(c cycle, n string) int { return strings.Compare(c.name, n) })
	if !ok {
		return nil
	}
	return &p.cycles[i]
}

// patch is the letter of a patch, with its number, behind a version.
var patch = regexp.MustCompile(`([0-9])[a-z]{1,2}[0-9]{0,3}$`)

// cycleOf returns the cycle a version belongs to: the longest name that the version
// begins with, at a dot.
func (p *product) cycleOf(version string) *cycle {
	v := strings.ToLower(strings.TrimSpace(version))
	if len(v) > 1 && v[0] == 'v' && v[1] >= '0' && v[1] <= '9' {
		v = v[1:]
	}
	for n := v; n != ""; {
		if c := p.find(n); c != nil {
			return c
		}
		// 1.1.1w is a patch of 1.1.1, and 10.0p1 of 10.0.
		if bare := patch.ReplaceAllString(n, "$1"); bare != n {
			n = bare
			continue
		}
		i := strings.LastIndexAny(n, ".-+_ ")
		if i < 0 {
			break
		}
		n = n[:i]
	}
	return nil
}

// Component names a piece of software.
type Component struct {
	PURL    string
	CPE     string
	Version string // "" for that of the package URL or the CPE name
}

// Component answers for a piece of software.
func (t *Table) Component(c Component, now time.Time) Answer {
	if c.PURL == "" && c.CPE == "" {
		return Answer{Why: "It has neither a package URL nor a CPE name to look it up by."}
	}
	version := c.Version
	var found []*product
	if p, err := purl.Parse(c.PURL); c.PURL != "" && err == nil {
		if purl.IsSystem(p.Type) {
			return Answer{Why: "Its distribution mends it for as long as the distribution itself is supported."}
		}
		version = cmp.Or(version, p.Version)
		found = t.byID[identifier(c.PURL)]
	}
	if len(found) == 0 && c.CPE != "" {
		found = t.byID[identifier(c.CPE)]
		version = cmp.Or(version, cpeVersion(c.CPE))
	}
	if len(found) == 0 {
		return Answer{Why: "No life cycle of it is known."}
	}
	if version == "" {
		return Answer{Product: found[0].slug, Title: found[0].title, Why: "Its version is not known."}
	}
	// Products may share an identifier; the one that ends first of those that know the
	// version is the careful answer.
	best := Answer{Product: found[0].slug, Title: found[0].title, Why: "The life cycle of " + cmp.Or(found[0].title, found[0].slug) + " does not name version " + version + "."}
	for _, p := range found {
		if c := p.cycleOf(version); c != nil {
			if a := p.answer(c, now); a.State > best.State {
				best = a
			}
		}
	}
	return best
}

// identifier brings a package URL or a CPE name to the form in which they are looked
// up: without version and qualifiers. It is "" for others.
func identifier(s string) string {
	if rest, ok := strings.CutPrefix(s, "cpe:/"); ok {
		return cpeKey(rest)
	}
	if rest, ok := strings.CutPrefix(s, "cpe:2.3:"); ok {
		return cpeKey(rest)
	}
	if p, err := purl.Parse(s); err == nil {
		return "purl:" + p.Type + "/" + strings.ToLower(p.FullName())
	}
	return ""
}

func cpeKey(rest string) string {
	parts := strings.SplitN(strings.ToLower(rest), ":", 4)
	if len(parts) < 3 || parts[1] == "" || parts[2] == "" {
		return ""
	}
	return "cpe:" + parts[0] + ":" + parts[1] + ":" + parts[2]
}

func cpeVersion(s string) string {
	rest, ok := strings.CutPrefix(s, "cpe:2.3:")
	if !ok {
		rest = strings.TrimPrefix(s, "cpe:/")
	}
	parts := strings.Split(rest, ":")
	if len(parts) < 4 || parts[3] == "*" || parts[3] == "-" {
		return ""
	}
	return strings.ReplaceAll(parts[3], `\`, "")
}
