package fact

import (
	"fmt"
	"slices"
	"time"
)

// Kind is a kind of resource that facts are about.
type Kind string

// The kinds of resource.
const (
	KindOrganization  Kind = "organization"  // the hospital itself; one
	KindAsset         Kind = "asset"         // a device, or an application known by its bill of materials
	KindVolume        Kind = "volume"        // a storage volume of an asset
	KindEndpoint      Kind = "endpoint"      // a listening network service of an asset
	KindVulnerability Kind = "vulnerability" // a weakness a scanner found on an asset
	KindSetting       Kind = "setting"       // a configuration rule judged by a baseline tool, on an asset or a tenant of a cloud service
	KindAccount       Kind = "account"       // a sign-in, local to an asset or of a directory
	KindPerson        Kind = "person"        // someone on the roster
	KindVendor        Kind = "vendor"        // a supplier
	KindActivity      Kind = "activity"      // something that was done: a scan, a test, an exercise
	KindDocument      Kind = "document"      // a plan or policy
	KindDomain        Kind = "domain"        // a mail or web domain
)

// Type is the type of an attribute.
type Type uint8

// The types.
const (
	Bool Type = iota + 1
	Int
	Double
	String
	Time
	Strings
)

var typeNames = [...]string{"?", "bool", "int", "double", "string", "timestamp", "list(string)"}

func (t Type) String() string { return typeNames[min(int(t), len(typeNames)-1)] }

// Holds reports whether v is a value of the type.
func (t Type) Holds(v any) bool {
	var ok bool
	switch t {
	case Bool:
		_, ok = v.(bool)
	case Int:
		_, ok = v.(int64)
	case Double:
		_, ok = v.(float64)
	case String:
		_, ok = v.(string)
	case Time:
		_, ok = v.(time.Time)
	case Strings:
		_, ok = v.([]string)
	}
	return ok
}

// Attr is one attribute of a kind.
type Attr struct {
	Name    string
	Type    Type
	Derived bool   // computed from the facts of several resources when they are read
	Doc     string // what it is, with its unit
}

// Schema lists what can be stated about a kind of resource.
type Schema struct {
	Kind    Kind
	OnAsset bool // every resource of the kind lives on an asset
	Doc     string
	Attrs   []Attr

	index map[string]int
}

// Attr finds an attribute.
func (s *Schema) Attr(name string) (Attr, bool) {
	i, ok := s.index[name]
	if !ok {
		return Attr{}, false
	}
	return s.Attrs[i], true
}

// SchemaOf returns the schema of a kind.
func SchemaOf(k Kind) (*Schema, bool) {
	s, ok := schemas[k]
	return s, ok
}

// Kinds lists all kinds in a fixed order.
func Kinds() []Kind {
	ks := make([]Kind, 0, len(all))
	for _, s := range all {
		ks = append(ks, s.Kind)
	}
	return ks
}

var schemas = func() map[Kind]*Schema {
	m := make(map[Kind]*Schema, len(all))
	for _, s := range all {
		s.index = make(map[string]int, len(s.Attrs))
		for i, a := range s.Attrs {
			if _, twice := s.index[a.Name]; twice || a.Type == 0 {
				panic(fmt.Sprintf("fact: schema of %s: attribute %s is declared twice or has no type", s.Kind, a.Name))
			}
			s.index[a.Name] = i
		}
		m[s.Kind] = s
	}
	return m
}()

func derived(as []Attr) []Attr {
	as = slices.Clone(as)
	for i := range as {
		as[i].Derived = true
	}
	return as
}
