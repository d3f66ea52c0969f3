package systeminfo

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/asepsis/asepsis/internal/collect/lines"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/safe"
)

// columns of a table: where the one of a header begins and ends, in characters.
type columns map[string][2]int

// columnsOf finds the columns of a header line. A column is as wide as the blanks
// behind its header.
func columnsOf(line string) columns {
	out := columns{}
	chars := []rune(line)
	from := -1
	last := ""
	for i := 0; i <= len(chars); i++ {
		blank := i == len(chars) || chars[i] == ' '
		switch {
		case !blank && from < 0:
			from = i
			if last != "" {
				c := out[last]
				c[1] = i
				out[last] = c
			}
		case blank && from >= 0:
			last = string(chars[from:i])
			out[last] = [2]int{from, 1 << 30}
			from = -1
		}
	}
	return out
}

func (c columns) of(chars []rune, name string) string {
	at, ok := c[name]
	if !ok || at[0] >= len(chars) {
		return ""
	}
	return strings.TrimSpace(string(chars[at[0]:min(at[1], len(chars))]))
}

// table reads wmic qfe and Get-HotFix as they print.
func (p *parser) table(ctx context.Context, head []byte) error {
	in := p.in
	if trimmed := bytes.TrimLeft(head, "\r\n\f "); bytes.HasPrefix(trimmed, busy) {
		// What follows may be in another encoding than the sentence.
		from := int64(len(head) - len(trimmed) + len(busy))
		in.R, in.Size = io.NewSectionReader(p.in.R, from, p.in.Size-from), p.in.Size-from
	}
	var cols columns
	type found struct {
		kbs     []string
		entries int
	}
	byHost := make(map[string]*found)
	var order []string
	width, ended := 0, true
	err := p.each(ctx, in, func(r *lines.Reader, line string) error {
		ended = r.Ended()
		if line == "" {
			return nil
		}
		if c := columnsOf(line); hasHeader(c) {
			cols, width = c, len([]rune(line))
			return nil
		}
		if cols == nil || strings.Trim(line, "- ") == "" {
			return nil
		}
		chars := []rune(line)
		id, pack := cols.of(chars, "HotFixID"), cols.of(chars, "ServicePackInEffect")
		if id == "" && pack == "" {
			if len(chars) < width/2 {
				return nil // a sentence around the table
			}
			return r.Fault("the line has not the columns of the table", "run it again, with a wide window, and bring its output unchanged")
		}
		host := cols.of(chars, "CSName")
		if host == "" {
			host = cols.of(chars, "Source")
		}
		f := byHost[strings.ToLower(host)]
		if f == nil {
			f = &found{}
			byHost[strings.ToLower(host)] = f
			order = append(order, host)
		}
		if f.entries++; f.entries > most {
			return r.Fault(fmt.Sprintf("there are more than %d updates of one machine", most), "bring the listing unchanged")
		}
		kb := update(id)
		if kb == "" {
			kb = update(pack) // Windows XP names the files of an update, and it beside them
		}
		if kb != "" {
			f.kbs = append(f.kbs, kb)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(order) == 0 || !ended {
		return &safe.Fault{Reason: "the table of updates has no lines, or its last line is cut off", Mend: "run it again and bring its output unchanged"}
	}
	for _, name := range order {
		h, isNew := p.hosts.Get(strings.ToLower(name))
		if isNew && name != "" {
			h.Name(reports.Shorten(name, 253))
		}
		f := byHost[strings.ToLower(name)]
		p.updates(h, f.kbs, f.entries)
	}
	return nil
}

func hasHeader(c columns) bool {
	_, id := c["HotFixID"]
	_, on := c["InstalledOn"]
	return id && on
}
