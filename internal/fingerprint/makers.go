package fingerprint

import (
	"fmt"
	"slices"
	"strings"
)

// maker is a company whose devices are met in hospitals.
type maker struct {
	Name string `yaml:"name"` // as we call it
	// Card are the first words of its names in the IEEE listing, lower case,
	// punctuation as spaces.
	Card []string `yaml:"card"`
	// Makes is the kind of device that a network card of its own name most likely
	// sits in, and how sure that is. Makers of many things have none.
	Makes string `yaml:"makes"`
	Sure  int    `yaml:"sure"`
	// Component says that its cards sit in other makers' devices.
	Component bool `yaml:"component"`
}

// makers finds a maker by the registered name of a card.
type makers struct {
	list   []maker
	byName map[string]int
	starts []start // sorted by text
}

type start struct {
	text  string
	maker int
}

func newMakers(list []maker) (*makers, []error) {
	m := &makers{list: list, byName: map[string]int{}}
	var faults []error
	for i, k := range list {
		if _, twice := m.byName[k.Name]; twice || k.Name == "" {
			faults = append(faults, fmt.Errorf("maker %q: no name, or listed twice", k.Name))
		}
		m.byName[k.Name] = i
		if k.Makes != "" {
			if _, ok := KindNamed(k.Makes); !ok || k.Sure < 1 || k.Sure > 99 {
				faults = append(faults, fmt.Errorf("maker %q makes %q, sure %d: want one of our kinds and 1 to 99 percent", k.Name, k.Makes, k.Sure))
			}
		}
		for _, c := range k.Card {
			if c != plain(c) {
				faults = append(faults, fmt.Errorf("maker %q: card %q: write it as %q", k.Name, c, plain(c)))
			}
			m.starts = append(m.starts, start{c, i})
		}
	}
	slices.SortFunc(m.starts, func(a, b start) int { return strings.Compare(a.text, b.text) })
	for i := 1; i < len(m.starts); i++ {
		if m.starts[i].text == m.starts[i-1].text {
			faults = append(faults, fmt.Errorf("card %q belongs to two makers", m.starts[i].text))
		}
	}
	return m, faults
}

func (m *makers) has(name string) bool {
	_, ok := m.byName[name]
	return ok
}

// of returns the maker that a registered name belongs to: the one with the
// longest matching beginning, which ends where a word ends.
func (m *makers) of(registered string) (*maker, bool) {
	name := plain(registered)
	for end := len(name); end > 0; end = strings.LastIndexByte(name[:end], ' ') {
		i, ok := slices.BinarySearchFunc(m.starts, name[:end], func(s start, t string) int { return strings.Compare(s.text, t) })
		if ok {
			return &m.list[m.starts[i].maker], true
		}
	}
	return nil, false
}

// plain writes a name in lower case with single spaces for everything that is
// no letter or digit.
func plain(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	gap := false
	for _, r := range strings.ToLower(s) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= 0x80 {
			if gap && b.Len() > 0 {
				b.WriteByte(' ')
			}
			gap = false
			b.WriteRune(r)
			continue
		}
		gap = true
	}
	return b.String()
}
