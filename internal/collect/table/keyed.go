package table

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/fact"
)

// entry is what the rows with one key say.
type entry struct {
	line    int
	key     string
	vals    fact.Values
	missing map[string]string
	listed  map[string]*map[string]bool // what long lists have, by attribute
}

// extend adds to a list of the entry what it does not have yet.
func (e *entry) extend(attr string, more []string) {
	seen := e.listed[attr]
	if seen == nil {
		seen = new(map[string]bool)
		if e.listed == nil {
			e.listed = make(map[string]*map[string]bool)
		}
		e.listed[attr] = seen
	}
	list, _ := e.vals[attr].([]string)
	for _, s := range more {
		list = safe.AddOnce(list, seen, s)
	}
	e.vals[attr] = list
}

// keyed gathers rows by key. Rows with the same key are one resource: what they
// agree on or add to each other is merged, a contradiction is a fault, as nobody
// can know which row is right.
type keyed struct {
	entries map[string]*entry
	list    []*entry
	newest  []string // attributes of which the latest date counts
}

func newKeyed(newest ...string) keyed {
	return keyed{entries: make(map[string]*entry), newest: newest}
}

// add takes a row's statements. It returns the entry they went to, or nil where
// they contradict it.
func (k *keyed) add(r *row, key string, vals fact.Values) (*entry, error) {
	e, ok := k.entries[key]
	if !ok {
		e = &entry{line: r.line, key: key, vals: vals, missing: r.missing}
		k.entries[key] = e
		k.list = append(k.list, e)
		k.settle(e)
		return e, nil
	}
	for _, attr := range slices.Sorted(maps.Keys(vals)) {
		have, ok := e.vals[attr]
		if !ok || fact.Equal(have, vals[attr]) || slices.Contains(k.newest, attr) {
			continue
		}
		if _, list := have.([]string); list {
			continue
		}
		field := attr
		for _, f := range r.b.fields {
			if f != nil && f.Attr == attr {
				field = f.Name
			}
		}
		return nil, r.fault(field, fmt.Sprintf("line %d is about the same and says %s, this line says %s", e.line, show(have), show(vals[attr])), "keep the row that is right")
	}
	for attr, v := range vals {
		switch have := e.vals[attr].(type) {
		case []string:
			more, _ := v.([]string)
			e.extend(attr, more)
			continue
		case time.Time:
			if t, ok := v.(time.Time); ok && have.After(t) {
				continue
			}
		}
		e.vals[attr] = v
	}
	for attr, why := range r.missing {
		if e.missing == nil {
			e.missing = make(map[string]string)
		}
		e.missing[attr] = why
	}
	k.settle(e)
	return e, nil
}

// settle drops the reasons for attributes that have a value after all.
func (k *keyed) settle(e *entry) {
	for attr := range e.missing {
		if _, ok := e.vals[attr]; ok {
			delete(e.missing, attr)
		}
	}
}

// facts adds the entries to the batch, in the order of the file.
func (k *keyed) facts(b *builder, kind fact.Kind) {
	b.batch.Facts = slices.Grow(b.batch.Facts, len(k.list))
	for _, e := range k.list {
		b.batch.Facts = append(b.batch.Facts, fact.Fact{Kind: kind, Key: e.key, Values: e.vals, Missing: e.missing})
	}
}

// show writes a value for a message.
func show(v any) string {
	switch x := v.(type) {
	case string:
		return strconv.Quote(shorten(x, 40))
	case bool:
		if x {
			return "yes"
		}
		return "no"
	case time.Time:
		if x.Equal(x.Truncate(24 * time.Hour)) {
			return x.Format("2006-01-02")
		}
		return x.Format("2006-01-02 15:04:05")
	case []string:
		return strconv.Quote(shorten(strings.Join(x, ", "), 40))
	}
	return fmt.Sprint(v)
}
