package fact

import (
	"slices"
	"strings"
)

// Kept names facts of an asset by their kind and the beginning of their key. The
// zero value names them all.
type Kept struct {
	Kind   Kind     // "" for every kind
	Prefix string   // of the key
	Unless []string // beginnings of keys that are not meant
}

// Holds reports whether it names the fact.
func (k Kept) Holds(kind Kind, key string) bool {
	return (k.Kind == "" || k.Kind == kind) && strings.HasPrefix(key, k.Prefix) &&
		!slices.ContainsFunc(k.Unless, func(p string) bool { return strings.HasPrefix(key, p) })
}
