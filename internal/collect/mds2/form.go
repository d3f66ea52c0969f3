package mds2

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/table/grid"
	"github.com/asepsis/asepsis/internal/lazy"
	"github.com/asepsis/asepsis/internal/vuln/device"
)

// form is what one sheet says.
type form struct {
	edition device.Edition
	replies map[string]device.Reply
	notes   map[string]string // by question: the text beside an answer
	maker   string
	models  []string
	version string
	at      time.Time
	rows    int

	odd        int // answers that are none
	oddSamples []string

	labels []string // of the row above, by column
}

// adopt takes over what another sheet says of the device: some forms have a sheet of
// their own for it.
func (f *form) adopt(g *form) {
	if f.maker == "" {
		f.maker = g.maker
	}
	if len(f.models) == 0 {
		f.models = g.models
	}
	if f.version == "" {
		f.version = g.version
	}
	if f.at.IsZero() {
		f.at = g.at
	}
}

// read reads one sheet. The edition is the one whose questions it holds more of.
func read(ctx context.Context, in collect.Input, sheet grid.Sheet) (*form, error) {
	newer := &form{edition: device.Edition2019, replies: map[string]device.Reply{}, notes: map[string]string{}}
	older := &form{edition: device.Edition2013, replies: map[string]device.Reply{}, notes: map[string]string{}}
	n := 0
	for row, err := range sheet.Rows(ctx) {
		if err != nil {
			return nil, err
		}
		if row.Blank() {
			continue
		}
		if n++; n > in.Limits.Items || n > maxRows {
			return nil, &grid.Fault{Line: row.Line, Reason: fmt.Sprintf("the sheet has more than %d rows; no MDS2 is as long", min(in.Limits.Items, maxRows)), Mend: "bring the form alone"}
		}
		cells := clean(row.Cells)
		for _, f := range []*form{newer, older} {
			f.rows = n
			f.row(cells)
		}
	}
	if len(newer.replies) >= len(older.replies) {
		return newer, nil
	}
	return older, nil
}

const (
	maxRows  = 20_000
	maxCells = 60
	maxCell  = 4000
)

func clean(cells []string) []string {
	out := make([]string, 0, min(len(cells), maxCells))
	for _, c := range cells[:min(len(cells), maxCells)] {
		out = append(out, reports.Shorten(strings.ReplaceAll(c, "\u00a0", " "), maxCell))
	}
	return out
}

func (f *form) row(cells []string) {
	id, at, rest := f.question(cells)
	if id == "" {
		f.describe(cells)
		return
	}
	f.labels = nil
	if strings.HasPrefix(id, "DOC-") {
		f.document(id, rest, cells[at+1:])
		return
	}
	reply, note := f.answer(rest, cells[at+1:])
	if have, twice := f.replies[id]; twice && have != reply {
		// Two answers to one question: neither is the maker's word.
		f.odds(id + " is answered twice")
		reply = device.NoReply
	}
	f.replies[id] = reply
	if note != "" {
		f.notes[id] = reports.Shorten(note, 120)
	}
}

// Identifiers stand in a cell of their own, or before the words of the question.
var (
	head2019 = lazy.Regexp(`(?i)^(DOC|MPII|ALOF|AUDT|AUTH|CSUP|DIDT|DTBK|EMRG|IGAU|MLDP|NAUT|CONN|PAUT|PLOK|RDMP|SBOM|SAHD|SHAD|SGUD|STCF|TXCF|TXIG|RMOT|OTHR) ?[-–‑_] ?([0-9]{1,2}(?:\.[0-9]{1,2}){0,2})\.?(?:$|[ :;,)\t]+(.*))`)
	head2013 = lazy.Regexp(`^([0-9]{1,2})[-–‑]([0-9]{1,2}(?:\.[0-9]{1,2})?)\.?(?:$|[ :;)\t]+(.*))`)
	letters  = lazy.Regexp(`^([A-F])(?:[.-]?([0-9]{1,2}))?[.:)]?(?:$| +(.*))`)
	// Excel takes 1-1 for a date, and shows it as one of these.
	dateISO   = lazy.Regexp(`^[0-9]{4}-([0-9]{2})-([0-9]{2})(?: 00:00(?::00)?)?$`)
	dateUS    = lazy.Regexp(`^([0-9]{1,2})/([0-9]{1,2})/[0-9]{2,4}$`)
	dateShort = lazy.Regexp(`(?i)^([0-9]{1,2})-(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)$`)
)

const months = "janfebmaraprmayjunjulaugsepoctnovdec"

// question finds the identifier among the first cells, and what stands in its cell
// behind it.
func (f *form) question(cells []string) (id string, at int, rest string) {
	for i, c := range cells[:min(len(cells), 4)] {
		if c == "" {
			continue
		}
		if f.edition == device.Edition2019 {
			if m := head2019().FindStringSubmatch(c); m != nil {
				section := strings.ToUpper(m[1])
				if section == "SHAD" { // as the published form has it once
					section = "SAHD"
				}
				return section + "-" + m[2], i, m[3]
			}
			continue
		}
		if m := head2013().FindStringSubmatch(c); m != nil {
			return strings.TrimLeft(m[1], "0") + "-" + m[2], i, m[3]
		}
		if m := letters().FindStringSubmatch(c); m != nil && (m[3] != "" || i+1 < len(cells)) && (m[2] != "" || m[3] != "" || asks(cells[i+1:])) {
			id := m[1]
			if m[2] != "" {
				id += "." + m[2]
			}
			return id, i, m[3]
		}
		if m := dateISO().FindStringSubmatch(c); m != nil && asks(cells[i+1:]) {
			return strings.TrimLeft(m[1], "0") + "-" + strings.TrimLeft(m[2], "0"), i, ""
		}
		if m := dateUS().FindStringSubmatch(c); m != nil && asks(cells[i+1:]) {
			return m[1] + "-" + m[2], i, ""
		}
		if m := dateShort().FindStringSubmatch(c); m != nil && asks(cells[i+1:]) {
			return fmt.Sprint(strings.Index(months, strings.ToLower(m[2]))/3+1) + "-" + m[1], i, ""
		}
		return "", 0, ""
	}
	return "", 0, ""
}

// asks reports whether the cells hold a question.
func asks(cells []string) bool {
	return slices.ContainsFunc(cells, func(c string) bool { return strings.Contains(c, "?") || len(strings.Fields(c)) >= 4 })
}

// answer finds the answer to the right of a question, and the note beside it.
func (f *form) answer(rest string, cells []string) (device.Reply, string) {
	odd := ""
	for i, c := range cells {
		if c == "" || strings.HasSuffix(c, "?") {
			continue
		}
		r, note, ok := replyOf(c)
		if ok {
			for _, beside := range cells[i+1:] {
				if note != "" {
					break
				}
				note = beside
			}
			return r, note
		}
		// The words of the question come first; what is short and stands behind them is
		// meant as an answer.
		if i > 0 && odd == "" && len(c) <= 40 && !reference().MatchString(c) {
			odd = c
		}
	}
	for _, c := range append([]string{rest}, cells...) {
		if m := glued().FindStringSubmatch(c); m != nil {
			r, note, _ := replyOf(m[1])
			return r, note
		}
	}
	if odd != "" && odd != "-" && odd != "_" && odd != "__" {
		f.odds(reports.Shorten(odd, 40))
	}
	return device.NoReply, ""
}

// odds notes an answer that is none.
func (f *form) odds(what string) {
	f.odd++
	if len(f.oddSamples) < 5 && !slices.Contains(f.oddSamples, what) {
		f.oddSamples = append(f.oddSamples, what)
	}
}

var (
	// glued is an answer in the cell of its question: "… a period of inactivity?: Yes".
	glued = lazy.Regexp(`(?i)[?:.] ?:? ?(yes|no|n/?a|see notes?)[ ,.]*$`)
	// reference is what the columns of standards and note numbers hold.
	reference = lazy.Regexp(`(?i)^(note )?[0-9]{1,3}$|^[A-Z]{2}-[0-9]+|^A?\.?[0-9]+\.[0-9]|^(sec(tion)?|iec|iso|nist|sc|ac|ia|au|cm|cp|ra|si|sa|mp|pe|ps)\b`)
	spoken    = lazy.Regexp(`(?i)^(yes|no|n\.?/?a\b\.?|y|n|true|false|not applicable|does not apply|see (?:the )?notes?)(?:\b|$)[ .]*(.*)$`)
)

// replyOf reads an answer: one of the four words of the form, or how people write them.
func replyOf(s string) (r device.Reply, note string, ok bool) {
	m := spoken().FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return device.NoReply, "", false
	}
	rest := strings.TrimSpace(m[2])
	word := strings.ToLower(strings.NewReplacer(".", "", "/", "").Replace(m[1]))
	if rest != "" {
		// "No operating system is needed, so …" is a sentence, "Yes, optional" an answer
		// with a remark. A single letter is an answer only when it stands alone.
		if !strings.ContainsAny(rest[:1], ",;:(-–/#[0123456789") && !strings.HasPrefix(word, "see") || len(word) == 1 {
			return device.NoReply, "", false
		}
	}
	note = strings.Trim(rest, " ,;:()-–[]")
	switch {
	case word == "yes" || word == "y" || word == "true":
		if rest != "" && strings.HasPrefix(strings.ToLower(strings.TrimLeft(rest, " /,-")), "no") && !strings.HasPrefix(strings.ToLower(strings.TrimLeft(rest, " /,-")), "note") {
			return device.NoReply, "", false // "Yes/No": the form was not filled in
		}
		return device.SaysYes, note, true
	case word == "no" || word == "n" || word == "false":
		return device.SaysNo, note, true
	case strings.HasPrefix(word, "see"):
		return device.SeeNote, note, true
	}
	return device.NotApplicable, note, true
}

var errNoDate = errors.New("no date")

// date reads the day of release as makers write it. A day and a month that could be
// taken either way are read the American way, as the form is American.
func date(s string) (time.Time, error) {
	s = strings.Trim(reports.Shorten(s, 60), " .,")
	s, _, _ = strings.Cut(s, "T00:00")
	s = strings.TrimSuffix(strings.TrimSuffix(s, " 00:00:00"), " 00:00")
	for _, layout := range [...]string{
		"2006-01-02", "2006/01/02", "20060102", "2006-Jan-02", "2006-01", "1/2/2006", "1/2/06", "2.1.2006", "2-Jan-2006", "02-Jan-06", "2-Jan-06", "2 Jan 2006", "2 January 2006",
		"Jan 2, 2006", "January 2, 2006", "Jan-2006", "January 2006", "Jan 2006", "January, 2006", "2006",
	} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() >= 2000 && t.Year() < 2100 {
			return t.UTC(), nil
		}
	}
	return time.Time{}, errNoDate
}
