package fact

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Origin says where a value comes from.
type Origin struct {
	Stream     string    `json:"stream"` // stream id
	Title      string    `json:"title"`  // for people
	ObservedAt time.Time `json:"observed_at"`
	Assurance  Assurance `json:"assurance"`
}

// Value is an attribute of a resource with its origin. Others holds what other
// sources say where they disagree, so a conflict stays visible.
type Value struct {
	V      any
	Origin Origin
	Others []Value
}

// Resource is what all sources together state about one thing.
type Resource struct {
	Kind    Kind
	ID      string // unique within the kind: asset id, "<asset id>/<key>" for what lives on an asset, else the key
	Asset   string // asset id, for what lives on one
	Values  map[string]Value
	Missing map[string]Gap // attributes that some source tried to read and could not, and none gave
}

// Gap says why an attribute has no value.
type Gap struct {
	Why    string
	Origin Origin
}

// Label is how people call the resource.
func (r *Resource) Label() string {
	for _, a := range [...]string{"name", "fqdn", "title", "rule", "employee_id", "mount"} {
		if s, ok := r.Values[a].V.(string); ok && s != "" {
			return s
		}
	}
	if ips, ok := r.Values["ips"].V.([]string); ok && len(ips) > 0 {
		return ips[0]
	}
	// What lives on an asset is named within it: 443/tcp.
	if key, ok := strings.CutPrefix(r.ID, r.Asset+"/"); ok && r.Asset != "" {
		return key
	}
	return r.ID
}

// Get returns an attribute's value, or nil.
func (r *Resource) Get(name string) any { return r.Values[name].V }

// Text returns a string attribute, or "".
func (r *Resource) Text(name string) string { s, _ := r.Values[name].V.(string); return s }

// True reports whether a bool attribute is known and true.
func (r *Resource) True(name string) bool { b, _ := r.Values[name].V.(bool); return b }

// When returns a time attribute, or the zero time.
func (r *Resource) When(name string) time.Time { t, _ := r.Values[name].V.(time.Time); return t }

// Statement is one source's fact about a resource as the store keeps it, with
// the asset reference already resolved.
type Statement struct {
	Kind    Kind
	ID      string
	Asset   string
	Origin  Origin
	Values  Values
	Missing map[string]string
}

// Merge joins the statements about one resource. For each attribute the
// strongest assurance wins, then the newest observation, then the stream id,
// so the outcome does not depend on the order of the statements.
//
// What people say of assets in the product ([StreamEdits]) comes before all
// that for the attributes of [Editorial], and for those alone: whom a device
// belongs to, a person knows better than an export. One thing it cannot hide:
// where our own probe reached an asset from the internet, internet_facing stays
// true and the person's word is shown beside it. Whatever loses is in Others.
func Merge(sts []Statement) *Resource {
	if len(sts) == 0 {
		return nil
	}
	if len(sts) > 1 {
		sts = slices.Clone(sts)
		slices.SortStableFunc(sts, func(a, b Statement) int {
			return cmp.Or(
				-cmp.Compare(a.Origin.Assurance, b.Origin.Assurance),
				-a.Origin.ObservedAt.Compare(b.Origin.ObservedAt),
				cmp.Compare(a.Origin.Stream, b.Origin.Stream),
			)
		})
	}
	r := &Resource{Kind: sts[0].Kind, ID: sts[0].ID, Asset: sts[0].Asset, Values: make(map[string]Value, len(sts[0].Values))}
	for _, st := range sts {
		for name, v := range st.Values {
			have, ok := r.Values[name]
			switch {
			case !ok:
				r.Values[name] = Value{V: v, Origin: st.Origin}
			case !Equal(have.V, v):
				have.Others = append(have.Others, Value{V: v, Origin: st.Origin})
				r.Values[name] = have
			}
		}
	}
	if r.Kind == KindAsset {
		for _, st := range sts {
			if st.Origin.Stream == StreamEdits {
				r.edit(st)
			}
		}
	}
	for _, st := range sts {
		for name, why := range st.Missing {
			if _, ok := r.Values[name]; ok {
				continue
			}
			if _, ok := r.Missing[name]; ok {
				continue
			}
			if r.Missing == nil {
				r.Missing = make(map[string]Gap)
			}
			r.Missing[name] = Gap{Why: why, Origin: st.Origin}
		}
	}
	return r
}

// edit puts what a person says first.
func (r *Resource) edit(st Statement) {
	for _, name := range editorial {
		v, ok := st.Values[name]
		have := r.Values[name]
		if !ok || have.Origin.Stream == StreamEdits ||
			name == "internet_facing" && v == false && have.V == true && have.Origin.Assurance == Measured {
			continue
		}
		said := Value{V: v, Origin: st.Origin}
		for _, o := range append([]Value{{V: have.V, Origin: have.Origin}}, have.Others...) {
			if !Equal(o.V, v) {
				said.Others = append(said.Others, o)
			}
		}
		r.Values[name] = said
	}
}

// Equal compares two attribute values.
func Equal(a, b any) bool {
	switch x := a.(type) {
	case []string:
		y, ok := b.([]string)
		return ok && slices.Equal(x, y)
	case time.Time:
		y, ok := b.(time.Time)
		return ok && x.Equal(y)
	}
	return a == b
}

// Set is everything known about an organization at one moment.
type Set struct {
	Resources map[Kind][]*Resource // each sorted by ID
	Notes     []SourcedNote        // what could not be read, newest batch of each stream
}

// SourcedNote is a note with the stream it came from.
type SourcedNote struct {
	Note
	Origin Origin `json:"origin"`
}

// Find returns the resource of the kind with the id, or nil.
func (s *Set) Find(k Kind, id string) *Resource {
	rs := s.Resources[k]
	i, ok := slices.BinarySearchFunc(rs, id, func(r *Resource, id string) int { return cmp.Compare(r.ID, id) })
	if !ok {
		return nil
	}
	return rs[i]
}
