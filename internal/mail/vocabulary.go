package mail

import (
	"maps"

	"github.com/asepsis/asepsis/internal/fact"
)

// Fact states what is known of a resource, as far as the vocabulary of facts has
// words for it. Engines here know more of a domain than any check asks; an
// attribute that nobody has added to the vocabulary is left out, and flows as soon
// as somebody does.
func Fact(kind fact.Kind, key string, values fact.Values, missing map[string]string) (fact.Fact, bool) {
	s, ok := fact.SchemaOf(kind)
	if !ok {
		return fact.Fact{}, false
	}
	known := func(name string) bool {
		a, ok := s.Attr(name)
		return ok && !a.Derived
	}
	f := fact.Fact{Kind: kind, Key: key, Values: maps.Clone(values), Missing: maps.Clone(missing)}
	maps.DeleteFunc(f.Values, func(name string, _ any) bool { return !known(name) })
	maps.DeleteFunc(f.Missing, func(name, _ string) bool { return !known(name) })
	return f, true
}
