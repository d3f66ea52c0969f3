// Package dmarcreport reads DMARC aggregate reports: what receivers such as Google and
// Microsoft say they saw of mail in a domain's name. It takes the forms of RFC 7489
// and RFC 9990, as XML, gzipped, or any number of them in a ZIP file.
//
// A domain's facts say which policy receivers found, and whether signed mail arrived;
// the senders, with what passed and what did not, are facts of their own.
package dmarcreport

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"strings"

	"github.com/asepsis/asepsis/internal/collect"
	"github.com/asepsis/asepsis/internal/collect/reports"
	"github.com/asepsis/asepsis/internal/collect/safe"
	"github.com/asepsis/asepsis/internal/collect/xmlsafe"
	"github.com/asepsis/asepsis/internal/fact"
	"github.com/asepsis/asepsis/internal/mail/dmarc"
)

// Importer reads DMARC aggregate reports.
type Importer struct{}

var _ collect.Importer = Importer{}

const format = "dmarc"

// Format describes the format.
func (Importer) Format() collect.Format {
	return collect.Format{
		ID: format, Title: "DMARC aggregate report", Extensions: []string{".xml", ".gz", ".zip"},
		Gives:  "who sends mail in your domains' names, and how much of it passes DMARC",
		Stream: "import/dmarc/<receiver>",
	}
}

// Recognize looks for the report's first element and its parts, in a packed file too.
func (Importer) Recognize(_ string, head []byte) int {
	switch {
	case bytes.HasPrefix(head, gzipMark):
		r, err := gzip.NewReader(bytes.NewReader(head))
		if err != nil {
			return 0
		}
		return xmlHead(some(r))
	case bytes.HasPrefix(head, zipMark):
		return zipHead(head)
	}
	return xmlHead(head)
}

// some reads the start of what may be cut off.
func some(r io.Reader) []byte {
	b := make([]byte, 16<<10)
	n, _ := io.ReadFull(r, b) // a head ends anywhere
	return b[:n]
}

func xmlHead(head []byte) int {
	space, name := xmlsafe.Sniff(head)
	if name != "feedback" || space != "" && !strings.Contains(space, "dmarc") {
		return 0
	}
	head = safe.Head(head)
	if bytes.Contains(head, []byte("report_metadata")) || bytes.Contains(head, []byte("policy_published")) {
		return 95
	}
	return 60
}

// Parse reads a file of reports.
func (Importer) Parse(ctx context.Context, in collect.Input) (*collect.Parsed, error) {
	f, err := Read(ctx, in)
	if err != nil {
		return nil, err
	}
	return &collect.Parsed{Batch: f.batch(in), Rows: f.Rows, Skipped: f.Skipped}, nil
}

// File is what a file of reports holds.
type File struct {
	Tally     dmarc.Tally
	Receivers []string // who reported, in order
	Rows      int
	Twice     int // reports left out because they were in the file already
	Skipped   []collect.RowFault
}

// Read reads a file of reports without making facts of it: for a page that shows the
// senders, and for the selectors a look at the domain's keys wants. A file it cannot
// take is a *collect.Refusal.
func Read(ctx context.Context, in collect.Input) (*File, error) {
	p := &parser{ctx: ctx, in: in, faults: safe.NewFaults(in, format), receivers: map[string]bool{}, left: in.Limits.Bytes}
	if err := p.open(); err != nil {
		return nil, safe.Refuse(in, format, err)
	}
	skipped, err := p.faults.Done()
	if err != nil {
		return nil, err
	}
	if p.file.Tally.Reports() == 0 {
		return nil, collect.Refuse(in, format, 0, "the file holds no DMARC report", "bring the attachment of the message from the receiver, as it came")
	}
	p.file.Skipped = skipped
	return &p.file, nil
}

func (f *File) batch(in collect.Input) *fact.Batch {
	domains := f.Tally.Domains()
	last := domains[0].End
	for i := range domains {
		if domains[i].End.After(last) {
			last = domains[i].End
		}
	}
	who := "several receivers"
	if len(f.Receivers) == 1 {
		who = f.Receivers[0]
	}
	b := &fact.Batch{
		Stream:    fact.Stream{ID: "import/dmarc/" + reports.Slug(who), Title: "DMARC reports of " + reports.Shorten(who, 100)},
		Assurance: fact.Imported, ObservedAt: in.Observed(last),
	}
	of := make(map[string][]dmarc.Sender, len(domains))
	for _, s := range f.Tally.Senders() {
		of[s.Domain] = append(of[s.Domain], s)
	}
	for i := range domains {
		b.Facts = append(b.Facts, domainFacts(&domains[i], of[domains[i].Name], in)...)
	}
	if f.Twice > 0 {
		b.Notes = append(b.Notes, fact.Note{What: reports.Count(f.Twice, "report") + " left out", Why: "the file holds the same report twice"})
	}
	return b
}
