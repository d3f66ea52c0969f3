package device

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/advisory"
	"github.com/asepsis/asepsis/internal/vuln"
)

// Asset is what is known of a device.
type Asset struct {
	ID           string
	Manufacturer string
	Model        string // name of the product
	ModelNumber  string
	DI           string // device identifier of its UDI
	Version      string // of its firmware or software
	Made         time.Time
	// Others are further names it is known by: the FDA's brand name, the device's own.
	Others []string
}

// Grade says how sure a match is.
type Grade uint8

// The grades, least sure first.
const (
	CheckByHand Grade = iota
	Likely
	Certain
)

func (g Grade) String() string {
	return [...]string{"check by hand", "likely", "certain"}[min(int(g), 2)]
}

// MarshalText writes the name.
func (g Grade) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// Match is what one advisory says of one device. An advisory that does not match has
// none; that is no statement of safety.
type Match struct {
	Advisory string // without the flaw behind #
	Source   string
	Title    string
	Sector   string
	Flaws    []string
	Product  string // as the advisory names it
	Vendor   string
	Version  string // as the advisory states it
	Remedy   string
	// Verdict is affected where the grade is likely or certain, not assessed where a person
	// has to look, and not affected only where name and version were compared whole.
	Verdict vuln.Verdict
	Grade   Grade
	Reasons []string // which name, which model number, which version compared
	// Decision is a person's, where one holds; Verdict is then what the person said.
	Decision *Decision
	Modified time.Time
}

// Decision is what a person found when looking.
type Decision struct {
	Asset    string
	Advisory string
	Verdict  vuln.Verdict // Affected or NotAffected
	By       string
	Why      string
	At       time.Time
	Until    time.Time // the last moment it holds
}

// holds reports whether a decision is in force. It ends with its day, and when the
// advisory changed after it was taken.
func (d *Decision) holds(m *Match, asset string, now time.Time) bool {
	return d.Asset == asset && strings.EqualFold(d.Advisory, m.Advisory) && d.Verdict != vuln.NotAssessed && d.By != "" && d.Why != "" &&
		!now.Before(d.At) && !now.After(d.Until) && !m.Modified.After(d.At)
}

// strength says how well names agree.
type strength uint8

const (
	none  strength = iota
	less           // the device's name says less than the advisory's
	more           // the device's name says more
	equal          // the same, or the same model number
)

// Match returns what the advisories say of a device, gravest first. Decisions that hold
// are applied.
func (ix *Index) Match(a Asset, decisions []Decision, now time.Time) []Match {
	maker, _ := ix.aliases.Maker(a.Manufacturer)
	found := make(map[string]*Match)
	seen := make(map[int]bool)
	own := &prepared{Asset: a, own: a.numbers(), names: make(map[string][]name)}
	judge := func(list []int, ownMaker bool) {
		for _, i := range list {
			if !seen[i] {
				seen[i] = true
				ix.judge(&ix.list[i], own, ownMaker, found)
			}
		}
	}
	if di := squash(a.DI); di != "" {
		judge(ix.byDI[di], true)
	}
	if maker != "" {
		judge(ix.byMaker[maker], true)
		for _, other := range ix.aliases.also[maker] {
			judge(ix.byMaker[other], false)
		}
	}
	out := make([]Match, 0, len(found))
	for _, m := range found {
		slices.Sort(m.Flaws)
		m.Flaws = slices.Compact(m.Flaws)
		for i := range decisions {
			if d := &decisions[i]; d.holds(m, a.ID, now) && (m.Decision == nil || d.At.After(m.Decision.At)) {
				m.Decision, m.Verdict = d, d.Verdict
				m.Reasons = append(m.Reasons, d.By+" looked and decided: "+d.Why)
			}
		}
		out = append(out, *m)
	}
	slices.SortFunc(out, func(x, y Match) int {
		return cmp.Or(-cmp.Compare(weight(&x), weight(&y)), -cmp.Compare(x.Grade, y.Grade), cmp.Compare(x.Advisory, y.Advisory))
	})
	return out
}

// weight orders answers: affected, to be checked, not affected.
func weight(m *Match) int {
	return map[vuln.Verdict]int{vuln.Affected: 2, vuln.NotAssessed: 1, vuln.NotAffected: 0}[m.Verdict]
}

// judge holds one statement against a device, and joins it to what the same advisory said
// before: the graver answer stays.
func (ix *Index) judge(e *entry, a *prepared, ownMaker bool, found map[string]*Match) {
	s, why := ix.compareNames(e, a)
	if s == none || !ownMaker && s < equal {
		return
	}
	id := baseID(e.Advisory)
	m := Match{
		Advisory: id, Source: e.Source, Title: e.Title, Sector: e.Sector, Flaws: slices.Clone(e.Flaws), Product: e.Product, Vendor: e.Vendor,
		Version: e.Version, Remedy: e.Remedy, Modified: e.Modified,
	}
	m.Reasons = append(m.Reasons, why)
	if !ownMaker {
		m.Reasons = append(m.Reasons, "its maker "+a.Manufacturer+" and "+e.Vendor+" are of one house")
	}
	at, said := e.versions.locate(a.Version, a.Made)
	if at == unclear && s == equal && len(e.versions.alts) == 0 && listed(e.versions.Models, a.own) {
		at, said = inside, "the advisory lists its model number"
	}
	m.Reasons = append(m.Reasons, said)
	switch {
	case clears(e.Status):
		if s < equal || !ownMaker || at != inside || a.Version == "" && e.Status == advisory.Fixed {
			return // it speaks of something else, and clears nothing here
		}
		m.Verdict, m.Grade = vuln.NotAffected, Certain
		m.Reasons = append(m.Reasons, "the advisory says that it is "+e.Status.String())
	case e.Status == advisory.UnderInvestigation:
		m.Reasons = append(m.Reasons, "its maker is still looking into it")
	case at == unclear || s == less:
	case at == outside && s == equal && ownMaker:
		m.Verdict, m.Grade = vuln.NotAffected, Certain
	case at == outside:
		// The name is only near to the advisory's: other versions may hold for it.
		m.Reasons = append(m.Reasons, "the name is not quite the advisory's, so other versions may hold for it")
	case s == equal && ownMaker:
		m.Verdict, m.Grade = vuln.Affected, Certain
	default:
		m.Verdict, m.Grade = vuln.Affected, Likely
	}
	old := found[id]
	if old == nil {
		found[id] = &m
		return
	}
	flaws := append(old.Flaws, m.Flaws...)
	if w := cmp.Or(cmp.Compare(weight(&m), weight(old)), cmp.Compare(m.Grade, old.Grade)); w > 0 {
		*old = m
	} else if w == 0 && m.Product == old.Product {
		for _, r := range m.Reasons {
			if !slices.Contains(old.Reasons, r) && len(old.Reasons) < 12 {
				old.Reasons = append(old.Reasons, r)
			}
		}
	}
	old.Flaws = flaws
	if m.Modified.After(old.Modified) {
		old.Modified = m.Modified
	}
}

func listed(models, own []string) bool {
	return slices.ContainsFunc(models, func(m string) bool { return slices.Contains(own, m) })
}

// numbers are the model numbers of a device.
func (a *Asset) numbers() []string {
	var out []string
	if n := squash(a.ModelNumber); len(n) >= 3 {
		out = append(out, n)
	}
	out = append(out, modelNumbers(a.Model)...)
	for _, f := range strings.Fields(a.Model) {
		if n := squash(f); len(n) >= 4 && strings.ContainsAny(n, "0123456789") {
			out = append(out, n)
		}
	}
	if di := squash(a.DI); di != "" {
		out = append(out, di)
	}
	return out
}

// prepared is a device with its names as words, worked out once for all statements.
type prepared struct {
	Asset
	own   []string          // model numbers
	names map[string][]name // by the makers whose names are left out of them
}

// under returns the names of the device without those of the makers of a statement.
func (p *prepared) under(a *Aliases, e *entry) []name {
	list, ok := p.names[e.house]
	if !ok {
		for _, text := range append([]string{p.Model}, p.Others...) {
			if strings.TrimSpace(text) != "" && len(list) < maxNames {
				list = append(list, a.name(text, e.makers))
			}
		}
		p.names[e.house] = list
	}
	return list
}

// longName is the number of words beyond which a text describes and no longer names.
const longName = 10

// maxNames bounds how many names of one device are looked at.
const maxNames = 20

// compareNames holds the names of a device against those of a statement.
func (ix *Index) compareNames(e *entry, a *prepared) (strength, string) {
	for _, n := range e.numbers {
		if slices.Contains(a.own, n) {
			return equal, "model number " + strings.ToUpper(n) + " is the advisory's"
		}
	}
	best, text := none, ""
	ranged := false
	list := a.under(ix.aliases, e)
	for j := range list {
		n := &list[j]
		out := beyond(n.all, e.spans)
		for i := range e.names {
			s := compareName(n, &e.names[i])
			if s > none && s < equal && out {
				continue // MX40 is none of the MX400 to MX550
			}
			if s > less && len(n.all) > longName {
				s = less // a description may speak of what the thing goes with
			}
			if s > best {
				best, text, ranged = s, n.text, false
			}
		}
		for _, sp := range e.spans {
			if best < more && inSpan(n.all, sp) && shares(n, e, sp.letters) {
				best, text, ranged = more, n.text, true
			}
		}
	}
	switch {
	case ranged:
		return best, "its name “" + text + "” is in the range that the advisory names: “" + e.Product + "”"
	case best == equal:
		return best, "its name “" + text + "” is the advisory's “" + e.Product + "”"
	case best == more:
		return best, "its name “" + text + "” says more than the advisory's “" + e.Product + "”"
	case best == less:
		return best, "its name “" + text + "” says less than the advisory's “" + e.Product + "”"
	}
	return none, ""
}

// beyond reports whether a name has a number behind the letters of a range, and in no
// range of them.
func beyond(name []string, list []span) bool {
	out := false
	for _, sp := range list {
		for i := 0; i+1 < len(name); i++ {
			if _, _, ok := lettersNumber(name[i+1]); ok && name[i] == sp.letters {
				if inSpan(name, sp) {
					return false
				}
				out = true
			}
		}
	}
	return out
}

// shares reports whether a name has a word of its own in common with a statement beside
// the letters of a range.
func shares(n *name, e *entry, letters string) bool {
	for i := range e.names {
		for _, w := range e.names[i].own {
			if w != letters && len(w) >= 4 && slices.Contains(n.own, w) {
				return true
			}
		}
	}
	return false
}

// compareName compares two names by their own words.
func compareName(device, product *name) strength {
	if len(device.own) == 0 || len(product.own) == 0 {
		return none
	}
	if slices.Equal(device.all, product.all) || device.joined == product.joined {
		return equal // PICiX is PIC iX
	}
	// Two kinds of thing under one brand, such as IntelliSpace PACS and Portal. A brand
	// alone is not any one of its kinds, and where each says its kind and the kinds are
	// two, the brand joins nothing.
	if len(device.kind) > 0 && len(product.kind) > 0 && !subset(product.kind, device.all) && !subset(device.kind, product.all) && brandAlone(device.own, product.own) {
		return none
	}
	other := len(product.kind) > 0 && !subset(product.kind, device.all)
	switch {
	case slices.Equal(device.own, product.own) && (!other || len(device.kind) == 0 && len(device.own) > 1):
		return equal
	case product.tells() && subset(product.own, device.own):
		if other && product.part && !slices.ContainsFunc(product.own, func(w string) bool { return len(w) >= 4 }) {
			return none // CT 850 of “Discovery NM/CT 850” is no monitor B850
		}
		// One word of a longer name, or one of several names joined by a slash, may be
		// there by chance.
		if other || product.part || len(product.own) == 1 && device.lead != product.lead {
			return less
		}
		return more
	case device.tells() && subset(device.own, product.own):
		return less
	}
	return none
}

// brandAlone reports whether two names have one word in common at most, and no number.
func brandAlone(a, b []string) bool {
	common := 0
	for _, w := range a {
		if slices.Contains(b, w) {
			if common++; common > 1 || w[0] >= '0' && w[0] <= '9' {
				return false
			}
		}
	}
	return true
}

// tells reports whether a name identifies a product: by a word of four letters and more,
// by letters with a number, or by a short word with the kind of thing it is (Vue PACS).
func (n *name) tells() bool {
	letters, digits := len(n.kind) > 0, false
	for _, w := range n.own {
		switch {
		case w[0] >= '0' && w[0] <= '9':
			digits = true
		case len(w) >= 4:
			return true
		case len(w) == 3 && len(n.kind) > 0:
			return true
		default:
			letters = true
		}
	}
	return letters && digits
}

func subset(a, b []string) bool {
	return !slices.ContainsFunc(a, func(w string) bool { return !slices.Contains(b, w) })
}
