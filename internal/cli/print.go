package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/policy"
)

// printJSON writes v indented, as every --json does.
func (r *runner) printJSON(v any) error {
	e := json.NewEncoder(r.Stdout)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// palette colors words where the terminal can and the person wants it. A
// color only repeats what a word says.
type palette struct{ on bool }

func (r *runner) palette() palette {
	return palette{on: r.Width > 0 && !r.NoColor && r.Env("NO_COLOR") == "" && r.Env("TERM") != "dumb"}
}

func (p palette) paint(code, s string) string {
	if !p.on || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p palette) bold(s string) string { return p.paint("1", s) }
func (p palette) dim(s string) string  { return p.paint("2", s) }

// stateWord is a state for people, with a sign that does not need color.
func (p palette) stateWord(s policy.State) string {
	switch s {
	case policy.Met:
		return p.paint("32", "✔ met")
	case policy.PartlyMet:
		return p.paint("33", "◐ partly met")
	case policy.NotMet:
		return p.paint("31", "✘ not met")
	case policy.StateNotApplies:
		return p.dim("– not applicable")
	}
	return p.dim("○ not measured")
}

// table prints rows in columns that are as wide as they must be; the last
// column takes what is left of the width and is cut there.
type table struct {
	width int
	rows  [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) print(w io.Writer) error {
	if len(t.rows) == 0 {
		return nil
	}
	widths := make([]int, len(t.rows[0]))
	for _, row := range t.rows {
		for i, c := range row {
			widths[i] = max(widths[i], visible(c))
		}
	}
	for _, row := range t.rows {
		var b strings.Builder
		used := 0
		for i, c := range row {
			if i == len(row)-1 {
				if t.width > 0 {
					c = cut(c, max(t.width-used, 12))
				}
				b.WriteString(c)
				break
			}
			b.WriteString(c)
			b.WriteString(strings.Repeat(" ", widths[i]-visible(c)+2))
			used += widths[i] + 2
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(b.String(), " ")); err != nil {
			return err
		}
	}
	return nil
}

// visible counts the characters that take room on a screen.
func visible(s string) int {
	n := 0
	for i := 0; i < len(s); {
		if s[i] == '\x1b' {
			if j := strings.IndexByte(s[i:], 'm'); j >= 0 {
				i += j + 1
				continue
			}
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
		n++
	}
	return n
}

// cut shortens plain text to n characters. Text with colors is left alone.
func cut(s string, n int) string {
	if visible(s) <= n || strings.Contains(s, "\x1b") {
		return s
	}
	r := []rune(s)
	return string(r[:n-1]) + "…"
}

// wrap breaks plain text into lines of at most n characters.
func wrap(s string, n int, indent string) string {
	if n <= 0 {
		n = 100
	}
	var lines []string
	line := indent
	for word := range strings.FieldsSeq(s) {
		if visible(line)+visible(word)+1 > n && strings.TrimSpace(line) != "" {
			lines = append(lines, line)
			line = indent
		}
		if strings.TrimSpace(line) != "" {
			line += " "
		}
		line += word
	}
	if strings.TrimSpace(line) != "" {
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// progress shows what is being done on one line of a terminal, and says
// nothing where there is none: a log full of steps helps nobody.
type progress struct {
	w  io.Writer
	on bool
}

func (r *runner) progress() *progress {
	return &progress{w: r.Stderr, on: r.Terminal && !r.Quiet}
}

func (p *progress) step(s string) {
	if p.on {
		fmt.Fprintf(p.w, "\r\x1b[K%s…", cut(s, 76))
	}
}

func (p *progress) done() {
	if p.on {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// printRefusal lists what was wrong with a file, where err is a refusal.
func printRefusal(w io.Writer, err error) bool {
	var f *collect.Refusal
	if !errors.As(err, &f) {
		return false
	}
	fmt.Fprintf(w, "asepsis: %s was refused; nothing was changed\n", f.File)
	for _, fault := range f.Faults {
		fmt.Fprintf(w, "  %s\n", fault)
	}
	if f.More > 0 {
		fmt.Fprintf(w, "  and %d more\n", f.More)
	}
	if f.Mapping == nil || !f.Mapping.Unsure {
		return true
	}
	table, of := f.Mapping.Table, " (table "+f.Mapping.Table+")"
	if table == "" {
		table, of = "KIND", ""
	}
	fmt.Fprintf(w, "  columns, as they were understood%s:\n", of)
	for _, c := range f.Mapping.Columns {
		field := c.Field
		if field == "" {
			field = "(left out)"
		}
		fmt.Fprintf(w, "    %-30s → %-24s %s\n", c.Header, field, c.Match)
	}
	fmt.Fprintf(w, "  confirm with --table %s and, for each column to change, --column 'HEADER=FIELD'\n", table)
	return true
}

func day(t time.Time) string { return t.Local().Format("2 Jan 2006") }

func moment(t time.Time) string { return t.Local().Format("2 Jan 2006 15:04") }

// count writes "1 host" and "3 hosts".
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
