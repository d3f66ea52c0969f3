package fingerprint

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"

	"github.com/asepsis/asepsis/content/fingerprints"
)

// Engine holds the rules. It does not change after [Load] and may be asked from
// many goroutines.
type Engine struct {
	makers  *makers
	bySrc   map[Source][]*compiled // rules with one condition on one source
	combine [2][]*compiled         // all others, by stage
	rules   int
}

// Default returns the engine with the rules that ship with Asepsis.
var Default = sync.OnceValue(func() *Engine {
	e, err := Load(fingerprints.FS)
	if err != nil {
		panic("fingerprint: the shipped rules: " + err.Error())
	}
	return e
})

// Load reads makers.yaml and all other .yaml files of a folder. It returns every
// fault of every file.
func Load(files fs.FS) (*Engine, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list the rules: %w", err)
	}
	var faults []error
	var list []maker
	if err := read(files, "makers.yaml", &list); err != nil {
		return nil, err
	}
	e := &Engine{bySrc: map[Source][]*compiled{}}
	e.makers, faults = newMakers(list)
	ids := map[string]bool{}
	for _, name := range names {
		if path.Base(name) == "makers.yaml" {
			continue
		}
		var f file
		if err := read(files, name, &f); err != nil {
			faults = append(faults, err)
			continue
		}
		if len(f.Knowledge) == 0 {
			faults = append(faults, fmt.Errorf("%s: knowledge is missing: say where the rules are from", name))
		}
		var rules []rule
		for _, r := range f.Rules {
			rules = append(rules, r.each()...)
		}
		for i := range rules {
			c, errs := rules[i].compile(f.Source, e.makers)
			if ids[c.id] {
				errs = append(errs, fmt.Errorf("rule %q: the id is used twice", c.id))
			}
			ids[c.id] = true
			for _, err := range errs {
				faults = append(faults, fmt.Errorf("%s: %w", name, err))
			}
			if len(errs) == 0 {
				e.add(c)
			}
		}
	}
	return e, errors.Join(faults...)
}

func read(files fs.FS, name string, v any) error {
	b, err := fs.ReadFile(files, name)
	if err != nil {
		return fmt.Errorf("read the rules: %w", err)
	}
	if err := yaml.UnmarshalWithOptions(b, v, yaml.Strict()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (e *Engine) add(c *compiled) {
	e.rules++
	if len(c.conds) == 1 && (c.conds[0].re != nil || len(c.conds[0].equals) > 0) && c.stage == 0 && c.conds[0].alone() {
		e.bySrc[c.conds[0].Source] = append(e.bySrc[c.conds[0].Source], c)
		return
	}
	e.combine[c.stage] = append(e.combine[c.stage], c)
}

// alone reports whether the condition looks at nothing but its source.
func (t *test) alone() bool {
	return len(t.Maker)+len(t.Ports)+len(t.AnyPort)+len(t.NoPort)+len(t.kinds) == 0
}

// Rules says how many rules there are.
func (e *Engine) Rules() int { return e.rules }

// Bounds of what one device may bring: more tells nothing new.
const (
	maxSignals = 256
	maxValue   = 1024
)

// look is one device being looked at.
type look struct {
	d      *Device
	sigs   []sig
	maker  *maker // of the card
	kind   MACKind
	found  []finding
	makers []string // named by rules of the first stage, surely enough
}

type sig struct {
	Signal
	lower string
}

type finding struct {
	prop   property
	value  string
	sure   Confidence
	rule   string
	source string // rules of one source do not confirm each other
}

// Identify says what a device is.
func (e *Engine) Identify(d Device) Answer {
	l := look{d: &d, sigs: make([]sig, 0, min(len(d.Signals), maxSignals)), found: make([]finding, 0, 16)}
	for _, s := range d.Signals[:min(len(d.Signals), maxSignals)] {
		s.Value = clean(s.Value)
		if s.Value != "" {
			l.sigs = append(l.sigs, sig{s, strings.ToLower(s.Value)})
		}
	}
	var a Answer
	a.MAC = KindOf(d.MAC)
	l.kind = a.MAC
	e.card(&l, &a)
	for i := range l.sigs {
		s := &l.sigs[i]
		for _, c := range e.bySrc[s.Source] {
			if groups, ok := c.conds[0].holdsFor(s); ok {
				l.take(c, s, groups, &a)
			}
		}
	}
	for stage, rules := range e.combine {
		if stage == 1 {
			l.nameMakers()
		}
		for _, c := range rules {
			if s, groups, ok := l.allHold(c); ok {
				l.take(c, s, groups, &a)
			}
		}
	}
	l.conclude(&a)
	slices.SortStableFunc(a.Evidence, func(x, y Evidence) int { return int(y.Confidence) - int(x.Confidence) })
	return a
}

// card takes what the hardware address says.
func (e *Engine) card(l *look, a *Answer) {
	b, ok := CardMaker(l.d.MAC)
	if !ok || b.Maker == "Private" {
		return
	}
	a.CardMaker = b.Maker
	m, ok := e.makers.of(b.Maker)
	if !ok {
		return
	}
	l.maker = m
	if m.Component || a.MAC != MACUniversal {
		return // the card of an adapter or a module says nothing of the device
	}
	id := "card/" + m.Name
	text := fmt.Sprintf("the network card is made by %s", b.Maker)
	sure := Confidence(70) // makers buy boards from each other
	if m.Makes != "" {
		k, _ := KindNamed(m.Makes)
		c := Confidence(m.Sure)
		l.found = append(l.found, finding{propKind, k.Name, c, id, "card"})
		text += ", whose cards sit mostly in: " + k.Title
	}
	l.found = append(l.found, finding{propManufacturer, m.Name, sure, id, "card"})
	a.Evidence = append(a.Evidence, Evidence{id, text, sure})
}

// nameMakers gathers the makers that rules of the first stage are sure of.
func (l *look) nameMakers() {
	for _, f := range l.found {
		if f.prop == propManufacturer && f.sure >= Likely {
			l.makers = append(l.makers, f.value)
		}
	}
}

// allHold reports whether every condition of a rule holds, with the signal and
// groups of the condition that matched an expression, for the rule's text.
func (l *look) allHold(c *compiled) (s *sig, groups []string, ok bool) {
	for i := range c.conds {
		t := &c.conds[i]
		if !t.holds(l) {
			return nil, nil, false
		}
		if t.re == nil && len(t.equals) == 0 {
			continue
		}
		hit := false
		for j := range l.sigs {
			if l.sigs[j].Source != t.Source {
				continue
			}
			if g, yes := t.holdsFor(&l.sigs[j]); yes {
				hit = true
				if s == nil || t.re != nil && t.re.NumSubexp() > 0 {
					s, groups = &l.sigs[j], g
				}
				break
			}
		}
		if !hit {
			return nil, nil, false
		}
	}
	return s, groups, true
}

// holds asks for everything but the value of a signal.
func (t *test) holds(l *look) bool {
	open := func(p uint16) bool { return slices.Contains(l.d.TCP, p) }
	for _, p := range t.Ports {
		if !open(p) {
			return false
		}
	}
	if len(t.AnyPort) > 0 && !slices.ContainsFunc(t.AnyPort, open) {
		return false
	}
	if len(t.NoPort) > 0 && (!l.d.Scanned || slices.ContainsFunc(t.NoPort, open)) {
		return false
	}
	if len(t.kinds) > 0 && !slices.Contains(t.kinds, l.kind) {
		return false
	}
	if len(t.Maker) == 0 {
		return true
	}
	return l.maker != nil && slices.Contains(t.Maker, l.maker.Name) ||
		slices.ContainsFunc(l.makers, func(m string) bool { return slices.Contains(t.Maker, m) })
}

// holdsFor asks for the value of a signal. The groups are those of the
// expression by number, the whole first.
func (t *test) holdsFor(s *sig) ([]string, bool) {
	if len(t.equals) > 0 && slices.Contains(t.equals, s.lower) {
		return nil, true
	}
	if t.re == nil {
		return nil, false
	}
	if t.needs != nil && !slices.ContainsFunc(t.needs, func(n string) bool { return strings.Contains(s.lower, n) }) {
		return nil, false
	}
	if t.re.NumSubexp() == 0 {
		return nil, t.re.MatchString(s.Value)
	}
	g := t.re.FindStringSubmatch(s.Value)
	return g, g != nil
}

// clean bounds a value and takes out what no person should be shown.
func clean(s string) string {
	s = s[:min(len(s), maxValue)]
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r', r == '\t':
			return ' '
		case r < ' ', r == 0x7f, r == 0xfffd:
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}
