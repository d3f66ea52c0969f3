package assess

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/fact"
)

// StreamDerived is the stream of derived values in their origin.
const StreamDerived = "derived"

// Derive adds what follows from the facts of several resources: the derived
// attributes of the kinds. Each has an origin that says how it was found, as
// old as the oldest fact it rests on and as sure as the weakest. What cannot be
// derived for want of facts is missing with the reason, never a default.
//
// The set given is not changed. Resources that gain nothing are shared with
// it. Deriving again gives the same set.
func Derive(set fact.Set, org Organization, now time.Time) fact.Set {
	out := fact.Set{Resources: make(map[fact.Kind][]*fact.Resource, len(set.Resources)+1), Notes: set.Notes}
	maps.Copy(out.Resources, set.Resources)
	for _, kind := range []fact.Kind{fact.KindAsset, fact.KindVulnerability, fact.KindAccount, fact.KindPerson, fact.KindOrganization} {
		out.Resources[kind] = bare(kind, set.Resources[kind])
	}
	joinPeople(&out)
	joinDisclosures(&out)
	deriveAssets(&out)
	deriveExposure(&out)
	deriveAccounts(&out, now)
	out.Resources[fact.KindOrganization] = deriveOrganization(&out, org)
	for kind, rs := range out.Resources {
		if len(rs) == 0 {
			delete(out.Resources, kind)
		}
	}
	return out
}

// bare copies resources without their derived attributes.
func bare(kind fact.Kind, rs []*fact.Resource) []*fact.Resource {
	schema, ok := fact.SchemaOf(kind)
	if !ok {
		return rs
	}
	var derived []string
	for _, a := range schema.Attrs {
		if a.Derived {
			derived = append(derived, a.Name)
		}
	}
	copies := make([]fact.Resource, len(rs))
	out := make([]*fact.Resource, len(rs))
	for i, r := range rs {
		copies[i] = *r
		c := &copies[i]
		c.Values = make(map[string]fact.Value, len(r.Values)+len(derived))
		maps.Copy(c.Values, r.Values)
		c.Missing = maps.Clone(r.Missing)
		for _, name := range derived {
			// What an earlier stage found, such as who else reports a weakness, stays.
			if v, ok := c.Values[name]; ok && v.Origin.Stream == StreamDerived {
				delete(c.Values, name)
			}
			if g, ok := c.Missing[name]; ok && g.Origin.Stream == StreamDerived {
				delete(c.Missing, name)
			}
		}
		out[i] = c
	}
	return out
}

func set(r *fact.Resource, name string, v any, o fact.Origin) {
	r.Values[name] = fact.Value{V: v, Origin: o}
}

func missing(r *fact.Resource, name, why string) {
	if r.Missing == nil {
		r.Missing = make(map[string]fact.Gap)
	}
	r.Missing[name] = fact.Gap{Why: why, Origin: fact.Origin{Stream: StreamDerived, Title: "derived"}}
}

// from joins origins: the weakest assurance and the oldest observation.
func from(title string, origins ...fact.Origin) fact.Origin {
	out := fact.Origin{Stream: StreamDerived, Title: title}
	for _, o := range origins {
		if o.Assurance != fact.NoAssurance && (out.Assurance == fact.NoAssurance || o.Assurance < out.Assurance) {
			out.Assurance = o.Assurance
		}
		if !o.ObservedAt.IsZero() && (out.ObservedAt.IsZero() || o.ObservedAt.Before(out.ObservedAt)) {
			out.ObservedAt = o.ObservedAt
		}
	}
	return out
}

// span is the newest observation and the weakest assurance of many facts that
// were counted: the count is as new as the newest of them.
type span struct{ o fact.Origin }

func (s *span) add(o fact.Origin) {
	if o.ObservedAt.After(s.o.ObservedAt) {
		s.o.ObservedAt = o.ObservedAt
	}
	if o.Assurance != fact.NoAssurance && (s.o.Assurance == fact.NoAssurance || o.Assurance < s.o.Assurance) {
		s.o.Assurance = o.Assurance
	}
}

func (s *span) origin(title string) fact.Origin {
	return fact.Origin{Stream: StreamDerived, Title: title, ObservedAt: s.o.ObservedAt, Assurance: s.o.Assurance}
}

// newest is the youngest and strongest origin among a resource's values.
func newest(r *fact.Resource) fact.Origin {
	var best fact.Origin
	for _, v := range r.Values {
		if v.Origin.ObservedAt.After(best.ObservedAt) {
			best.ObservedAt = v.Origin.ObservedAt
		}
		best.Assurance = max(best.Assurance, v.Origin.Assurance)
	}
	return best
}

const noNetworkScan = "no scan of the network was imported"

// roster returns the people that a roster lists: training and phishing
// exports name people too, and say nothing of who works here.
func roster(people []*fact.Resource) []*fact.Resource {
	return slices.Collect(func(yield func(*fact.Resource) bool) {
		for _, p := range people {
			if onRoster(p) && !yield(p) {
				return
			}
		}
	})
}

func onRoster(p *fact.Resource) bool {
	for _, v := range p.Values {
		s := v.Origin.Stream
		if s != StreamDerived && !strings.HasPrefix(s, "import/training") && !strings.HasPrefix(s, "import/phishing") {
			return true
		}
		for _, o := range v.Others {
			if !strings.HasPrefix(o.Origin.Stream, "import/training") && !strings.HasPrefix(o.Origin.Stream, "import/phishing") {
				return true
			}
		}
	}
	return false
}

const noRoster = "no staff roster was imported"
