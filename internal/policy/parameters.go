package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/errs"
)

// Override sets one parameter or setting of one check. With Check "" it sets one of
// [Generals], such as the floor of all checks.
type Override struct {
	Check string
	Name  string // a parameter of the check, or a setting that every check has
	Value any    // bool, int64, float64, string, []string; a window as its text, 30d
}

func (o Override) key() string {
	if o.Check == "" {
		return o.Name
	}
	return o.Check + "." + o.Name
}

// Parameters are what an organization set otherwise than the checks' defaults.
// They have been checked against a catalog and do not change. A nil
// *Parameters sets nothing.
type Parameters struct {
	byKey map[string]Override
}

// NewParameters checks the overrides against the catalog. The error is of kind
// errs.Invalid and names every fault.
func NewParameters(c *Catalog, overrides []Override) (*Parameters, error) {
	p := &Parameters{byKey: make(map[string]Override, len(overrides))}
	var faults []string
	for _, o := range overrides {
		v, msg := c.allow(o)
		if msg != "" {
			faults = append(faults, msg)
			continue
		}
		o.Value = v
		p.byKey[o.key()] = o
	}
	if len(faults) > 0 {
		return nil, errs.New(errs.Invalid, "%s", strings.Join(faults, "\n"))
	}
	return p, nil
}

// With returns the parameters with one override more; a nil value takes the
// override away.
func (p *Parameters) With(c *Catalog, o Override) (*Parameters, error) {
	all := slices.DeleteFunc(p.Overrides(), func(x Override) bool { return x.key() == o.key() })
	if o.Value != nil {
		all = append(all, o)
	} else if _, msg := c.find(o); msg != "" {
		return nil, errs.New(errs.NotFound, "%s", msg)
	}
	return NewParameters(c, all)
}

// Overrides lists what is set, by check and name.
func (p *Parameters) Overrides() []Override {
	if p == nil {
		return nil
	}
	keys := slices.Sorted(maps.Keys(p.byKey))
	os := make([]Override, len(keys))
	for i, k := range keys {
		os[i] = p.byKey[k]
	}
	return os
}

// For returns the settings in force for a check.
func (p *Parameters) For(c *Check) Settings {
	s := c.Defaults()
	if p == nil || len(p.byKey) == 0 {
		return s
	}
	get := func(name string) (any, bool) {
		o, ok := p.byKey[c.ID+"."+name]
		return o.Value, ok
	}
	if o, ok := p.byKey[SetCoverageFloor]; ok {
		s.CoverageFloor, _ = o.Value.(float64)
	}
	if v, ok := get(SetCoverageFloor); ok {
		s.CoverageFloor, _ = v.(float64)
	}
	if v, ok := get(SetMinCoverage); ok {
		s.MinCoverage, _ = v.(float64)
	}
	if v, ok := get(SetPassShare); ok {
		s.PassShare, _ = v.(float64)
	}
	if v, ok := get(SetFreshWithin); ok {
		text, _ := v.(string)
		s.FreshWithin = span(text)
	}
	for _, q := range c.Params {
		if v, ok := get(q.Name); ok {
			s.Params[q.Name] = v
		}
	}
	s.bind(c)
	return s
}

// span reads a window that has been checked.
func span(s string) time.Duration {
	d, err := ParseSpan(s)
	if err != nil {
		return 0
	}
	return d
}

// Digest is the SHA-256, in hex, over what is set; that of nothing where
// nothing is.
func (p *Parameters) Digest() string {
	sum := sha256.Sum256(p.Encode())
	return hex.EncodeToString(sum[:])
}

// Encode writes the parameters as a parameters file that [ParseParameters]
// reads, one line each, sorted.
func (p *Parameters) Encode() []byte {
	var b strings.Builder
	for _, o := range p.Overrides() {
		fmt.Fprintf(&b, "%s: %s\n", o.key(), yamlValue(o.Value))
	}
	return []byte(b.String())
}

func yamlValue(v any) string {
	switch x := v.(type) {
	case bool:
		return strconv.FormatBool(x)
	case int64:
		return strconv.FormatInt(x, 10)
	case float64:
		s := strconv.FormatFloat(x, 'f', -1, 64)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return s
	case []string:
		qs := make([]string, len(x))
		for i, s := range x {
			qs[i] = strconv.Quote(s)
		}
		return "[" + strings.Join(qs, ", ") + "]"
	case string:
		return strconv.Quote(x)
	}
	return "null"
}

// ParseParameters reads a parameters file:
//
//	training-current.max_days: 180       # a parameter of a check
//	mfa-everyone: {min_coverage: 0.9}    # settings and parameters of one check
//	coverage_floor: 0.3                  # of all checks
//	feed_stale_after: 14d                # of the installation
//
// Faults are an error of kind errs.Invalid that is a [Faults].
func ParseParameters(c *Catalog, file string, data []byte) (*Parameters, error) {
	d := &document{file: file}
	p := &Parameters{byKey: make(map[string]Override)}
	set := func(at, value node, o Override) {
		if _, twice := p.byKey[o.key()]; twice {
			d.bad(at, "%s is set twice; keep one", o.key())
			return
		}
		if _, msg := c.find(o); msg != "" {
			d.bad(at, "%s", msg)
			return
		}
		v, ok := d.scalar(value)
		if !ok {
			return
		}
		o.Value = v
		v, msg := c.allow(o)
		if msg != "" {
			d.bad(value, "%s", msg)
			return
		}
		o.Value = v
		p.byKey[o.key()] = o
	}
	if body := d.read(data); body != nil {
		es, _ := d.mapping(body, "the parameters file")
		for _, e := range es {
			if check, name, dotted := strings.Cut(e.key, "."); dotted {
				set(e.keyAt, e.value, Override{Check: check, Name: name})
				continue
			}
			if _, ok := general(e.key); ok {
				set(e.keyAt, e.value, Override{Name: e.key})
				continue
			}
			if _, msg := c.find(Override{Check: e.key, Name: SetMinCoverage}); msg != "" {
				d.bad(e.keyAt, "%s", msg)
				continue
			}
			inner, _ := d.mapping(e.value, e.key)
			for _, i := range inner {
				set(i.keyAt, i.value, Override{Check: e.key, Name: i.key})
			}
		}
	}
	if len(d.faults) > 0 {
		d.faults.sort()
		return nil, errs.Wrap(errs.Invalid, d.faults)
	}
	return p, nil
}
