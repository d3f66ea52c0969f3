// Package mds2 reads the Manufacturer Disclosure Statement for Medical Device
// Security (MDS2), in its editions of 2013 (HIMSS/NEMA HN 1-2013) and 2019
// (ANSI/NEMA HN 1-2019), from a workbook or from CSV.
//
// Makers fill the form in by hand and every one a little differently, so rows
// are known by the identifier of their question (ALOF-1, or 1-1 in the older
// edition), wherever it stands, and answers by their words. A disclosure is about
// models: what it states is a document, and the inventory joins it to the units of
// those models. What the maker leaves open, or answers with a note alone, is listed
// as unanswered and is never a no.
package mds2

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/asepsis/asepsis/content/devices"
	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/collect/table/grid"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/vuln/device"
)

// Importer reads disclosures. It knows these options: "sheet" names the sheet of a
// workbook; "manufacturer", "model" and "version" say what the form leaves out.
type Importer struct{}

var _ collect.Importer = Importer{}

const format = "mds2"

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: format, Title: "MDS2, a maker's security disclosure (2013, 2019; Excel or CSV)", Extensions: []string{".xlsx", ".csv"},
		Gives:  "which security capabilities a model of medical device lacks, and so what has to hold in their place",
		Stream: "import/mds2/<maker>~<model>",
	}
}

// Parse reads a disclosure.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	p, err := parse(ctx, in)
	if f, ok := errors.AsType[*grid.Fault](err); ok {
		return nil, &collect.Refusal{File: in.Name, Format: format, Faults: []collect.RowFault{{Line: f.Line, Reason: f.Reason, Mend: f.Mend}}}
	}
	if err != nil {
		return nil, safe.Refuse(in, format, err)
	}
	return p, nil
}

func parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	table, err := device.LoadCapabilities(devices.FS)
	if err != nil {
		return nil, err
	}
	f, err := best(ctx, in)
	if err != nil {
		return nil, err
	}
	f.option(in)
	if err := f.check(); err != nil {
		return nil, err
	}
	return &collect.Parsed{Batch: f.batch(in, table), Rows: f.rows}, nil
}

// most sheets of a workbook are looked at for the form.
const most = 12

// best reads the sheet that holds the form: the one asked for, or the one with most
// questions.
func best(ctx context.Context, in collect.Input) (*form, error) {
	sheet, err := grid.Open(ctx, in, in.Options["sheet"])
	if err != nil {
		return nil, err
	}
	f, err := read(ctx, in, sheet)
	if err != nil {
		return nil, err
	}
	if in.Options["sheet"] != "" {
		return f, nil
	}
	names := sheet.Info().Sheets
	for _, name := range names[:min(len(names), most)] {
		if name == sheet.Info().Name {
			continue
		}
		other, err := grid.Open(ctx, in, name)
		if err != nil {
			return nil, err
		}
		g, err := read(ctx, in, other)
		if err != nil {
			return nil, err
		}
		if len(g.replies) > len(f.replies) {
			g.adopt(f)
			f = g
		} else {
			f.adopt(g)
		}
	}
	return f, nil
}

// option takes over what the person said where the form does not.
func (f *form) option(in collect.Input) {
	if f.maker == "" {
		f.maker = reports.Shorten(in.Options["manufacturer"], 200)
	}
	if len(f.models) == 0 {
		f.models = modelsOf(in.Options["model"])
	}
	if f.version == "" {
		f.version = reports.Shorten(in.Options["version"], 100)
	}
}

// fewest questions make a form: one that was cut short says so little that its silence
// would be read as the maker's.
const fewest = 10

// check refuses what is no disclosure, or one of nobody knows what.
func (f *form) check() error {
	switch {
	case len(f.replies) == 0:
		return &safe.Fault{Reason: "no question of an MDS2 stands in the file", Mend: "bring the form as the maker gives it (Excel), or fill in the template mds2-2019.csv"}
	case len(f.replies) < fewest:
		return &safe.Fault{
			Reason: fmt.Sprintf("the form holds %s; the file may be cut short", reports.Count(len(f.replies), "question", "questions")),
			Mend:   "bring the whole form; leave what the maker did not answer empty",
		}
	case f.maker == "":
		return &safe.Fault{Reason: "the form does not name the maker", Mend: "write it beside DOC-1 (Manufacturer), or give --option manufacturer=NAME"}
	case len(f.models) == 0:
		return &safe.Fault{Reason: "the form does not name the model", Mend: "write it beside DOC-3 (Device Model), or give --option model=NAME"}
	}
	return nil
}

func (f *form) batch(in collect.Input, table *device.Capabilities) *fact.Batch {
	model := strings.Join(f.models, ", ")
	id := reports.Slug(f.maker) + "~" + reports.Slug(reports.Shorten(f.models[0], 60))
	title := "MDS2 of " + reports.Shorten(f.maker+" "+model, 160)
	doc := fact.Fact{
		Kind: fact.KindDocument, Key: "mds2:" + id,
		Values:  fact.Values{"type": "mds2", "title": title, "manufacturer": f.maker, "models": f.models},
		Missing: map[string]string{},
	}
	if f.version != "" {
		doc.Values["version"] = f.version
	}
	if !f.at.IsZero() {
		doc.Values["published_at"] = f.at
	} else {
		doc.Missing["published_at"] = "the form bears no date of release that can be read"
	}
	lacks, unsaid := []string{}, []string{}
	settled := 0
	b := &fact.Batch{
		Stream: fact.Stream{ID: "import/mds2/" + id, Title: title, Snapshot: true}, Assurance: fact.Imported, ObservedAt: onFile(in),
	}
	for _, k := range table.All() {
		switch k.Judge(f.edition, f.replies) {
		case device.Lacks:
			lacks = append(lacks, k.ID)
			settled++
		case device.Unsaid:
			unsaid = append(unsaid, k.ID)
			if why := f.why(&k); why != "" {
				b.Notes = append(b.Notes, fact.Note{What: k.Name + " (" + k.ID + ")", Why: why})
			}
		case device.Has, device.NeedsNot:
			settled++
		case device.NotAsked:
		}
	}
	if settled == 0 {
		doc.Missing["lacks"] = "the maker answers none of its questions with yes or no; ask for a form that is filled in"
	} else {
		doc.Values["lacks"] = lacks
	}
	doc.Values["unanswered"] = unsaid
	if len(unsaid) > 0 {
		b.Notes = append(b.Notes, fact.Note{
			What: reports.Count(len(unsaid), "security capability", "security capabilities") + " not answered",
			Why:  "the form says neither yes nor no about them; ask the maker: " + strings.Join(unsaid, ", "),
		})
	}
	if f.odd > 0 {
		b.Notes = append(b.Notes, fact.Note{What: reports.Count(f.odd, "answer", "answers") + " not understood", Why: "they are none of Yes, No, N/A and See Note: " + strings.Join(f.oddSamples, "; ")})
	}
	b.Facts = []fact.Fact{doc}
	return b
}

// why quotes the note that stands in place of an answer.
func (f *form) why(k *device.Capability) string {
	var out []string
	for _, id := range append(slices.Clone(k.Questions[f.edition]), k.Bad[f.edition]...) {
		if f.replies[id] == device.SeeNote && f.notes[id] != "" {
			out = append(out, id+": "+f.notes[id])
		}
	}
	if len(out) == 0 {
		return ""
	}
	return "the maker answers with a note: " + reports.Shorten(strings.Join(out, "; "), 300)
}

// onFile is when the disclosure is known to be on file: now. The date it bears is its
// own.
func onFile(in collect.Input) time.Time {
	if !in.ObservedAt.IsZero() {
		return in.Observed(in.ObservedAt)
	}
	return in.Now
}
