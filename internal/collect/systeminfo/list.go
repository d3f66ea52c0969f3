package systeminfo

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/lines"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/lazy"
)

// machine gathers what one listing says.
type machine struct {
	fields  map[string]string // of the labels that are read
	ended   bool              // the list of updates stands there as a whole
	said    int               // updates that the listing says there are; -1: it does not say
	entries int               // of its list
	updates []string
	cards   []card
	behind  bool // something stands behind the list of updates
	line    int  // where it begins
}

// card is a network card.
type card struct {
	name string
	ips  []string
}

// wanted are the labels whose values are read, in small letters.
var wanted = map[string]bool{
	"host name": true, "os name": true, "os version": true, "os configuration": true, "system manufacturer": true, "system model": true, "system type": true, "domain": true,
}

// list reads systeminfo as it prints by itself.
func (p *parser) list(ctx context.Context) error {
	var m *machine
	section := ""
	done := func() error {
		if m == nil {
			return nil
		}
		return p.machine(m)
	}
	err := p.each(ctx, p.in, func(r *lines.Reader, line string) error {
		if line == "" {
			return nil
		}
		if line[0] == ' ' || line[0] == '\t' {
			if m != nil {
				m.below(section, strings.TrimSpace(line), r.Ended())
			}
			return nil
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil
		}
		value = strings.TrimSpace(value)
		section = strings.ToLower(strings.TrimSpace(name))
		switch {
		case section == "host name", m == nil && section == "os name":
			if err := done(); err != nil {
				return err
			}
			m = &machine{fields: map[string]string{}, said: -1, line: r.Line()}
		case m == nil:
			return nil
		}
		m.behind = m.behind || section == "network card(s)" && m.said >= 0
		switch {
		case wanted[section]:
			if m.fields[section] == "" {
				m.fields[section] = reports.Shorten(value, 250)
			}
		case section == "hotfix(s)":
			m.hotfixes(value, r.Ended())
		}
		return nil
	})
	if err != nil {
		return err
	}
	if m == nil {
		return errNothing
	}
	return done()
}

var (
	number  = lazy.Regexp(`^([0-9]{1,5}) Hotfix`)
	indexed = lazy.Regexp(`^\[([0-9]+)\]: ?(.*)$`)
)

// hotfixes reads the head of the list of updates.
func (m *machine) hotfixes(value string, ended bool) {
	if n := number().FindStringSubmatch(value); n != nil {
		m.said, _ = strconv.Atoi(n[1])
	} else if strings.EqualFold(value, "N/A") {
		m.said = 0
	}
	m.ended = ended && m.said >= 0
}

// below takes an indented line of a section.
func (m *machine) below(section, text string, ended bool) {
	at := indexed().FindStringSubmatch(text)
	switch section {
	case "hotfix(s)":
		if at == nil || m.entries >= most {
			return
		}
		m.entries++
		m.ended = ended
		if kb := update(at[2]); kb != "" {
			m.updates = append(m.updates, kb)
		}
	case "network card(s)":
		switch {
		case at == nil:
		case strings.ContainsAny(at[2], ".:") && !strings.Contains(at[2], " "):
			if n := len(m.cards); n > 0 && len(m.cards[n-1].ips) < 64 {
				m.cards[n-1].ips = append(m.cards[n-1].ips, at[2])
			}
		case len(m.cards) < 256:
			m.cards = append(m.cards, card{name: at[2]})
		}
	}
}

// csv reads systeminfo /fo csv: a line of labels and a line of values.
func (p *parser) csv(ctx context.Context) error {
	var labels []string
	n := 0
	err := p.each(ctx, p.in, func(r *lines.Reader, line string) error {
		if line == "" {
			return nil
		}
		cells, ok := lines.Cells([]byte(line), ',')
		if !ok {
			return r.Fault("the line is cut off, or its quotes do not match", "run systeminfo /fo csv > FILE again")
		}
		if labels == nil || strings.EqualFold(cells[0], "Host Name") {
			labels = cells
			return nil
		}
		if len(cells) != len(labels) {
			return r.Fault(fmt.Sprintf("the line has %d cells, the labels are %d", len(cells), len(labels)), "run systeminfo /fo csv > FILE again")
		}
		if !r.Ended() {
			return r.Fault("the last line is cut off", "run systeminfo /fo csv > FILE again")
		}
		m := &machine{fields: map[string]string{}, said: -1, line: r.Line()}
		for i, l := range labels {
			switch name := strings.ToLower(strings.TrimSpace(l)); {
			case wanted[name]:
				m.fields[name] = reports.Shorten(cells[i], 250)
			case name == "hotfix(s)":
				head, rest, _ := strings.Cut(cells[i], ",")
				m.hotfixes(strings.TrimSpace(head), true)
				for e := range strings.SplitSeq(rest, ",") {
					m.below(name, strings.TrimSpace(e), true)
				}
			case name == "network card(s)":
				for e := range strings.SplitSeq(cells[i], ",") {
					m.below(name, strings.TrimSpace(e), true)
				}
			}
		}
		n++
		return p.machine(m)
	})
	if err == nil && n == 0 {
		return errNothing
	}
	return err
}
